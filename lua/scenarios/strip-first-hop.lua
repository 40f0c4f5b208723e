-- The box stands before the first router: nobody but the sender is a witness before it.

client { addr = "192.0.2.7" }
box.strip { subtype = "mp_capable" }
for hop = 1, 5 do
	link   { delay = "2ms" }
	router { addr = "198.51.100." .. hop }
end
link   { delay = "2ms" }
target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_capable", change = "removed", after = 0, by = 1,
	  cause = "option-stripper" },
} }
