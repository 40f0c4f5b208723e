# Running cases and looking at results.
#
#   run_case 'NAME' FUNCTION ARGS…   runs it in a subshell; prints "ok", "FAIL" or "SKIP"
#   skip REASON                      inside a case: not here
#   trace NAME FAMILY OPTIONS…       mboxtrace --json -n, from client to server of path NAME
#   status_is N…, is JQ, clean, located FIELD CHANGE AFTER BY    look at what it printed

run_case() {
	local name=$1 from result
	shift
	case $name in *"$PATTERN"*) ;; *) return 0 ;; esac
	from=$(date +%s%N)
	(
		set -e
		RULED='' BOXES=''
		trap forget_rules EXIT
		"$@"
	) >"$TMP/log" 2>&1
	result=$?
	from=$((($(date +%s%N) - from) / 1000000))
	case $result in
	0) echo "ok   $name (${from} ms)" && PASSED=$((PASSED + 1)) && [ -z "$VERBOSE" ] || gist ;;
	77) echo "SKIP $name: $(tail -n 1 "$TMP/log")" && SKIPPED=$((SKIPPED + 1)) ;;
	*) echo "FAIL $name (${from} ms)" && sed 's/^/     | /' "$TMP/log" && FAILED=$((FAILED + 1)) ;;
	esac
}

skip() {
	echo "$*"
	exit 77
}

# What was measured, in short.
gist() {
	jq -c 'select(.type == "trace") | {verdict, reason, reached, path_length, note: .inside.note},
		{hops: [.hops[] | [.ttl] + [.replies[] | .kind + " " + .from]]},
		(.findings[] | {field, change, after: .after.ttl, by: .by.ttl, cause, confidence, explain})' \
		"$TMP/out" 2>/dev/null || head -n 20 "$TMP/out"
}

fail() {
	echo "$*"
	[ ! -s "$TMP/err" ] || sed 's/^/stderr: /' "$TMP/err"
	gist
	exit 1
}

# What is run comes first on the line: `mboxtrace CLIENT COMMAND…`; fills $TMP/out, $TMP/err, STATUS.
mboxtrace() {
	local client=$1
	shift
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	STATUS=0
	within "$client" timeout $PATIENCE "$MBOXTRACE" "$@" >"$TMP/out" 2>"$TMP/err" || STATUS=$?
}

trace() {
	local path=$1 family=$2
	shift 2
	mboxtrace "$path-c" --json -n "$@" "$(server "$path" "$family")"
	fits_schema "$TMP/out"
}

# Every line is as the result format has it.
fits_schema() {
	local odd
	odd=$(jq -r -n -f "$here/../schema.jq" "$1" 2>&1) && [ -z "$odd" ] || fail "schema: $odd"
}

status_is() {
	local wanted
	for wanted in "$@"; do
		[ "$STATUS" != "$wanted" ] || return 0
	done
	fail "exit status $STATUS, expected $*"
}

# A jq expression over the one trace object printed.
is() {
	jq -es 'map(select(.type == "trace")) | length == 1 and (.[0] | '"$1"')' "$TMP/out" >/dev/null ||
		fail "not so: $1"
}

# Exit 0, and no finding but what the target chose itself. All hops answered unless told otherwise.
clean() {
	status_is 0
	is '[.findings[] | select(.cause != "target")] == [] and .verdict == "clean"'
}

# At least one finding of this kind, each of them in this place; BY "null": nobody behind it spoke.
located() {
	is '[.findings[] | select((.field | test("'"$1"'")) and .change == "'"$2"'") |
		[.after.ttl, .by.ttl]] | length > 0 and all(. == ['"$3"', '"$4"'])'
}

# No table is left in a client. (Who kills a process does not wait for the kernel to bury it.)
left_nothing() {
	comes_about $PATIENCE no_tables "$1-c" || fail "left behind: $(within "$1-c" nft list tables)"
}

no_tables() {
	[ -z "$(within "$1" nft list tables)" ]
}

# Resets may yet be on their way, but the server would forget by itself only after a minute.
none_half_open() {
	comes_about 10 none_open "$1-s" || fail "half open: $(within "$1-s" ss -Htn state syn-recv)"
}

none_open() {
	[ -z "$(within "$1" ss -Htn state syn-recv)" ]
}
