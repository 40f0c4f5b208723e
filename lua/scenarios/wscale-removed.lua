-- The window scale is cut out. It is the last option of a plain SYN, which the box fills up with
-- EOLs: by itself that looks like an end-of-list written over it. The SYN with MPTCP tells.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { kind = "wscale", how = "remove" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.wscale.shift", change = "removed", after = 2, by = 3,
	  confidence = "certain", impact = "degraded" },
} }
