-- One box cuts the timestamps out, the next overwrites MPTCP with NOPs: where MP_CAPABLE stands by
-- then, and not where it was sent.

client { addr = "192.0.2.7" }
link   { delay = "2ms" }
router { addr = "198.51.100.1" }
box.strip { kind = "timestamp", how = "remove" }
for hop = 2, 3 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { kind = "mptcp", how = "nop" }
for hop = 4, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "blanked", after = 3, by = 4 },
	{ field = "tcp.options.mptcp.mp_join", change = "blanked", after = 3, by = 4 },
	{ field = "tcp.options.timestamp", change = "removed", after = 1, by = 2 },
} }
