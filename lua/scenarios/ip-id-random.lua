-- A NAT that gives every packet a random IP ID, traced with a probe whose ID is always the same:
-- the ID is rewritten in one place, though every quote shows another one.

client { addr = "192.0.2.7" }
link   { delay = "2ms" }
router { addr = "198.51.100.1" }
box.nat { outside = "198.51.100.200", ip_id = true, quotes = "none" }
for hop = 2, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
probe  { notation = "IP{id=7}/TCP{dst=443}/MSS(1460)/TS/MPCAPABLE{v=1}" }
expect { verdict = "interference", findings = {
	{ field = "ip.src", change = "rewritten", after = 1, by = 2, cause = "nat" },
	{ field = "ip.id", change = "rewritten", after = 1, by = 2, cause = "nat" },
} }
