-- An added option, seen only behind routers that quote too little for it: the length that grew
-- belongs to it, and tells where it was added.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.add { kind = 77, length = 4 }
for hop = 3, 4 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop, quote = 8 }
end
for hop = 5, 6 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.kind_77", change = "added", after = 2, by = 3 },
} }
