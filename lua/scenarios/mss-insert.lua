-- An MSS is put into SYNs that have none.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.mss_clamp { max = 536, insert = true }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
probe { notation = "IP/TCP{dst=443}/SACKP/TS/WS(7)" }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mss_val", change = "added", after = 2, by = 3,
	  basis = "quote", cause = "mss-clamp" },
} }
