echo hello | mboxtrace connect --lab lua/scenarios/target-without-mptcp.lua
