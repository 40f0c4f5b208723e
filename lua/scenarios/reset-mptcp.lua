-- SYNs with MPTCP are answered with a RST in the target's name.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.reset { kind = "mptcp" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "reset", after = 2, by = 3,
	  direction = "forward", basis = "control", cause = "resetter" },
	{ field = "tcp.options.mptcp.mp_join", change = "reset", after = 2, by = 3,
	  basis = "control", cause = "resetter" },
} }
