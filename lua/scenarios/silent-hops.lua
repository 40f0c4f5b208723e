-- Two routers never answer. Nothing is wrong with that.

client { addr = "192.0.2.7" }
for hop = 1, 1 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
for hop = 2, 3 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, silent = true }
end
for hop = 4, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
