-- What the target sends is split on its way back: a short segment ends, its mapping does not.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
box.split { direction = "reverse" }
for hop = 3, 4 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
link   { delay = "5ms" }
target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "echo", mptcp = 1 }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.payload", change = "split", direction = "reverse", after = 0, by = 5,
	  basis = "endpoint", confidence = "likely", impact = "none" },
} }
