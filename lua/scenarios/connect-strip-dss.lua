-- MPTCP is agreed on, then its DSS options are taken away: a connection falls back in mid-stream
-- without losing an octet. A trace, which ends with the SYN, sees nothing of it.
client { addr = "192.0.2.7" }
link { delay = "5ms" }
router { addr = "198.51.100.1" }
box.strip { subtype = "dss", how = "remove" }
link { delay = "5ms" }
router { addr = "198.51.100.2" }
target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true,
         service = "echo", echo = true, mptcp = 1 }
expect { verdict = "clean" }
