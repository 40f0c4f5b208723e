-- Two uplinks, the second behind a NAT: joins get through over both.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }

path   { client_addr = "192.0.2.7", client_addr6 = "2001:db8::7" }
link   { delay = "5ms" }
router { addr = "198.51.100.1", addr6 = "2001:db8:1::1" }
link   { delay = "5ms" }

path   { client_addr = "192.0.3.7", client_addr6 = "2001:db8:3::7" }
link   { delay = "20ms" }
router { addr = "198.51.100.17", addr6 = "2001:db8:1::11" }
box.nat { outside = "198.51.100.200", outside6 = "2001:db8:1::200" }
link   { delay = "20ms" }
router { addr = "198.51.100.18", addr6 = "2001:db8:1::12" }
link   { delay = "20ms" }

target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "echo", mptcp = 1 }
probe  { connect = true }
expect { verdict = "clean", findings = {} }
