mboxtrace --lab lua/scenarios/admin-prohibited.lua
