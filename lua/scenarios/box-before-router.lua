-- The box stands before router 3, as one in its PREROUTING chain: router 3 itself quotes what
-- the box made of the packet. A box behind it (FORWARD, POSTROUTING) shows at router 4 only.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
box.set { field = "ip.dsfield.dscp", value = 8 }
router { addr = "198.51.100.3" }
box.set { field = "ip.dsfield.ecn", value = 0 }
for hop = 4, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "ip.dsfield.dscp", change = "rewritten", after = 2, by = 3,
	  cause = "dscp-remark" },
	{ field = "ip.dsfield.ecn", change = "rewritten", after = 3, by = 4,
	  cause = "ecn-bleach" },
} }
