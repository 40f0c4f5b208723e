# Transfers between mboxtrace and the kernel's MPTCP, octets compared.
#
#   fresh                        the two hosts of `duo` as the kernel comes, no rules, no counts
#   listen NS SEND [OPTION...]   a kernel server in NS on $PORT
#   stream N|FUNCTION[:ARG]…     N octets to standard output, and in between these functions
#   opened:N                     N further subflows have been opened;  happened:EVENT  in $TMP/out
#   connect NS SEND OPTION… ADDR runs `mboxtrace connect` from NS; SEND: as for stream
#   arrived N…                   what the client got is a stream N…; served N…: what the server got
#   serving OPTION… MODE         `mboxtrace serve` in duo-s on $PORT, until the case ends
#   served_out                   ends it once a connection has ended
#   client SEND RECEIVE [OPTION…] ADDR   the kernel in duo-c; what comes back is compared
#   cut c|s DEVICE, mend c|s     drops all that comes and goes there, until it is mended
#   has JQ                       a jq expression over the connection object; events NAME: how many
#   count NS NAME                an MPTcpExt counter since `fresh`

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
	ip -n duo-c route flush 10.4.1.0/24 metric 100
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

# The last packet may yet be on its way.
counted() {
	comes_about 10 counts "$@" || fail "$1: $2 is $(count "$1" "$2"), not $3 $4"
}

counts() {
	test "$(count "$1" "$2")" "$3" "$4"
}

listen() {
	local ns=$1 send=$2
	shift 2
	rm -f "$TMP/server"
	within "$ns" timeout $PATIENCE "$PEER" listen "$@" "$PORT" "$send" >"$TMP/server" 2>&1 &
	await "$TMP/server" ready
}

stream() {
	local part
	for part; do
		case $part in
		*:*) "${part%%:*}" "${part#*:}" >&2 ;;
		*[!0-9]*) "$part" >&2 ;;
		*) "$PEER" make "$part" ;;
		esac
	done
}

# As by an application that pauses.
pause() {
	sleep 0.5
}

opened() {
	wait_until subflows_opened "$1"
}

subflows_opened() {
	[ "$(grep -c '"subflow-opened".*"subflow":[1-9]' "$TMP/out")" -ge "$1" ]
}

happened() {
	await "$TMP/out" "\"event\":\"$1\""
}

connect() {
	local ns=$1 send=$2
	shift 2
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	rm -f "$TMP/out"
	# shellcheck disable=SC2086 # a list of words
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
	await "$TMP/server" 'received\|^mptcp_peer'
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

# --foreground: else `timeout` passes an interrupt on twice, and the second one kills.
serving() {
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	rm -f "$TMP/err" "$TMP/lines" "$TMP/out"
	(exec nsenter --net=/run/netns/duo-s -- timeout --foreground -s INT $PATIENCE "$MBOXTRACE" serve -o "$TMP/out" "$@" \
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
	within "duo-$1" sh -c "$(cutting "$2")"
}

# For `stream`.
cut_path() {
	cut s "p$1"
}

mend() {
	within "duo-$1" $mending
}

# The same, as commands for -x of mptcp_peer.
mending='nft delete table inet cut'

cutting() {
	echo "nft 'add table inet cut; add chain inet cut in { type filter hook input priority -300; };
		add chain inet cut out { type filter hook output priority -300; };
		add rule inet cut in iifname $1 drop; add rule inet cut out oifname $1 drop'"
}
