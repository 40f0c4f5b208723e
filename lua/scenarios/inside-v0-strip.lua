-- Options of MPTCP v0 are taken out of all segments but SYNs.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
box.strip { kind = "mptcp", how = "remove", segments = "nonsyn", direction = "forward" }
for hop = 3, 4 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
link   { delay = "5ms" }
target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "echo", version = 0 }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.dss", change = "removed", after = 2, by = 3, basis = "quote",
	  cause = "option-stripper", confidence = "certain", impact = "fallback" },
	{ field = "tcp.options.mptcp.add_addr", change = "removed", after = 2, by = 3, basis = "quote",
	  cause = "option-stripper", confidence = "certain", impact = "degraded" },
	{ field = "tcp.options.mptcp.remove_addr", change = "removed", after = 2, by = 3, basis = "quote",
	  cause = "option-stripper", confidence = "certain", impact = "degraded" },
	{ field = "tcp.options.mptcp.mp_prio", change = "removed", after = 2, by = 3, basis = "quote",
	  cause = "option-stripper", confidence = "certain", impact = "degraded" },
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", basis = "reply", cause = "target",
	  confidence = "certain" },
} }
