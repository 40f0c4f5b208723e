-- Router 5 cannot find the target and says so: ICMP unreachable, code 1.

client { addr = "192.0.2.7" }
for hop = 1, 4 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
router { addr = "198.51.100.5", prohibit = 1 }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "unreachable", findings = {} }
