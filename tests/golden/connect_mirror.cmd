connect() {
	mboxtrace connect --check -w 2 --lab lua/scenarios/mirror-on-path.lua 2>&1
}
through "grep -v '^  '" connect
