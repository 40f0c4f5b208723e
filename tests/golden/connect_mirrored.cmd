mboxtrace connect --mirror --lab lua/scenarios/connect-mirror-strip-dss.lua
