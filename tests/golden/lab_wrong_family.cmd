mboxtrace -6 --lab lua/scenarios/clean-v4.lua
