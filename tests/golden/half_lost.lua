-- Half of everything is lost: the last octets, and what acknowledges them, take their time.
client { addr = "192.0.2.7" }
link { delay = "20ms", loss = 0.5 }
router { addr = "198.51.100.1" }
link { delay = "20ms", loss = 0.3 }
target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true, service = "echo", mptcp = 1 }
