seq 30000 | mboxtrace connect --lab lua/scenarios/connect-two-paths.lua 2>&1 >/dev/null | sed 's/sent .*ms/(…)/'
seq 30000 | mboxtrace connect --lab lua/scenarios/connect-two-paths.lua 2>/dev/null | cksum
