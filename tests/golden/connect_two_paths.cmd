summary() {
	seq 30000 | mboxtrace connect --lab lua/scenarios/connect-two-paths.lua 2>&1 >/dev/null
}
stream() {
	seq 30000 | mboxtrace connect --lab lua/scenarios/connect-two-paths.lua 2>/dev/null
}
through "sed 's/sent .*ms/(…)/'" summary && through cksum stream
