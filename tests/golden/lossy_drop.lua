-- Something drops MPTCP's SYNs, and now and then others are lost, too.
client { addr = "192.0.2.7" }
link { delay = "20ms", loss = 0.02 }
router { addr = "198.51.100.1" }
box.drop { kind = "mptcp" }
link { delay = "20ms" }
target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true, service = "echo", mptcp = 1 }
