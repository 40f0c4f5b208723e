-- The target is hidden behind a destination NAT; hops behind it answer with its address.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.dnat { outside = "203.0.113.80", inside = "10.0.0.80" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "10.0.0.80", outside = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "ip.dst", change = "rewritten", after = 2, by = 3,
	  basis = "reply", cause = "nat" },
} }
