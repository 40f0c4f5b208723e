-- Routers that append the MPLS labels a packet came with (RFC 4950).

client { addr = "192.0.2.7" }
for hop = 1, 1 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
router { addr = "198.51.100.2", labels = { 16001, { label = 24003, tc = 1, ttl = 2 } } }
link   { delay = "2ms" }
router { addr = "198.51.100.3", labels = { 16001 } }
for hop = 4, 4 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
