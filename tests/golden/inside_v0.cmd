mboxtrace --connect --lab lua/scenarios/target-v0.lua
