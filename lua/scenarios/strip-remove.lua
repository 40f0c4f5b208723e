-- MP_CAPABLE is cut out of SYNs behind router 2, and the header made shorter.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { subtype = "mp_capable" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 2, by = 3,
	  basis = "quote", cause = "option-stripper", confidence = "certain", impact = "fallback" },
} }
