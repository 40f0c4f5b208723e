mboxtrace --lab lua/scenarios/drop-mptcp.lua
