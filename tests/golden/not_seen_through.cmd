mboxtrace --lab lua/scenarios/strip-sack-target-down.lua --seed 7
