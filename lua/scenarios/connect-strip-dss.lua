-- MPTCP is agreed on and the first data arrives, then DSS options are taken away towards the target:
-- data without a mapping cannot be delivered, and it is too late to fall back. The subflows are
-- reset with reason 6, middlebox interference (RFC 8684 section 3.7). A trace, which ends with the
-- SYN, sees nothing of it.
client { addr = "192.0.2.7" }
link { delay = "5ms" }
router { addr = "198.51.100.1" }
box.strip { subtype = "dss", how = "remove" }
link { delay = "5ms" }
router { addr = "198.51.100.2" }
target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true,
         service = "echo", echo = true, mptcp = 1 }
expect { verdict = "clean" }
