seq 30000 | mboxtrace connect --lab lua/scenarios/connect-two-paths.lua | cksum
