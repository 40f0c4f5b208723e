-- Links that reorder and duplicate packets.

client { addr = "192.0.2.7" }
for hop = 1, 4 do
	link   { delay = "2ms", jitter = "1ms", reorder = 0.1, duplicate = 0.1 }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
