-- Two uplinks that meet before a box that removes MP_JOIN: it is found on both paths, and told of once.
client { addr = "192.0.2.7" }

path   { client_addr = "192.0.2.7" }
link   { delay = "5ms" }
router { addr = "198.51.100.1" }
local core = link { delay = "5ms" }
local near = router { addr = "198.51.100.2" }
local stripper = box.strip { subtype = "mp_join" }
local far = router { addr = "198.51.100.3" }
local last = link { delay = "5ms" }

path   { client_addr = "192.0.3.7" }
for hop = 1, 3 do
	link   { delay = "8ms" }
	router { addr = "198.51.100." .. 16 + hop }
end
shared(core)
shared(near)
shared(stripper)
shared(far)
shared(last)

target { name = "example.net", addr = "203.0.113.80", port = 443, endpoint = true, service = "echo",
         mptcp = 1 }
probe  { connect = true }
expect { verdict = "interference", findings = {
	{ field = "tcp.options.mptcp.mp_join", change = "removed", after = 2, by = 3, basis = "quote",
	  cause = "option-stripper", confidence = "certain", impact = "no-subflow", subflow = 0 },
} }
