-- IP ID and TSval are both rewritten: the hops in doubt must be asked one at a time.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.set { field = "ip.id", value = 0 }
box.option_set { kind = "timestamp", value = 0 }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "ip.id", change = "rewritten", after = 2, by = 3 },
	{ field = "tcp.options.timestamp.tsval", change = "rewritten", after = 2, by = 3 },
} }
