-- A responder in place of the target repeats the SYN's options: its MP_CAPABLE is ours.

client { addr = "192.0.2.7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.mirror { mode = "edit" }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = false }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "mirrored",
	  basis = "reply", cause = "mirror", impact = "fallback" },
} }
