mboxtrace connect --lab lua/scenarios/demo.lua --local 192.0.2.7
