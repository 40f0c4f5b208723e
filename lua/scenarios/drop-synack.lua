-- The target's SYN/ACKs vanish on the way back, whatever was asked: nothing tells this from a
-- target that is down.

client { addr = "192.0.2.7" }
for hop = 1, 2 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
box.drop { on = "all", segments = "synack", direction = "reverse" }
for hop = 3, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "unreachable", findings = {} }
