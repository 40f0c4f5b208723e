-- MP_CAPABLE is cut out of the SYN/ACK on its way back, where no TTL reaches: it may as well
-- be the target's own choice. It is not said to be certain.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { subtype = "mp_capable", direction = "reverse" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed",
	  direction = "end-to-end", basis = "reply" },
} }
