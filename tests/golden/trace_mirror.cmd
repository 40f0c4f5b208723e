mboxtrace --mirror --lab lua/scenarios/trace-mirror.lua
