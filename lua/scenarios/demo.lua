-- What `make demo` shows: six routers, and a firewall behind the fourth that takes MP_CAPABLE
-- out of SYNs. Connections to this server fall back to plain TCP.

client { addr = "192.0.2.7" }
link   { delay = "400us" }
router { addr = "192.0.2.1" }                        -- the home gateway
link   { delay = "4ms", jitter = "300us" }
router { addr = "198.51.100.1" }                     -- the access network
link   { delay = "1ms", jitter = "200us" }
router { addr = "198.51.100.9", quote = 8 }          -- quotes as little as RFC 792 asks for
link   { delay = "2ms", jitter = "200us" }
router { addr = "198.51.100.17" }

box.strip { subtype = "mp_capable", how = "nop" }    -- the firewall

link   { delay = "3ms", jitter = "200us" }
router { addr = "203.0.113.1", labels = { 16001 } }  -- a label-switched core
link   { delay = "1ms", jitter = "200us" }
router { addr = "203.0.113.9" }
link   { delay = "500us" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "blanked", after = 4, by = 5,
	  basis = "quote", cause = "option-stripper", confidence = "certain", impact = "fallback" },
} }
