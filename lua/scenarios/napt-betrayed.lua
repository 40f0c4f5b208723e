-- A NAT that translates addresses and ports in quotes back, but not the TCP checksum nor
-- the IP ID.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.nat { outside = "198.51.100.200", ports = "rewrite", ip_id = true, quotes = "partial" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.checksum", change = "rewritten", after = 2, by = 3,
	  basis = "checksum", cause = "nat" },
	{ field = "ip.id", change = "rewritten", after = 2, by = 3 },
} }
