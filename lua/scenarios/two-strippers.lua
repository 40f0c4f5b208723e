-- Two strippers in front of routers that quote ports and sequence number only. The first leaves
-- the packet's length as it is, for padding takes the place of what it removes; the second does
-- not. The length tells where MPTCP went, but nothing of SACK.

client { addr6 = "2001:db8::7" }
box.strip { kind = "sack_perm" }
link   { delay = "2ms" }
router { addr6 = "2001:db8:1::1", quote = 8 }
box.strip { kind = "mptcp" }
for hop = 2, 3 do
	link   { delay = "2ms" }
	router { addr6 = "2001:db8:1::" .. hop, quote = 8 }
end
link   { delay = "2ms" }
router { addr6 = "2001:db8:1::4" }
link   { delay = "2ms" }
target { name = "example.net", addr6 = "2001:db8:2::80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 1, by = 2 },
	{ field = "tcp.options.mptcp.mp_join", change = "removed", after = 1 },
	{ field = "tcp.options.sack_perm", change = "removed", after = 0, by = 4 },
} }
