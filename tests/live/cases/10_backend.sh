# The live back-end alone, without the engine: net_probe sends a SYN with TTL 1 and one with 64.

# What net_probe prints from a namespace.
probe() {
	local ns=$1
	shift
	STATUS=0
	within "$ns" "$PROBE" "$@" >"$TMP/out" 2>"$TMP/err" || STATUS=$?
	! grep -q 'bad time' "$TMP/out" || fail "a time stamp lies outside the run"
}

printed() {
	grep -q -- "$1" "$TMP/out" "$TMP/err" || fail "not printed: $1"
}

backend() {
	local from
	from=$(router near "$1" 1)
	probe near-c "$(server near "$1")" 443
	status_is 0
	printed 'device r mtu 1500'
	printed "icmp $2 from $from"
	printed "$3"
	printed "tcp 0x12 from $(server near "$1")"
}

# held COMMAND…: until `let_go`, which ends its standard input. HELD is its process.
held() {
	rm -f "$TMP/hold"
	mkfifo "$TMP/hold"
	KEEP=1 HOLD=1 "$@" <"$TMP/hold" >"$TMP/out" 2>"$TMP/err" &
	HELD=$!
	exec 8>"$TMP/hold"
}

let_go() {
	exec 8>&-
	wait $HELD || true
}

# The server's SYN/ACK comes again after one and after three seconds; while the guard is up the
# kernel stays silent about it. Once the program has ended it does answer, which shows that the
# counter counts.
guarded() {
	rules near-s <<-'EOF'
		counter rst {
		}
		counter synack {
		}
		chain input {
			type filter hook input priority 0;
			tcp flags rst counter name rst
		}
		chain output {
			type filter hook output priority 0;
			tcp flags & (syn|ack) == syn|ack counter name synack
		}
	EOF
	held within near-c "$PROBE" "$(server near "$1")" 443
	wait_until counter_reaches synack 2
	[ "$(counter rst)" = 0 ] || fail "the kernel sent a RST in spite of the guard"
	let_go
	comes_about 20 counter_reaches rst 1 || fail "nothing is shown: no RST without the guard either"
}

counter() {
	within near-s nft -j list counter inet box "$1" | jq '.nftables[] | .counter? // empty | .packets'
}

counter_reaches() {
	[ "$(counter "$1")" -ge "$2" ]
}

guard_dies() {
	held nsenter --net=/run/netns/near-c "$PROBE" "$(server near 4)" 443
	wait_until guard_in near-c
	kill -KILL $HELD
	let_go
	left_nothing near
}

guard_in() {
	within "$1" nft list tables | grep 'inet mboxtrace-'
}

own_host() {
	probe near-s "$1" 443
	status_is 0
	printed 'device lo'
	printed "tcp 0x12 from $1"
}

link_local() {
	local addr
	addr=$(within near-r1 ip -6 -o addr show dev l scope link | sed 's/.*inet6 //; s,/.*,,')
	probe near-c "$addr" 81 r
	printed "tcp 0x14 from $addr"
	probe near-c "$addr" 81
	status_is 3
	printed 'needs a device'
}

# A second way out, for what a rule sends there: the device follows the source address.
policy_route() {
	within near-c ip link add other type veth peer name gone netns near-r1
	within near-r1 ip link set dev gone up
	within near-c ip addr add 10.99.0.1/24 dev other
	within near-c ip link set dev other up
	within near-c ip route add default dev other table 99
	within near-c ip rule add from 10.99.0.1 table 99
	within near-c env SOURCE=10.99.0.1 PATIENCE=0 "$PROBE" "$(server near 4)" 443 >"$TMP/out" 2>"$TMP/err" || STATUS=$?
	within near-c ip rule del table 99
	within near-c ip link del other
	printed 'device other'
}

# The address in use belongs to another device than the one the packets leave by.
borrowed_source() {
	within near-c ip addr add 10.98.0.1/32 dev lo
	within near-c ip route add 10.1.2.0/24 via 10.1.0.2 src 10.98.0.1
	for k in 1 2; do
		within near-r$k ip route add 10.98.0.1/32 via 10.1.$((k - 1)).1
	done
	probe near-c "$(server near 4)" 443
	within near-c ip route del 10.1.2.0/24
	within near-c ip addr del 10.98.0.1/32 dev lo
	printed 'device r'
	printed "tcp 0x12"
}

# A device without link layer.
tun_device() {
	[ -w /dev/net/tun ] || skip "no access to /dev/net/tun"
	rm -f "$TMP/tun"
	within near-c "$TUN_ECHO" t >"$TMP/tun" &
	await "$TMP/tun" ready
	within near-c ip addr add 10.97.0.1/30 dev t
	within near-c ip link set dev t up
	probe near-c 10.97.0.2 81
	kill $!
	printed 'device t'
	printed 'tcp 0x14 from 10.97.0.2'
}

# A device queue with room for a packet or so: what does not fit is sent again, not lost.
full_queue() {
	within near-c tc qdisc add dev r root tbf rate 64kbit burst 1600 limit 1600 2>/dev/null || skip "no tbf here"
	COUNT=200 within near-c timeout $PATIENCE "$PROBE" "$(server near 4)" 443 >"$TMP/out" 2>"$TMP/err" || STATUS=$?
	comes_about 10 queue_sent_all || STATUS=$?
	within near-c tc qdisc del dev r root
	printed 'flood 200'
	grep -Eq 'Sent [0-9]+ bytes 20[0-9] pkt' "$TMP/qdisc" || fail "$(cat "$TMP/qdisc")"
}

queue_sent_all() {
	within near-c tc -s qdisc show dev r >"$TMP/qdisc"
	grep -Eq 'Sent [0-9]+ bytes 2[0-9][0-9] pkt' "$TMP/qdisc"
}

# Raw sockets alone are enough to measure; the guard is what is missing.
no_guard() {
	[ "$LIVE_INSIDE" = -nmpf ] || skip 'there is only one user here'
	STATUS=0
	within near-c setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +net_raw \
		--ambient-caps +net_raw "$PROBE" "$(server near 4)" 443 >"$TMP/out" 2>"$TMP/err" || STATUS=$?
	status_is 0
	printed 'warning: no guard (nftables: '
	printed "tcp 0x12 from $(server near 4)"
	[ ! -s "$TMP/err" ] || fail "nftables prints by itself"
}

refused() {
	[ "$LIVE_INSIDE" = -nmpf ] || skip 'there is only one user here'
	within near-c setpriv --reuid 65534 --regid 65534 --clear-groups "$PROBE" "$(server near 4)" 443 \
		>"$TMP/out" 2>"$TMP/err" && fail "it ran" || STATUS=$?
	status_is 3
	[ "$(wc -l <"$TMP/err")" = 1 ] || fail "not one line"
	printed 'live: cannot open a raw socket: Operation not permitted: run with sudo, or once: sudo setcap cap_net_raw,cap_net_admin+ep /'
}

run_case 'back-end: answers over IPv4' backend 4 11/0 'quoted id 1234'
run_case 'back-end: answers over IPv6, flow label kept' backend 6 3/0 'quoted label abcde hop limit 1'
for family in 4 6; do
	run_case "back-end: the kernel sends no RST (IPv$family)" guarded $family
done
run_case 'back-end: the guard dies with a killed process' guard_dies
run_case 'back-end: target on this host (IPv4)' own_host 10.1.2.2
run_case 'back-end: target on this host (IPv6)' own_host fd00:1:12::2
run_case 'back-end: loopback (IPv4)' own_host 127.0.0.1
run_case 'back-end: loopback (IPv6)' own_host ::1
run_case 'back-end: link-local target' link_local
run_case 'back-end: policy route' policy_route
run_case 'back-end: source address of another device' borrowed_source
run_case 'back-end: TUN device' tun_device
run_case 'back-end: full device queue' full_queue
run_case 'back-end: without a guard' no_guard
run_case 'back-end: says how to permit it' refused
