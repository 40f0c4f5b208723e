-- The box stands among silent routers: its place is known no closer than between those that
-- answer.

client { addr = "192.0.2.7" }
for hop = 1, 1 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
for hop = 2, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, silent = true }
end
box.strip { subtype = "mp_capable" }
for hop = 3, 3 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, silent = true }
end
for hop = 4, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 1, by = 4,
	  cause = "option-stripper" },
} }
