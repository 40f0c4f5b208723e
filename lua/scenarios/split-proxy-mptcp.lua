-- A proxy that speaks MPTCP itself: MPTCP reaches as far as the proxy.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.proxy { mptcp = "v1" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "packet", change = "answered", after = 2, by = 3,
	  basis = "reply", cause = "split-proxy" },
} }
