-- Router 4 refuses TCP with ICMP unreachable, code 13.

client { addr = "192.0.2.7" }
for hop = 1, 3 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
router { addr = "198.51.100.4", prohibit = "admin-prohibited" }
for hop = 5, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "unreachable", findings = {} }
