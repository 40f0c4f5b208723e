-- ADD_ADDR is taken out behind the last router: it is not echoed, and both ends see why.
client { addr = "192.0.2.7", addr6="2001:db8::7" }
path { client_addr = "192.0.2.7", target_addr = "203.0.113.80" }
link { delay = "5ms" }
router { addr = "198.51.100.1" }
link { delay = "5ms" }
router { addr = "198.51.100.2" }
box.strip { subtype = "add_addr", direction = "forward" }
link { delay = "5ms" }
path { client_addr = "192.0.2.7", target_addr = "203.0.113.81" }
link { delay = "5ms" }
router { addr = "198.51.100.9" }
link { delay = "5ms" }
target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true, service = "mirror", mptcp = 1, add_addr = true, trace_back = true }
