mboxtrace --lab lua/scenarios/lossy.lua --seed 7 && mboxtrace --lab lua/scenarios/lossy.lua --seed 8
