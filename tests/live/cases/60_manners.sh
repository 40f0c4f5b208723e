# What the program leaves behind, who may run it, and how it ends.

# A run that is still at it when it is interrupted: the target says nothing. TRACE is its process.
slow_trace() {
	rules near-s <<-'EOF'
		chain input {
			type filter hook input priority 0;
			meta l4proto { tcp, icmp } drop
		}
	EOF
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	rm -f "$TMP/out"
	(exec nsenter --net=/run/netns/near-c -- "$MBOXTRACE" --json -n -w 30,0,0 10.1.2.2 \
		>"$TMP/out" 2>"$TMP/err") &
	TRACE=$!
	await "$TMP/out" '"ttl":2'
}

# end_trace SIGNAL: and waits for it.
end_trace() {
	STATUS=0
	kill -"$1" $TRACE
	wait $TRACE || STATUS=$?
}

killed() {
	slow_trace
	guard_in near-c || fail "there is no guard"
	end_trace KILL
	left_nothing near
}

# It does not wait for the answers that it could yet get.
interrupted() {
	local from took
	slow_trace
	from=$(date +%s)
	end_trace INT
	took=$(($(date +%s) - from))
	[ $took -lt 20 ] || fail "it took $took s to end"
	status_is 4 130
	left_nothing near
	is '[.hops[] | select(.ttl < 3) | .replies | length > 0] == [true, true]'
}

# File capabilities instead of root; needs a second user.
setcap_user() {
	[ "$LIVE_INSIDE" = -nmpf ] || skip "there is only one user here"
	command -v setcap >/dev/null || skip "setcap is not installed"
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	chmod 755 "$TMP"
	cp "$MBOXTRACE" "$TMP/mboxtrace"
	setcap cap_net_raw,cap_net_admin+ep "$TMP/mboxtrace"
	STATUS=0
	within near-c setpriv --reuid 65534 --regid 65534 --clear-groups "$TMP/mboxtrace" --json -n 10.1.2.2 \
		>"$TMP/out" 2>"$TMP/err" || STATUS=$?
	[ ! -s "$TMP/err" ] || fail "it complains"
	clean
}

not_permitted() {
	[ "$LIVE_INSIDE" = -nmpf ] || skip "there is only one user here"
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	STATUS=0
	within near-c setpriv --reuid 65534 --regid 65534 --clear-groups "$MBOXTRACE" -n 10.1.2.2 \
		>"$TMP/out" 2>"$TMP/err" || STATUS=$?
	status_is 3
	[ ! -s "$TMP/out" ] && [ "$(wc -l <"$TMP/err")" = 1 ] || fail "not one line"
	grep -q 'setcap' "$TMP/err" || fail "it does not say how to permit it"
}

# A user namespace inside this one, with nothing but a loopback device.
user_namespace() {
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	unshare -Urn true || skip "no user namespaces here"
	STATUS=0
	rm -f "$TMP/server"
	unshare -Urn sh -c "ip link set lo up; '$SERVER' m443 >'$TMP/server' &
		until grep -q ready '$TMP/server'; do sleep 0.02; done
		'$MBOXTRACE' --json -n 127.0.0.1; status=\$?; kill \$!; exit \$status" \
		>"$TMP/out" 2>"$TMP/err" || STATUS=$?
	[ ! -s "$TMP/err" ] || fail "it complains"
	clean
	is '.reached and .path_length == 1'
}

no_route() {
	within near-c ip route del default
	trace near 4
	within near-c ip route add default via 10.1.0.2
	status_is 3
	grep -q '10.1.2.2' "$TMP/err" || fail "the target is not quoted"
}

# The target's zone names the device, as -i does.
zone() {
	local there
	there=$(ip -n near-r1 -6 -o addr show dev l scope link | sed 's/.*inet6 //; s,/.*,,')
	mboxtrace near-c --json -n "$there%r"
	is '.reached and .path_length == 1'
	mboxtrace near-c -n -i lo "$there%r"
	status_is 2
	grep -q "zone is r" "$TMP/err" || fail "it does not say which"
}

capture_file() {
	trace near 4 --pcap "$TMP/all.pcap"
	clean
	# Nanoseconds; raw IP.
	[ "$(od -An -tx4 -N4 "$TMP/all.pcap")" = ' a1b23c4d' ] || fail "a file of another kind"
	[ "$(od -An -tu4 -j20 -N4 "$TMP/all.pcap" | tr -d ' ')" = 101 ] || fail "another link type"
	command -v tcpdump >/dev/null || skip "tcpdump is not installed"
	tcpdump -n -r "$TMP/all.pcap" >"$TMP/packets" 2>"$TMP/err" || skip "tcpdump does not run here"
	grep -q 'Flags \[S\],' "$TMP/packets" && grep -q 'Flags \[S\.\],' "$TMP/packets" &&
		grep -q 'ICMP time exceeded' "$TMP/packets" || fail "$(cat "$TMP/packets")"
}

run_case 'killed: no table is left' killed
run_case 'Ctrl-C: says what it knows, leaves nothing' interrupted
run_case 'file capabilities, ordinary user' setcap_user
run_case 'not permitted: says how to permit it' not_permitted
run_case 'unshare -Urn, loopback' user_namespace
run_case 'no route' no_route
run_case 'link-local target in a zone' zone
run_case 'capture file' capture_file
