mboxtrace --connect --lab lua/scenarios/inside-strip-remove.lua example.net
