-- ADD_ADDR is taken away, but the target's own comes: so it is on the way there.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
box.strip { subtype = "add_addr", direction = "forward" }
link   { delay = "5ms" }
target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "echo", mptcp = 1, add_addr = true }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.add_addr", change = "dropped", after = 2, by = 3, basis = "control",
	  direction = "forward", confidence = "likely", impact = "degraded" },
} }
