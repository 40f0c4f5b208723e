-- Sequence numbers are shifted, those in SACK blocks are not.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
box.seq_shift { sack = false }
for hop = 3, 4 do
	link   { delay = "5ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
end
link   { delay = "5ms" }
target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "echo", mptcp = 1 }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.sack", change = "rewritten", direction = "reverse", basis = "endpoint",
	  cause = "seq-randomizer", confidence = "certain", impact = "degraded" },
	{ field = "tcp.seq", change = "rewritten", after = 2, by = 3, basis = "quote",
	  cause = "seq-randomizer" },
} }
