mboxtrace --json -f 6 --lab lua/scenarios/clean-v4.lua --seed 7
