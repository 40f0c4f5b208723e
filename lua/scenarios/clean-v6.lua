-- Nothing on an IPv6 path touches anything.

client { addr6 = "2001:db8::7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr6 = "2001:db8:" .. hop .. "::1" }
end
link   { delay = "2ms" }
target { name = "example.net", addr6 = "2001:db8:80::80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
