-- A firewall answers every SYN to this port with a RST in the target's name. To call the port
-- closed and the path clean would be wrong: echoes walk on where SYNs end.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.reset { on = "all", port = 443 }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "packet", change = "reset", after = 2, by = 3, direction = "forward",
	  basis = "reply", cause = "resetter", confidence = "certain", impact = "broken" },
} }
