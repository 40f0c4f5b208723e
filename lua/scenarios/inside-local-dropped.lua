-- Two uplinks. Over the second one SYNs with MP_JOIN are dropped, by a box that stands where the two
-- paths have nothing in common.
client { addr = "192.0.2.7" }

path   { client_addr = "192.0.2.7" }
link   { delay = "5ms" }
router { addr = "198.51.100.1" }
link   { delay = "5ms" }
router { addr = "198.51.100.2" }
local last = link { delay = "5ms" }

path   { client_addr = "192.0.3.7" }
for hop = 1, 2 do
	link   { delay = "8ms" }
	router { addr = "198.51.100." .. 16 + hop }
end
box.drop { subtype = "mp_join" }
for hop = 3, 4 do
	link   { delay = "8ms" }
	router { addr = "198.51.100." .. 16 + hop }
end
shared(last)

target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true, service = "echo",
         mptcp = 1 }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_join", change = "dropped", after = 2, by = 3, basis = "control",
	  cause = "blackhole", confidence = "certain", impact = "no-subflow",
	  subflow = 1 },
} }
