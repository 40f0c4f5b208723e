mboxtrace connect --check --lab lua/scenarios/reset-mptcp.lua
