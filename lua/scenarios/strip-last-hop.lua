-- The box stands behind the last router, where no router is a witness of it: but the
-- target quotes what arrived.

client { addr = "192.0.2.7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { subtype = "mp_capable" }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 5, by = 6,
	  direction = "forward", basis = "quote", cause = "option-stripper",
	  confidence = "certain", impact = "fallback" },
} }
