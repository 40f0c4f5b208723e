mboxtrace -v --lab lua/scenarios/demo.lua
