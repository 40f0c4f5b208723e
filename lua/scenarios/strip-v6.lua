-- MP_CAPABLE is removed from SYNs on an IPv6 path.

client { addr6 = "2001:db8::7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr6 = "2001:db8:" .. hop .. "::1" }
end
box.strip { subtype = "mp_capable" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr6 = "2001:db8:" .. hop .. "::1" }
end
link   { delay = "2ms" }
target { name = "example.net", addr6 = "2001:db8:80::80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 2, by = 3,
	  cause = "option-stripper" },
} }
