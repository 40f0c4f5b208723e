mboxtrace -P 'IP/TCP{dst=443}/MSS(1460)/MPCAPABLE{v=1}' --lab lua/scenarios/reset-mptcp.lua
