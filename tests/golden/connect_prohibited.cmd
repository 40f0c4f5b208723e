mboxtrace connect --check --lab lua/scenarios/admin-prohibited.lua
