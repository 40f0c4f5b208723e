-- The firewall that resets SYNs with MPTCP stands so close to a target whose port is closed that
-- all RSTs come from the same TTL; but those of the firewall have come another number of hops.

client { addr = "192.0.2.7" }
for hop = 1, 4 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.reset { kind = "mptcp", ttl = 255 }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1, port = 80 }
probe  { port = 443 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "reset", after = 4, by = 5,
	  basis = "control", cause = "resetter", confidence = "likely", impact = "broken" },
} }
