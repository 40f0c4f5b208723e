-- A box behind router 2 answers SYNs with their own options; ICMP goes through.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.mirror { mode = "answer" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "mirrored",
	  basis = "reply", cause = "mirror" },
	{ field = "packet", change = "answered", after = 2, by = 3 },
} }
