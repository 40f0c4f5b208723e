-- A geostationary hop: 300 ms there and back. Late replies belong to the hop that was asked.

client { addr = "192.0.2.7" }
for hop = 1, 1 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "150ms" }
router { addr = "198.51.100.2" }
for hop = 3, 4 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {} }
