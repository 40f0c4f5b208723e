mboxtrace --lab lua/scenarios/lossy.lua --seed 7
