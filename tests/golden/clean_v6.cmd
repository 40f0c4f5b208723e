mboxtrace -6 --lab lua/scenarios/clean-v6.lua
