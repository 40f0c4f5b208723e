mboxtrace --mirror --json --lab lua/scenarios/connect-mirror-strip-dss.lua
