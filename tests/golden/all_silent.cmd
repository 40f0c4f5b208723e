mboxtrace --lab lua/scenarios/all-silent.lua -m 12
