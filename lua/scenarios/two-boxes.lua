-- A NAT at home, and a firewall farther on that removes MPTCP: two findings, each in its place.

client { addr = "192.0.2.7" }
for hop = 1, 1 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.nat { outside = "198.51.100.200", quotes = "none" }
for hop = 2, 3 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { kind = "mptcp", how = "nop" }
for hop = 4, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "ip.src", change = "rewritten", after = 1, by = 2,
	  cause = "nat" },
	{ field = "tcp.options.mptcp.mp_capable", change = "blanked", after = 3, by = 4,
	  cause = "option-stripper" },
	{ field = "tcp.options.mptcp.mp_join", change = "blanked", after = 3, by = 4,
	  cause = "option-stripper" },
} }
