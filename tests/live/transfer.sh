# Transfers between mboxtrace and the kernel's MPTCP, octets compared.
#
#   fresh                        the two hosts of `duo` as the kernel comes, no rules, no counts
#   listen NS SEND [OPTION...]   a kernel server in NS on $PORT
#   stream N…                    N octets, a pause, N octets, … to standard output
#   connect NS SEND OPTION… ADDR runs `mboxtrace connect` from NS; SEND: as for stream
#   arrived N…                   what the client got is a stream N…; served N…: what the server got
#   serving OPTION… MODE         `mboxtrace serve` in duo-s on $PORT, until the case ends
#   served_out                   ends it once a connection has ended
#   client SEND RECEIVE [OPTION…] ADDR   the kernel in duo-c; what comes back is compared
#   cut c|s DEVICE               drops all that comes and goes there, until rules are flushed
#   has JQ                       a jq expression over the connection object; events NAME: how many
#   count NS NAME                an MPTcpExt counter since `fresh`

PATIENCE=60 # seconds that anything may take
[ -z "$LONG" ] || PATIENCE=300

# own_addresses NS DEVICE: as `duo` gave them, whatever a case took away.
own_addresses() {
	local end=1
	[ "$1" = duo-c ] || end=2
	ip -n "$1" addr replace "10.4.${2#p}.$end/24" dev "$2"
	ip -n "$1" addr replace "fd00:4:${2#p}::$end/64" dev "$2" nodad
}

fresh() {
	local ns
	PORT=$(($(cat "$TMP/port" 2>/dev/null || echo 20000) + 1))
	echo $PORT >"$TMP/port"
	for ns in duo-c duo-s; do
		within $ns nft flush ruleset
		within $ns sysctl -qw net.mptcp.checksum_enabled=0 net.ipv4.tcp_syncookies=1 net.ipv4.tcp_timestamps=1
		within $ns ip mptcp endpoint flush
		own_addresses $ns p2
		within $ns ip mptcp limits set subflows 8 add_addr_accepted 8
		within $ns cat /proc/net/netstat >"$TMP/counts-$ns"
	done
}

count() {
	within "$1" cat /proc/net/netstat | awk -v name="$2" '
		FNR == 1 { file++ }
		$1 == "MPTcpExt:" && $2 ~ /^[A-Z]/ { for (i = 2; i <= NF; i++) at[i] = $i }
		$1 == "MPTcpExt:" && $2 ~ /^[0-9]/ {
			for (i = 2; i <= NF; i++) if (at[i] == name) value[file] = $i }
		END { print value[2] - value[1] }' "$TMP/counts-$1" -
}

counted() {
	local got
	got=$(count "$1" "$2")
	test "$got" "$3" "$4" || fail "$1: $2 is $got, not $3 $4"
}

listen() {
	local ns=$1 send=$2
	shift 2
	rm -f "$TMP/server"
	within "$ns" timeout $PATIENCE "$PEER" listen "$@" "$PORT" "$send" >"$TMP/server" 2>&1 &
	await "$TMP/server" ready
}

stream() {
	local n first=1
	for n; do
		[ -n "$first" ] || sleep 0.5
		first=
		"$PEER" make "$n"
	done
}

connect() {
	local ns=$1 send=$2
	shift 2
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	# shellcheck disable=SC2086 # a list of numbers
	{
		STATUS=0
		stream $send | within "$ns" timeout $PATIENCE "$MBOXTRACE" connect -w 20 -o "$TMP/out" "$@" $PORT \
			2>"$TMP/err" || STATUS=$?
		echo $STATUS >"$TMP/status"
	} | "$PEER" hash >"$TMP/got"
	STATUS=$(cat "$TMP/status")
}

arrived() {
	[ "$(cat "$TMP/got")" = "$(HASH "$@")" ] || fail "the client $(cat "$TMP/got"), not $(HASH "$@")"
}

served() {
	await "$TMP/server" received
	grep -q "^$(HASH "$@")," "$TMP/server" || fail "the server: $(tail -n 1 "$TMP/server"), not $(HASH "$@")"
}

HASH() {
	for n; do "$PEER" make "$n"; done | "$PEER" hash
}

has() {
	jq -es 'map(select(.type == "connection")) | length == 1 and (.[0] | '"$1"')' "$TMP/out" >/dev/null || {
		jq -c 'select(.type == "connection")' "$TMP/out"
		fail "not so: $1"
	}
}

events() {
	jq -s 'map(select(.type == "event" and .event == "'"$1"'")) | length' "$TMP/out"
}

# The addresses of the client and of the server of `duo`.
at() {
	[ "$2" = 4 ] && echo "10.4.$3.$1" || echo "fd00:4:$3::$1"
}

serving() {
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	rm -f "$TMP/err" "$TMP/lines"
	(exec nsenter --net=/run/netns/duo-s -- timeout -s INT $PATIENCE "$MBOXTRACE" serve -o "$TMP/out" "$@" \
		>"$TMP/lines" 2>"$TMP/err") &
	SERVING=$!
	trap 'kill $SERVING 2>/dev/null || true; forget_rules' EXIT
	await "$TMP/err" serving
}

# Ends it once a connection has ended: what it wrote is then whole.
served_out() {
	await "$TMP/lines" '  '
	kill -INT $SERVING 2>/dev/null || true
	wait $SERVING || true
}

client() {
	local send=$1 back=$2
	shift 2
	within duo-c timeout $PATIENCE "$PEER" connect "$@" "$PORT" "$send" >"$TMP/got" || fail 'the client failed'
	grep -q "^$(HASH "$back"), sent $send" "$TMP/got" || fail "the client: $(cat "$TMP/got"), not $(HASH "$back")"
}

cut() {
	within "duo-$1" nft "add table inet cut; add chain inet cut in { type filter hook input priority -300; };
		add chain inet cut out { type filter hook output priority -300; };
		add rule inet cut in iifname $2 drop; add rule inet cut out oifname $2 drop"
}
