-- The box of connect-strip-dss.lua on the way back only, and an MSS that is clamped towards the target;
-- the target mirrors, so that the client can tell which way each is. Run with connect --mirror.
client { addr = "192.0.2.7" }
link { delay = "5ms" }
router { addr = "198.51.100.1" }
box.strip { subtype = "dss", how = "remove", direction = "reverse" }
box.mss_clamp { max = 1200 }
link { delay = "5ms" }
router { addr = "198.51.100.2" }
target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true,
         service = "mirror", echo = true, mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mss_val", change = "rewritten", after = 1, by = 2,
	  basis = "quote", cause = "mss-clamp", impact = "none" },
} }
