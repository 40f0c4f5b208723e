-- Router 2 answers SYNs with MPTCP with ICMP unreachable, administratively prohibited.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.reject { kind = "mptcp", from = "198.51.100.2" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "dropped", after = 2,
	  direction = "forward", basis = "control" },
	{ field = "tcp.options.mptcp.mp_join", change = "dropped", after = 2,
	  basis = "control" },
} }
