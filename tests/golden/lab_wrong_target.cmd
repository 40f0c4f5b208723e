mboxtrace --lab lua/scenarios/demo.lua example.org
