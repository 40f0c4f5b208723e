-- Each link loses two packets in a hundred, either way, and jitters. Where a RST is
-- lost on its way to the target, a connection stays half-open.

client { addr = "192.0.2.7" }
for hop = 1, 4 do
	link   { delay = "2ms", jitter = "300us", loss = 0.02 }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "clean", findings = {}, half_open = 3 }
