-- A NAT that translates addresses in quotes back, but neither of the checksums: both are off
-- by the same amount.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.nat { outside = "198.51.100.200", quotes = "partial" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "ip.src", change = "rewritten", after = 2, by = 3,
	  basis = "checksum", cause = "nat" },
} }
