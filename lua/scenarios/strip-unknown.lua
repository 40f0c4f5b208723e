-- Every option the box does not know is removed, MPTCP among them.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { kind = "unknown" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 2, by = 3,
	  cause = "option-stripper" },
	{ field = "tcp.options.mptcp.mp_join", change = "removed", after = 2, by = 3,
	  cause = "option-stripper" },
	{ field = "tcp.options.kind_254", change = "removed", after = 2, by = 3,
	  cause = "option-stripper" },
} }
