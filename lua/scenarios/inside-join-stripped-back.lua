-- SYN/ACKs come back without their MP_JOIN.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
box.strip { subtype = "mp_join", direction = "reverse" }
for hop = 3, 4 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
link   { delay = "5ms" }
target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "echo", mptcp = 1 }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_join", change = "removed", after = 0, by = 5, direction = "reverse", basis = "reply",
	  cause = "option-stripper", confidence = "likely", impact = "no-subflow" },
} }
