-- A box before the target drops SYNs with MP_CAPABLE, but not those with MP_JOIN: the RST that
-- answers these is the target's own.

client { addr = "192.0.2.7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.drop { subtype = "mp_capable" }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "dropped", after = 5,
	  basis = "control", cause = "blackhole" },
} }
