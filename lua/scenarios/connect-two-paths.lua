-- Two paths between hosts that speak MPTCP: for `mboxtrace connect --lab`. What is sent comes back.
client { addr = "192.0.2.7" }

path { client_addr = "192.0.2.7", target_addr = "203.0.113.80" }
link { delay = "5ms", rate = "10M", queue = 65536 }
router { addr = "198.51.100.1" }
link { delay = "5ms" }

path { client_addr = "192.0.2.129", target_addr = "203.0.113.80" }
link { delay = "20ms", rate = "10M", queue = 65536 }
router { addr = "198.51.100.9" }
link { delay = "20ms" }

target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true,
         service = "echo", echo = true, mptcp = 1 }
expect { verdict = "clean" }
