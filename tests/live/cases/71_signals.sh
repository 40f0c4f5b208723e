# What MPTCP ends tell each other of addresses and priorities, between mboxtrace and the kernel in both
# roles; and what the path managers make of it.

# with_port ADDR [PORT]
with_port() {
	case $1:$2 in
	*:) echo "$1" ;;
	*.*) echo "$1:$2" ;;
	*) echo "[$1]:$2" ;;
	esac
}

both_ways() {
	arrived 1000000
	served 1000 599000
	status_is 0
	has '.outcome == "mptcp" and .intact'
}

# sent_over JQ-of-subflows: those that octets went over, either way
sent_over() {
	has "[.subflows[] | select(.sent > 0 or .received > 0)] | $1"
}

# We are the client and announce; the kernel joins, as servers seldom do. It does not before its
# application has accepted the connection: that has sent something when we, who have not, announce.
we_announce() {
	local family=$1 port=$2
	fresh
	listen duo-s 1000000 -j 1
	connect duo-c 'opened:1 1000 599000' --scheduler round-robin \
		--add-addr "$(with_port "$(at 1 "$family" 2)" "$port")" "$(at 2 "$family" 1)"
	both_ways
	sent_over 'length == 2'
	[ -z "$port" ] || has '.subflows[1].local | endswith(":'"$port"'")'
	counted duo-s AddAddr -eq 1
	counted duo-s EchoAddTx -ge 1
	counted duo-s MPJoinSynAckRx -eq 1
	counted duo-s MPJoinSynAckHMacFailure -eq 0
}

# With timestamps an IPv6 address and a port have no room in its ACKs, and it tells neither.
make_room() {
	[ "$2" -eq 4 ] || within "$1" sysctl -qw net.ipv4.tcp_timestamps=0
}

# The kernel serves and announces an address with a port of its own.
kernel_announces_port() {
	local family=$1
	fresh
	make_room duo-s "$family"
	within duo-s ip mptcp endpoint add "$(at 2 "$family" 2)" port 9999 signal
	listen duo-s 1000000 -j 1
	connect duo-c '1000 opened:1 599000' --scheduler round-robin "$(at 2 "$family" 1)"
	both_ways
	sent_over 'length == 2 and (.[1].remote | endswith(":9999"))'
	counted duo-s EchoAdd -eq 1
	counted duo-s MPJoinPortAckRx -eq 1
}

# The kernel is the client and announces; whether we join is for us to say.
kernel_client_announces() {
	local family=$1 joins=$2
	fresh
	make_room duo-c "$family"
	within duo-c ip mptcp endpoint add "$(at 1 "$family" 2)" port 9191 signal
	# shellcheck disable=SC2046
	serving $([ "$joins" -eq 0 ] || echo --join-clients) $PORT
	client 20000000 20000000 -j "$joins" "$(at 2 "$family" 1)"
	served_out
	has '.outcome == "mptcp" and .intact and .verdict == "clean"'
	sent_over "length == $((joins + 1))"
	[ "$(events address-announced)" -eq 1 ] || fail 'not heard of'
	counted duo-c EchoAdd -eq 1
	counted duo-c MPJoinPortAckRx -eq "$joins"
}

# We serve and announce an address with a port; as a backup, nothing goes there.
we_serve_another_port() {
	local family=$1 backup=$2
	fresh
	serving --add-addr "$(with_port "$(at 2 "$family" 2)" 9292)$backup" $PORT
	client 20000000 20000000 -j 1 "$(at 2 "$family" 1)"
	served_out
	has '.outcome == "mptcp" and .intact and (.subflows[1].local | endswith(":9292"))'
	has ".subflows[1] | $([ -n "$backup" ] && echo '.sent == 0 and .received < 100000' || echo '.sent + .received > 1000000')"
	counted duo-c AddAddr -eq 1
	counted duo-c EchoAddTx -ge 1
	counted duo-c MPJoinSynAckRx -eq 1
}

# Our first address is a backup, which only MP_PRIO can say.
we_make_a_backup() {
	fresh
	listen duo-s 10000000 -j 1
	connect duo-c '1000 opened:1 10000000' --local 10.4.1.1/backup --local 10.4.2.1 10.4.1.2
	arrived 10000000
	served 1000 10000000
	counted duo-s MPPrioRx -eq 1
	has '.subflows[0].backup and (.subflows[1].backup | not) and .subflows[1].received > 9000000'
	# What was sent before there was a choice went there.
	has '.subflows[0].sent as $s | ($s == 0 or $s == 1000) and .subflows[1].sent == 10001000 - $s'
}

kernel_announces_a_backup() {
	fresh
	within duo-s ip mptcp endpoint add 10.4.2.2 signal backup
	listen duo-s 1000000 -j 1
	connect duo-c '1000 opened:1 599000' 10.4.1.2
	both_ways
	has '[.subflows[].backup] == [false, true] and .subflows[1].sent == 0'
}

# until_in_out PATTERN: a command that waits for an event of the server
until_in_out() {
	echo "until grep -q '$1' $TMP/out; do sleep 0.02; done"
}

# By the SYN, or later by MP_PRIO.
kernel_client_backs_up() {
	local later=$1 halt
	halt="ip mptcp endpoint change id 3 backup; $(until_in_out backup-changed)"
	fresh
	# shellcheck disable=SC2046
	within duo-c ip mptcp endpoint add 10.4.2.1 id 3 subflow $([ -n "$later" ] || echo backup)
	serving $PORT
	client 20000000 20000000 -j 1 -x "${later:+$halt}" 10.4.1.2
	served_out
	has '.outcome == "mptcp" and .intact and [.subflows[].backup] == [false, true]'
	if [ -n "$later" ]; then
		counted duo-c MPPrioTx -eq 1
		[ "$(events backup-changed)" -eq 1 ] || fail 'MP_PRIO was not seen'
	else
		has '.subflows[1] | .sent == 0 and .received < 100000'
	fi
}

# deleted NS END FAMILY: the second address of a host goes
deleted() {
	eval "$(deleting "$@")"
}

deleting() {
	echo "ip -n $1 addr del $(at "$2" "$3" 2)/$([ "$3" = 4 ] && echo 24 || echo 64) dev p2"
}

goes() {
	deleted duo-c 1 "$1"
	await "$TMP/out" 'subflow-closed.*"subflow":1'
}

comes() {
	own_addresses duo-c p2
	opened 2
}

# Our host loses an address: REMOVE_ADDR, and no octet is lost. It comes back, and joins.
we_remove() {
	local family=$1
	fresh
	listen duo-s echo
	connect duo-c "300000 opened:1 goes:$family 300000 comes:$family 5000000" --scheduler round-robin \
		--local "$(at 1 "$family" 1)" --local "$(at 1 "$family" 2)" "$(at 2 "$family" 1)"
	arrived 300000 300000 5000000
	served 300000 300000 5000000
	has '.outcome == "mptcp" and .intact and ([.subflows[] | select(.joined)] | length) == 3'
	counted duo-s RmAddr -ge 1
	counted duo-s MPJoinAckRx -eq 2
}

# The address that we announced goes.
we_remove_announced() {
	local family=$1
	fresh
	serving --add-addr "$(at 2 "$family" 2)" $PORT discard
	client 20000000 0 -j 1 -x "$(deleting duo-s 2 "$family"); $(until_in_out subflow-closed)" "$(at 2 "$family" 1)"
	served_out
	has '.outcome == "mptcp" and .intact'
	counted duo-c AddAddr -ge 1
	counted duo-c RmAddr -ge 1
}

# acknowledged NS sport|dport: of what the kernel there sent, from or to $PORT. (A SYN counts as one.)
acknowledged() {
	within "$1" ss -Htin state established "$2 = :$PORT" | grep 'bytes_acked:[0-9][0-9]'
}

# Whoever interrupts a server leaves no client waiting.
serve_interrupted() {
	fresh
	serving $PORT discard
	within duo-c timeout $PATIENCE "$PEER" connect 10.4.1.2 $PORT 10000000000 >"$TMP/got" 2>&1 &
	wait_until acknowledged duo-c dport
	kill -INT $SERVING
	wait $SERVING || true
	has '.interrupted and .received > 0'
	await "$TMP/got" 'mptcp_peer: '
	counted duo-c MPFastcloseRx -eq 1
}

# pm JOINS OPTION…: two addresses on either side; how many joins come of it
pm() {
	local joins=$1
	shift
	fresh
	within duo-s ip mptcp endpoint add 10.4.2.2 signal
	listen duo-s 1000000 -j "$joins"
	connect duo-c "1000 opened:$joins 599000" --scheduler round-robin --local 10.4.1.1 --local 10.4.2.1 "$@" 10.4.1.2
	both_ways
	counted duo-s MPJoinAckRx -eq "$joins"
	sent_over "length == $((joins + 1))"
}

of_same_subnet() {
	pm 1 --same-subnet
	sent_over '.[1] | (.local | startswith("10.4.2.1:")) and (.remote | startswith("10.4.2.2:"))'
}

of_same_addresses() {
	pm "$@"
	sent_over 'all(.[]; (.local | startswith("10.4.1.1:")) and (.remote | startswith("10.4.1.2:")))'
}

# The kernel takes no join at a port that it did not announce.
other_port() {
	fresh
	listen duo-s 1000000
	connect duo-c '1000 pause 599000' --join-port 9393 10.4.1.2
	both_ways
	sent_over 'length == 1'
	has '.subflows | length > 1 and all(.[1:][]; .close == "rst" and (.remote | endswith(":9393")))'
}

# We do at one that we announced, whatever the address.
other_port_served() {
	fresh
	serving --add-addr 10.4.2.2:9393 $PORT
	connect duo-c '1000 opened:1 599000' -4 --limits 1,0 --scheduler round-robin --join-port 9393 10.4.1.2
	arrived 1000 599000
	grep -q -- '-> 10.4.1.2:9393 .* sent [1-9]' "$TMP/err" || fail 'not joined'
}

# What the kernel sent has been acknowledged.
heard() {
	wait_until acknowledged duo-s sport
}

# Break before make: the second path is there once the first is given up.
single_path() {
	fresh
	listen duo-s echo
	connect duo-c '1000 heard cut_path:1 599000' --pm single-path --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	within duo-s nft flush ruleset
	arrived 1000 599000
	served 1000 599000
	status_is 0
	has '.outcome == "mptcp" and .intact'
	counted duo-s MPJoinAckRx -eq 1
	sent_over 'length == 2 and (.[1].local | startswith("10.4.2.1:"))'
}

for family in 4 6; do
	run_case "connect announces to the kernel (IPv$family)" we_announce $family
	run_case "connect announces a port to the kernel (IPv$family)" we_announce $family 9090
	run_case "connect: the kernel announces a port (IPv$family)" kernel_announces_port $family
	run_case "serve: the kernel announces (IPv$family)" kernel_client_announces $family 0
	run_case "serve joins the kernel (IPv$family)" kernel_client_announces $family 1
	run_case "serve announces a port to the kernel (IPv$family)" we_serve_another_port $family ''
done
for family in 4 6; do
	run_case "connect: our address goes and comes (IPv$family)" we_remove $family
	run_case "serve: our address goes (IPv$family)" we_remove_announced $family
done
run_case 'serve announces a backup to the kernel' we_serve_another_port 4 /backup
run_case 'connect: our first address is a backup' we_make_a_backup
run_case 'connect: the kernel announces a backup' kernel_announces_a_backup
run_case 'serve: the kernel joins as a backup' kernel_client_backs_up ''
run_case 'serve: the kernel makes a path a backup' kernel_client_backs_up later
run_case 'serve: interrupted' serve_interrupted
run_case 'connect --limits 1' pm 1 --limits 1
run_case 'connect --limits 4,0' pm 1 --limits 4,0
run_case 'connect --pm none' pm 0 --pm none
run_case 'connect --pm ndiffports' of_same_addresses 1 --pm ndiffports
run_case 'connect --pm ndiffports --limits 3' of_same_addresses 3 --pm ndiffports --limits 3
run_case 'connect --same-subnet' of_same_subnet
run_case 'connect --join-port, the kernel does not take it' other_port
run_case 'connect --join-port, serve takes it' other_port_served
run_case 'connect --pm single-path, first path cut' single_path
