-- SACK-permitted is blanked, and the target is silent: whether MPTCP gets through is not seen.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.strip { kind = "sack_perm", how = "nop" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", silent = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.sack_perm", change = "blanked", after = 2, by = 3, impact = "degraded" },
} }
