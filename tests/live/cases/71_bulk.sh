# How bulk data leaves: as frames, as long as packets are seen to leave as they were given, and
# never past what this host does to packets.

# tally NS HOOK [MATCH]: counts packets to $PORT;  tallied NS: how many, since then or since `restart`
tally() {
	within "$1" nft "add table inet tally; add counter inet tally n;
		add chain inet tally c { type filter hook $2 priority 200; };
		add rule inet tally c tcp dport $PORT $3 counter name n"
}

tallied() {
	within "$1" nft -j list counter inet tally "${2:-n}" | jq '.nftables[].counter.packets // empty'
}

restart() {
	within "$1" nft reset counter inet tally "${2:-n}" >/dev/null
}

# By far the most of it needs no raw socket, whose packets pass the output hook.
bulk_as_frames() {
	local family=$1 packets raw
	fresh
	tally duo-c output
	tally duo-s prerouting
	listen duo-s 10000000
	connect duo-c 40000000 --local "$(at 1 "$family" 1)" --local "$(at 1 "$family" 2)" "$(at 2 "$family" 1)"
	arrived 10000000
	served 40000000
	has '.outcome == "mptcp" and .intact and [.subflows[] | .sent > 0] == [true, true]'
	raw=$(tallied duo-c) packets=$(tallied duo-s)
	[ "$packets" -ge 27000 ] || fail "only $packets packets"
	[ $((raw * 2)) -lt "$packets" ] || fail "$raw of $packets packets through the raw socket"
}

# What the host does to packets it does to all.
bulk_translated() {
	fresh
	mark_all
	tally duo-s prerouting 'ip dscp != cs1'
	listen duo-s 1000
	connect duo-c 10000000 --local 10.4.1.1 10.4.1.2
	served 10000000
	has '.outcome == "mptcp" and .intact'
	[ "$(tallied duo-s)" -eq 0 ] || fail "$(tallied duo-s) packets went past the rule"
}

# Of a moment's packets.
all_marked() {
	restart duo-s bare
	restart duo-s
	sleep 0.1
	tallies duo-s 100 && [ "$(tallied duo-s bare)" -eq 0 ]
}

mark_all() {
	within duo-c nft "add table inet dye; add chain inet dye c { type filter hook output priority 0; };
		add rule inet dye c tcp dport $PORT ip dscp set cs1"
}

# Bulk without an end, that lasts until stop_flood.
flood() {
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	listen duo-s 1000
	(exec nsenter --net=/run/netns/duo-c -- timeout --foreground -s INT $PATIENCE "$MBOXTRACE" connect -o "$TMP/out" \
		--local 10.4.1.1 10.4.1.2 "$PORT" </dev/zero >/dev/null 2>"$TMP/err") &
	FLOOD=$!
	trap 'kill -INT $FLOOD 2>/dev/null || true; forget_rules' EXIT
	flows
}

stop_flood() {
	kill -INT $FLOOD
	wait $FLOOD || true
}

# Much arrives (again).
flows() {
	restart duo-s
	wait_until tallies duo-s 10000
}

tallies() {
	[ "$(tallied "$1")" -ge "$2" ]
}

# A rule that comes later is seen soon.
bulk_rule_later() {
	fresh
	tally duo-c output
	tally duo-s prerouting
	flood
	[ "$(($(tallied duo-c) * 2))" -lt "$(tallied duo-s)" ] || fail 'no frames at first'
	mark_all
	within duo-s nft "add counter inet tally bare; add rule inet tally c tcp dport $PORT ip dscp != cs1 counter name bare"
	wait_until all_marked
	restart duo-s bare
	flows
	stop_flood
	[ "$(tallied duo-s bare)" -eq 0 ] || fail "$(tallied duo-s bare) packets went past the rule"
}

# So is a neighbour that got another address.
bulk_neighbour_changes() {
	local was
	was=$(ip -n duo-s -j link show p1 | jq -r '.[].address')
	fresh
	tally duo-s prerouting
	flood
	ip -n duo-s link set dev p1 address 02:00:00:00:04:99
	ip -n duo-c neigh flush dev p1
	flows
	stop_flood
	ip -n duo-s link set dev p1 address "$was"
	ip -n duo-c neigh flush dev p1
}

for family in 4 6; do
	run_case "connect: bulk leaves as frames (IPv$family)" bulk_as_frames $family
done
run_case 'connect: bulk that this host marks' bulk_translated
run_case 'connect: bulk, and a rule that comes later' bulk_rule_later
run_case 'connect: bulk, and a neighbour that changes' bulk_neighbour_changes
