-- Nothing from the second address gets through, plain SYNs as little as others: joins from there could
-- not be tried, which leaves something open and is no finding.
client { addr = "192.0.2.7" }

path   { client_addr = "192.0.2.7" }
link   { delay = "5ms" }
router { addr = "198.51.100.1" }
link   { delay = "5ms" }

path   { client_addr = "192.0.3.7" }
link   { delay = "8ms" }
router { addr = "198.51.100.17" }
box.drop { on = "all" }
link   { delay = "8ms" }
router { addr = "198.51.100.18" }
link   { delay = "8ms" }

target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true, service = "echo",
         mptcp = 1 }
probe  { connect = true }
expect { verdict = "inconclusive", findings = {} }
