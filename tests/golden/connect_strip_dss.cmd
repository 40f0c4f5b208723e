seq 10000 | mboxtrace connect --lab lua/scenarios/connect-strip-dss.lua | cksum
