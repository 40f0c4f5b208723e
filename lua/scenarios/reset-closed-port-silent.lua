-- As reset-closed-port, but the router behind the firewall is silent: only the TTLs tell the RSTs
-- apart, from which SYNs with MPTCP and plain ones are answered. That is no proof.

client { addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "50us" }
	router { addr6 = "2001:db8:1::" .. hop }
end
box.reset { kind = "mptcp" }
link   { delay = "1ms" }
router { addr6 = "2001:db8:1::3", silent = true }
link   { delay = "2ms" }
target { name = "example.net", addr6 = "2001:db8:2::80", mptcp = 1, port = 80 }
probe  { port = 443 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "reset", after = 2, by = 3,
	  basis = "control", confidence = "likely" },
} }
