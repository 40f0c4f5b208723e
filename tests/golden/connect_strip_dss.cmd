connect() {
	seq 10000 | mboxtrace connect --lab lua/scenarios/connect-strip-dss.lua 2>&1 >/dev/null
}
through "grep -v '^  '" connect
