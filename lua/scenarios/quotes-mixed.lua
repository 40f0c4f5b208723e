-- Routers that quote 8, 28, 128 octets, everything, and with RFC 4884; the box among them is
-- placed between the nearest that reach the options.

client { addr = "192.0.2.7" }
link   { delay = "2ms" }
router { addr = "198.51.100.1", quote = "full" }
link   { delay = "2ms" }
router { addr = "198.51.100.2", quote = 128 }
link   { delay = "2ms" }
router { addr = "198.51.100.3", quote = 28 }
box.strip { kind = "mptcp", how = "nop" }
link   { delay = "2ms" }
router { addr = "198.51.100.4", quote = 8 }
link   { delay = "2ms" }
router { addr = "198.51.100.5", quote = "rfc4884" }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "blanked", after = 2, by = 5,
	  cause = "option-stripper" },
	{ field = "tcp.options.mptcp.mp_join", change = "blanked", after = 2, by = 5,
	  cause = "option-stripper" },
} }
