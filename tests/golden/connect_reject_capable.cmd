mboxtrace connect --check --lab lua/scenarios/reject-mptcp.lua
