-- An untouched path whose routers quote 28 or 40 octets: the options are not in the
-- quotes, which does not mean that they were stripped.

client { addr = "192.0.2.7" }
link   { delay = "2ms" }
router { addr = "198.51.100.1", quote = 8 }
link   { delay = "2ms" }
router { addr = "198.51.100.2", quote = 28 }
link   { delay = "2ms" }
router { addr = "198.51.100.3", quote = 28 }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
