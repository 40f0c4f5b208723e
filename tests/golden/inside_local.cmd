mboxtrace --lab lua/scenarios/inside-local-dropped.lua
