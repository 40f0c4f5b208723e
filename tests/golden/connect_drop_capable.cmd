mboxtrace connect --check -w 20 --lab lua/scenarios/drop-mptcp.lua
