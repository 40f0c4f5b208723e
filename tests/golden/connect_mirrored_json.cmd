connect() {
	mboxtrace connect --mirror --lab lua/scenarios/connect-mirror-strip-dss.lua -o - 2>/dev/null
}
through 'tail -1' connect
