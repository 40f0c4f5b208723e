mboxtrace --lab lua/scenarios/demo.lua >/dev/full
