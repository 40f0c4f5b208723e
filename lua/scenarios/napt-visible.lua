-- A NAT that rewrites address, port and IP ID, and leaves quotes alone. The IP IDs by which
-- probes are told apart are gone; TSval tells them.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.nat { outside = "198.51.100.200", ports = "rewrite", ip_id = true, quotes = "none" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "ip.src", change = "rewritten", after = 2, by = 3,
	  cause = "nat" },
	{ field = "tcp.srcport", change = "rewritten", after = 2, by = 3,
	  cause = "nat" },
	{ field = "ip.id", change = "rewritten", after = 2, by = 3,
	  cause = "nat" },
} }
