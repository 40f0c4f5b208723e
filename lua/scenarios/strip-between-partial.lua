-- The routers around the box quote 8 octets of TCP, too few to be witnesses.

client { addr = "192.0.2.7" }
for hop = 1, 1 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
for hop = 2, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, quote = 8 }
end
box.strip { subtype = "mp_capable", how = "nop" }
for hop = 3, 3 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, quote = 8 }
end
for hop = 4, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "blanked", after = 1, by = 4,
	  cause = "option-stripper" },
} }
