mboxtrace --lab lua/scenarios/target-without-mptcp.lua
