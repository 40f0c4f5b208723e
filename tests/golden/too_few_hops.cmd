mboxtrace -m 3 --lab lua/scenarios/demo.lua --seed 7
