-- The target does not speak MPTCP. That is its own choice, and the path is clean.

client { addr = "192.0.2.7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", problems = false, mptcp = false }
expect { verdict = "clean", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 5,
	  basis = "reply", cause = "target" },
} }
