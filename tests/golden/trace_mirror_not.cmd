mboxtrace --mirror --lab lua/scenarios/connect-two-paths.lua
