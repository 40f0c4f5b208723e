-- Two boxes towards the target, one on the way back; the target mirrors, and walks back to who asks
-- for it: trace --mirror has an interval for each.
client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, addr6 = "2001:db8:1::" .. hop }
	if hop == 1 then
		box.set { field = "ip.dsfield.dscp", value = 10, direction = "forward" }
	elseif hop == 2 then
		box.strip { kind = "mptcp", segments = "nonsyn", direction = "reverse", how = "nop" }
	elseif hop == 3 then
		box.mss_clamp { max = 1200, direction = "forward" }
	end
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", addr6 = "2001:db8:2::80", port = 443,
         endpoint = true, service = "mirror", trace_back = true, mptcp = 1 }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.dss", change = "removed", direction = "end-to-end", basis = "endpoint",
	  cause = "option-stripper", confidence = "likely", impact = "fallback" },
	{ field = "ip.dsfield.dscp", change = "rewritten", after = 1, by = 2, basis = "quote",
	  cause = "dscp-remark", confidence = "certain", impact = "none" },
	{ field = "tcp.options.mss_val", change = "rewritten", after = 3, by = 4, basis = "quote",
	  cause = "mss-clamp", confidence = "certain", impact = "none" },
} }
