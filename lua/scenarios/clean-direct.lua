-- The target is the next hop: no router answers, and none is needed.

client { addr = "192.0.2.7" }
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
