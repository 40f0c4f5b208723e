-- Every router answers once, then twice a second: questions must be asked again.

client { addr = "192.0.2.7" }
for hop = 1, 4 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, rate = 2, burst = 1 }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
