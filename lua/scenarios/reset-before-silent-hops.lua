-- The routers behind a firewall that resets SYNs with MPTCP do not answer: plain SYNs must be
-- followed on through their silence, else it seems that the target refuses everything.

client { addr = "192.0.2.7" }
link   { delay = "10us" }
router { addr = "198.51.100.1" }
box.reset { kind = "mptcp" }
for hop = 2, 3 do
	link   { delay = "20ms" }
	router { addr = "198.51.100." .. hop, silent = true }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "reset", after = 1,
	  basis = "control", cause = "resetter", impact = "broken" },
} }
