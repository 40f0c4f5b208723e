mboxtrace --lab lua/scenarios/inside-plain.lua
