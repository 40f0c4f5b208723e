-- The box stands behind the last router, and the target quotes nothing either: an
-- answer without MPTCP is as well its own choice.

client { addr = "192.0.2.7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { subtype = "mp_capable" }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1, problems = false }
expect { verdict = "clean", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 5,
	  basis = "reply", cause = "target", confidence = "likely" },
} }
