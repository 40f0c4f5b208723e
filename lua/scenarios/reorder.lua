-- A normaliser moves MP_CAPABLE before the other options. Nothing is lost by it.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.reorder { subtype = "mp_capable", to = "first" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "reordered", after = 2, by = 3,
	  basis = "quote", impact = "none" },
} }
