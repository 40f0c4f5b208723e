-- A firewall near the client resets SYNs with MPTCP; far behind it the target's port is closed, so
-- that every SYN is answered with RST. Those of the firewall come from where routers still follow.

client { addr = "192.0.2.7" }
link   { delay = "10us" }
router { addr = "198.51.100.1" }
box.reset { kind = "mptcp" }
for hop = 2, 4 do
	link   { delay = "20ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1, port = 80 }
probe  { port = 443 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "reset", after = 1, by = 2,
	  basis = "control", cause = "resetter", impact = "broken" },
	{ field = "tcp.options.mptcp.mp_join", change = "reset", after = 1, by = 2 },
} }
