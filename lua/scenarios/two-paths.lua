-- Two addresses, two paths, a bottleneck in common, and a target that accepts connections in full.
-- A trace takes the path of the address that it is sent from.

client { addr = "192.0.2.7" }

path   { client_addr = "192.0.2.7" }
link   { delay = "5ms", rate = "50M", queue_packets = 100 }
router { addr = "198.51.100.1" }
local core = link { delay = "2ms", rate = "20M", queue_packets = 60 }
router { addr = "198.51.100.9" }

path   { client_addr = "192.0.3.7" }
link   { delay = "20ms", rate = "10M", queue_packets = 100, down = { { "2s", "5s" } } }
router { addr = "198.51.100.2" }
box.nat { outside = "198.51.100.200" }
shared(core)
router { addr = "198.51.100.10" }

target { name = "example.net", addr = "203.0.113.80", endpoint = true, service = "echo", version = 1 }
expect { verdict = "clean", findings = {} }
