-- The target speaks MPTCP v0 only.

client { addr = "192.0.2.7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 0 }
expect { verdict = "clean", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 6,
	  confidence = "certain", basis = "reply", cause = "target" },
} }
