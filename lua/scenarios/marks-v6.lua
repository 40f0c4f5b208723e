-- DSCP and ECN are touched on an IPv6 path.

client { addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr6 = "2001:db8:" .. hop .. "::1" }
end
box.set { field = "ip.dsfield.dscp", value = 8 }
box.set { field = "ip.dsfield.ecn", value = 0 }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr6 = "2001:db8:" .. hop .. "::1" }
end
link   { delay = "2ms" }
target { name = "example.net", addr6 = "2001:db8:80::80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "ipv6.tclass.dscp", change = "rewritten", after = 2, by = 3,
	  cause = "dscp-remark" },
	{ field = "ipv6.tclass.ecn", change = "rewritten", after = 2, by = 3,
	  cause = "ecn-bleach" },
} }
