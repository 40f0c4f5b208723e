# What the scenarios print as JSON, which shows more kinds of findings than nftables can make.

scenarios_fit() {
	local scenario
	for scenario in "$root"/lua/scenarios/*.lua; do
		"$MBOXTRACE" --json --lab "$scenario" >"$TMP/out" 2>"$TMP/err" || true
		[ -s "$TMP/out" ] || fail "$scenario: no output"
		fits_schema "$TMP/out"
	done
}

run_case 'JSON of all scenarios' scenarios_fit
