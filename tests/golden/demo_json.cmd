mboxtrace --json --lab lua/scenarios/demo.lua example.net
