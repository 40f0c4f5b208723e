-- ADD_ADDR is dropped on the way back; but MPTCP v0 has no echo of it, so nothing is missed.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
box.drop { subtype = "add_addr", direction = "reverse" }
link   { delay = "5ms" }
target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "echo", version = 0 }
probe  { connect = true }
expect { verdict = "clean", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", basis = "reply", cause = "target",
	  confidence = "certain" },
} }
