# Our client against the kernel's MPTCP: every transfer is compared octet by octet.

# One path, or two (the client joins), or all pairs (the server announces its second address) up to a
# limit.
locals() {
	echo "--limits $(($2 - 1)) --local $(at 1 "$1" 1)"
	[ "$2" -eq 1 ] || echo "--local $(at 1 "$1" 2)"
	[ "$2" -lt 3 ] || within duo-s ip mptcp endpoint add "$(at 2 "$1" 2)" signal
}

transfer() {
	local family=$1 subflows=$2 checksum=$3
	fresh
	within duo-s sysctl -qw net.mptcp.checksum_enabled="$checksum"
	listen duo-s 3000000 -j $((subflows - 1))
	# shellcheck disable=SC2046
	connect duo-c "1000 opened:$((subflows - 1)) 2999000 1000000" $(locals "$family" "$subflows") "$(at 2 "$family" 1)"
	arrived 3000000
	served 1000 2999000 1000000
	status_is 0
	has '.outcome == "mptcp" and .verdict == "clean" and .intact and .fallback == null'
	has ".checksum == ($checksum == 1) and .sent == 4000000 and .received == 3000000"
	has "[.subflows[] | select(.sent > 0 or .received > 0)] | length == $subflows"
	counted duo-s MPCapableACKRX -eq 1
	counted duo-s MPJoinAckRx -eq $((subflows - 1))
	counted duo-s DataCsumErr -eq 0
	counted duo-s MPFailTx -eq 0
}

# Data sequence numbers of 4 octets, and with this seed's key they wrap after 2 MB.
half_numbers() {
	local checksum=$1
	fresh
	within duo-s sysctl -qw net.mptcp.checksum_enabled="$checksum"
	listen duo-s 3000000 -j 1
	connect duo-c '1000 opened:1 2999000 1000000' --dsn 4 --seed 812 --pcap "$TMP/all.pcap" \
		--local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	arrived 3000000
	served 1000 2999000 1000000
	has '.outcome == "mptcp" and .intact and .fallback == null and .sent == 4000000'
	has '([.subflows[] | select(.sent > 0)] | length) == 2 and .checksum_failures == 0'
	counted duo-s DataCsumErr -eq 0
	counted duo-s DSSNotMatching -eq 0
	command -v tcpdump >/dev/null || skip "tcpdump is not installed"
	tcpdump -n -r "$TMP/all.pcap" 'dst host 10.4.1.2 or dst host 10.4.2.2' 2>/dev/null |
		sed -n 's/.* dss .*seq \([0-9]*\) subseq.*/\1/p' | sort -n >"$TMP/numbers"
	[ "$(head -n 1 "$TMP/numbers")" -lt 10000 ] && [ "$(tail -n 1 "$TMP/numbers")" -gt 4294960000 ] &&
		[ "$(tail -n 1 "$TMP/numbers")" -lt 4294967296 ] ||
		fail "numbers from $(head -n 1 "$TMP/numbers") to $(tail -n 1 "$TMP/numbers")"
}

# Two subflows as backups of the first: nothing goes over them.
backup() {
	fresh
	listen duo-s 1000000
	connect duo-c '1000 opened:1 999000' --local 10.4.1.1 --local 10.4.2.1/backup 10.4.1.2
	arrived 1000000
	served 1000 999000
	has '[.subflows[] | select(.backup) | .sent] == [0] and (.subflows | length) == 2'
}

# The peer makes the path a backup (MP_PRIO).
backup_from_peer() {
	fresh
	within duo-s ip mptcp endpoint add 10.4.1.2 dev p1 id 7
	listen duo-s echo
	connect duo-c '300000 opened:1 peer_backs_up 300000' --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	served 300000 300000
	counted duo-s MPPrioTx -ge 1
	[ "$(events backup-changed)" -ge 1 ] || fail 'MP_PRIO was not seen'
}

peer_backs_up() {
	within duo-s ip mptcp endpoint change id 7 backup
	happened backup-changed
}

peer_removes() {
	await "$TMP/out" 'subflow-opened.*"remote":"10.4.2.2:'
	within duo-s ip mptcp endpoint del id 5
	happened address-removed
}

remove_addr() {
	fresh
	within duo-s ip mptcp endpoint add 10.4.2.2 id 5 signal
	listen duo-s echo
	connect duo-c '300000 opened:1 peer_removes 300000' --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	served 300000 300000
	status_is 0
	[ "$(events address-announced)" -eq 1 ] || fail 'no address announced'
	[ "$(events address-removed)" -eq 1 ] || fail 'no address removed'
	counted duo-s RmAddrTx -eq 1
	has '[.subflows[] | select(.remote | startswith("10.4.2.2")) | .close] | all(. != null)'
}

# The kernel ends everything at once.
fastclose_from_peer() {
	fresh
	listen duo-s 100000 -a
	connect duo-c '1000 happened:closed 1000' 10.4.1.2
	has '.outcome == "reset" and .subflows[0].close == "fastclose" and .received <= 100000'
	has '.intact | not'
	status_is 4
	counted duo-s MPFastcloseTx -ge 1
}

# We do: who interrupts it does not leave the peer waiting.
fastclose_to_peer() {
	fresh
	listen duo-s 1000
	rm -f "$TMP/out"
	(exec nsenter --net=/run/netns/duo-c -- "$MBOXTRACE" connect -o "$TMP/out" 10.4.1.2 $PORT \
		</dev/zero >/dev/null 2>"$TMP/err") &
	happened established
	kill -INT $!
	wait $! || true
	has '.interrupted and (.intact | not)'
	counted duo-s MPFastcloseRx -ge 1
	left_nothing duo
}

cookies() {
	fresh
	within duo-s sysctl -qw net.ipv4.tcp_syncookies=2
	listen duo-s 1000000
	connect duo-c '1000 opened:1 999000' --local "$(at 1 "$1" 1)" --local "$(at 1 "$1" 2)" "$(at 2 "$1" 1)"
	arrived 1000000
	served 1000 999000
	has '.outcome == "mptcp" and ([.subflows[] | select(.sent > 0)] | length) == 2'
}

plain_tcp() {
	fresh
	listen duo-s 1000000 -t
	connect duo-c 1000000 --local "$(at 1 "$1" 1)" --local "$(at 1 "$1" 2)" "$(at 2 "$1" 1)"
	arrived 1000000
	served 1000000
	status_is 0
	has '.outcome == "fallback" and .fallback.stage == "syn-ack" and .verdict == "clean"'
	has '[.findings[].cause] == ["target"]'
}

closed_port_connect() {
	fresh
	connect duo-c 1000 10.4.1.2
	status_is 4
	has '.outcome == "refused" and .verdict == "unreachable" and .findings == []'
}

# One path is cut in the middle, and restored.
path_cut() {
	local path=$1
	fresh
	listen duo-s 60000000
	connect duo-c "1000 opened:1 29999000 cut_path:$path 30000000 mend:s 30000000" --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	arrived 60000000
	served 1000 29999000 30000000 30000000
	has '.outcome == "mptcp" and .intact'
}

# flap NS DEVICE: drops data that come there, every other 100 ms.
flap() {
	within "$1" nft 'add table inet flap; add chain inet flap in { type filter hook input priority -300; }'
	while :; do
		within "$1" nft "add rule inet flap in iifname $2 meta length > 600 drop"
		sleep 0.1
		within "$1" nft flush chain inet flap in
		sleep 0.1
	done
}

# Again and again the second path fills the window behind what the first one lost. A Linux whose
# memory that fills takes nothing any more, not even what is missing.
path_flaps() {
	fresh
	flap duo-s p1 &
	FLAPPING=$!
	trap 'kill $FLAPPING; forget_rules' EXIT
	for _ in 1 2 3 4 5; do
		listen duo-s 10000000
		connect duo-c 40000000 --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
		arrived 10000000
		served 40000000
	done
}

# The second device takes shorter packets than the first.
small_device() {
	fresh
	ip -n duo-c link set dev p2 mtu 1300
	listen duo-s 1000000
	connect duo-c '1000 opened:1 599000' --scheduler round-robin --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	ip -n duo-c link set dev p2 mtu 1500
	arrived 1000000
	served 1000 599000
	# If the peer is slow to answer, the last segment is sent again (RFC 8985 §7), once a flight; what is
	# too long for the device would be many more.
	has '.intact and ([.subflows[] | select(.sent > 0) | .retransmitted < 5000] == [true, true])'
}

# Two uplinks without rules: the second address leaves by its own device.
uplinks() {
	fresh
	ip -n duo-c route add 192.0.2.0/24 via 10.4.1.2 metric 10
	ip -n duo-c route add 192.0.2.0/24 via 10.4.2.2 metric 20
	ip -n duo-s addr add 192.0.2.80/32 dev lo
	within duo-s nft 'add table inet box; add chain inet box in { type filter hook input priority -300; };
		add rule inet box in iifname p1 ip saddr 10.4.2.1 drop; add rule inet box in iifname p2 ip saddr 10.4.1.1 drop'
	listen duo-s 1000000
	connect duo-c '1000 opened:1 599000' --local 10.4.1.1 --local 10.4.2.1 192.0.2.80
	ip -n duo-c route flush 192.0.2.0/24
	ip -n duo-s addr del 192.0.2.80/32 dev lo
	arrived 1000000
	served 1000 599000
	counted duo-s MPJoinAckRx -eq 1
}

# A gigabyte each way; LONG=1 asks for it.
gigabyte() {
	[ -n "$LONG" ] || skip 'takes long: LONG=1'
	local part="100000000 cut_path:$1 100000000 mend:s"
	fresh
	listen duo-s 1000000000
	connect duo-c "1000 opened:1 $part $part $part 399999000" --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	arrived 1000000000
	served 1000 100000000 100000000 100000000 100000000 100000000 100000000 399999000
	has '.outcome == "mptcp" and .intact'
}

goes_down() {
	opened 1
	ip -n duo-c link set dev p2 down
}

comes_up() {
	ip -n duo-c link set dev p2 up
	own_addresses duo-c p2
}

# A device that goes down takes its routes with it.
link_down() {
	fresh
	listen duo-s 60000000
	connect duo-c '30000000 goes_down 30000000 comes_up 30000000' --local 10.4.1.1 --local 10.4.2.1 10.4.1.2
	arrived 60000000
	served 30000000 30000000 30000000
	has '.outcome == "mptcp" and .intact'
}

check_answers() {
	fresh
	listen duo-s 5000
	echo 'tell me' >"$TMP/request"
	chmod a+r "$TMP/request"
	connect duo-c 0 --check --data "$TMP/request" "$@" 10.4.1.2
	status_is 0
	has '.verdict == "clean" and .received == 5000 and .sent == 8 and .intact'
	grep -q 'MPTCP works from end to end' "$TMP/err" || fail 'not said'
}

for family in 4 6; do
	for checksum in 0 1; do
		for subflows in 1 2 3 4; do
			run_case "connect to the kernel (IPv$family): $subflows subflows, checksums $checksum" \
				transfer $family $subflows $checksum
		done
	done
	run_case "connect, kernel with SYN cookies (IPv$family)" cookies $family
	run_case "connect to plain TCP (IPv$family)" plain_tcp $family
done
run_case 'connect: data sequence numbers of 4 octets, that wrap' half_numbers 0
run_case 'connect: data sequence numbers of 4 octets, that wrap, checksums' half_numbers 1
run_case 'connect: second device with a smaller MTU' small_device
run_case 'connect: two uplinks' uplinks
run_case 'connect: backup' backup
run_case 'connect: the kernel makes a path a backup' backup_from_peer
run_case 'connect: REMOVE_ADDR from the kernel' remove_addr
run_case 'connect: fastclose from the kernel' fastclose_from_peer
run_case 'connect: interrupted' fastclose_to_peer
run_case 'connect: closed port' closed_port_connect
run_case 'connect: first path cut and restored' path_cut 1
run_case 'connect: second path cut and restored' path_cut 2
for path in 1 2; do
	run_case "connect: a gigabyte each way, path $path cut and restored three times" gigabyte $path
done
run_case 'connect: a path that comes and goes' path_flaps
run_case 'connect: device down and up' link_down
run_case 'connect --check' check_answers
