mboxtrace --lab lua/scenarios/reject-all.lua --seed 7
