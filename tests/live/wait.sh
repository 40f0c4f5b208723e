# Nothing waits for a time: what is to come about is waited for, PATIENCE seconds at most. Who reads
# this in says what it is to `fail`.
#
#   wait_until COMMAND…      until it succeeds
#   await FILE PATTERN       until the file has a line with it

: "${PATIENCE:=60}"

# comes_about SECONDS COMMAND…: whether it succeeds by then
comes_about() {
	local end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.02
	done
}

wait_until() {
	comes_about $PATIENCE "$@" || fail "in vain: $*"
}

await() {
	comes_about $PATIENCE grep -q -- "$2" "$1" && return
	cat "$1" || true
	fail "$1: no '$2'"
}
