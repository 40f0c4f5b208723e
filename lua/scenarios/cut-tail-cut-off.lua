-- An EOL in place of the window scale ends the options; a second box then adds one and drops what
-- stood behind the EOL, where nobody reads. It takes nothing away that was not gone.

client { addr = "192.0.2.7" }
box.strip { kind = "wscale", how = "eol" }
for hop = 1, 3 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.add { kind = 77, length = 4 }
for hop = 4, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "truncated", after = 0, by = 1 },
	{ field = "tcp.options.mptcp.mp_join", change = "truncated", after = 0, by = 1 },
	{ field = "tcp.options.wscale.shift", change = "truncated", after = 0, by = 1 },
	{ field = "tcp.options.kind_254", change = "truncated", after = 0, by = 1 },
	{ field = "tcp.options.kind_77", change = "added", after = 3, by = 4 },
} }
