-- Every router answers six times at once, then once a second, as Linux does by default.

client { addr = "192.0.2.7" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, rate = 1, burst = 6 }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
