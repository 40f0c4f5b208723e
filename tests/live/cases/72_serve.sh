# The kernel's MPTCP as client of our `serve`.

# The kernel joins from its second address (2), and to our second one as well (3), from both (4).
kernel_joins() {
	local family=$1 subflows=$2 mesh=
	[ "$subflows" -lt 4 ] || mesh=fullmesh
	[ "$subflows" -lt 4 ] || within duo-c ip mptcp endpoint add "$(at 1 "$family" 1)" subflow $mesh
	[ "$subflows" -lt 2 ] || within duo-c ip mptcp endpoint add "$(at 1 "$family" 2)" subflow $mesh
	[ "$subflows" -lt 3 ] || echo "--add-addr $(at 2 "$family" 2)"
}

echoes() {
	local family=$1 subflows=$2 checksum=$3 announced
	fresh
	within duo-c sysctl -qw net.mptcp.checksum_enabled="$checksum"
	announced=$(kernel_joins "$family" "$subflows")
	# shellcheck disable=SC2086
	serving $announced $PORT
	client 20000000 20000000 -j $((subflows - 1)) "$(at 2 "$family" 1)"
	served_out
	has '.role == "server" and .outcome == "mptcp" and .verdict == "clean" and .intact'
	has ".checksum == ($checksum == 1) and .sent == 20000000 and .received == 20000000"
	has "[.subflows[] | select(.received > 0 or .sent > 0)] | length == $subflows"
	counted duo-c MPCapableSYNACKRX -eq 1
	counted duo-c MPJoinSynAckRx -eq $((subflows - 1))
	counted duo-c DataCsumErr -eq 0
	[ "$subflows" -lt 3 ] || counted duo-c AddAddr -ge 1
	left_nothing_at duo-s
}

left_nothing_at() {
	no_tables "$1" || fail "left behind: $(within "$1" nft list tables)"
}

plain_client() {
	fresh
	serving $PORT echo
	client 1000000 1000000 -t 10.4.1.2
	served_out
	has '.outcome == "fallback" and .fallback.stage == "syn-ack" and .verdict == "clean"'
	grep -q 'TCP (fallback at syn-ack' "$TMP/lines" || fail 'no line of it'
}

discards() {
	fresh
	serving $PORT discard
	client 1000000 0 10.4.1.2
	served_out
	has '.received == 1000000 and .sent == 0 and .intact'
}

sends() {
	fresh
	"$PEER" make 2000000 >"$TMP/file"
	serving $PORT send "$TMP/file"
	client 1000 2000000 10.4.1.2
	served_out
	has '.received == 1000 and .sent == 2000000 and .intact'
}

# What the kernel gets are numbers of 4 octets.
half_numbers_served() {
	fresh
	within duo-c sysctl -qw net.mptcp.checksum_enabled=1
	within duo-c ip mptcp endpoint add 10.4.2.1 subflow
	serving --dsn 4 $PORT
	client 5000000 5000000 -j 1 10.4.1.2
	served_out
	has '.outcome == "mptcp" and .checksum and .intact and .sent == 5000000'
	counted duo-c DataCsumErr -eq 0
	counted duo-c DSSNotMatching -eq 0
}

with_cookies() {
	fresh
	within duo-c ip mptcp endpoint add "$(at 1 "$1" 2)" subflow
	serving --cookies $PORT
	client 3000000 3000000 "$(at 2 "$1" 1)"
	served_out
	has '.outcome == "mptcp" and .intact'
	counted duo-c MPCapableSYNACKRX -eq 1
}

many_clients() {
	local i
	fresh
	serving $PORT
	for i in $(seq 20); do
		within duo-c timeout $PATIENCE "$PEER" connect 10.4.1.2 $PORT 300000 >"$TMP/got-$i" &
	done
	for i in $(seq 20); do
		await "$TMP/got-$i" received
		grep -q "^$(HASH 300000)," "$TMP/got-$i" || fail "client $i: $(cat "$TMP/got-$i")"
	done
	served_out
	[ "$(jq -s 'map(select(.type == "connection" and .intact)) | length' "$TMP/out")" -eq 20 ] ||
		fail 'not 20 connections'
	[ "$(wc -l <"$TMP/lines")" -eq 20 ] || fail 'not 20 lines'
}

client_fastcloses() {
	fresh
	serving $PORT discard
	within duo-c timeout $PATIENCE "$PEER" connect -a 10.4.1.2 $PORT 5000 >"$TMP/got"
	served_out
	has '.outcome == "reset" and .subflows[0].close == "fastclose"'
	counted duo-c MPFastcloseTx -ge 1
}

# What the kernel sends from its second address leaves by its second device.
two_paths() {
	within duo-c ip mptcp endpoint add 10.4.2.1 dev p2 subflow
	within duo-c ip route replace 10.4.1.0/24 dev p2 metric 100
}

# One path is cut in the middle, and restored.
path_cut_serving() {
	fresh
	two_paths
	serving $PORT
	client 100000000 100000000 -j 1 -x "$(cutting "p$1")" -x "$mending" 10.4.1.2
	served_out
	has '.outcome == "mptcp" and .intact and .sent == 100000000 and .received == 100000000'
}

# A gigabyte to us and back; LONG=1 asks for it.
gigabyte_served() {
	[ -n "$LONG" ] || skip 'takes long: LONG=1'
	fresh
	two_paths
	serving $PORT
	client 1000000000 1000000000 -j 1 -x "$(cutting "p$1")" -x "$mending" -x "$(cutting "p$1")" -x "$mending" 10.4.1.2
	served_out
	has '.outcome == "mptcp" and .intact and .sent == 1000000000 and .received == 1000000000'
}

removed() {
	fresh
	within duo-c ip mptcp endpoint add 10.4.2.1 id 3 subflow signal
	serving $PORT
	client 20000000 20000000 -j 1 -x 'ip mptcp endpoint del id 3' 10.4.1.2
	served_out
	has '.outcome == "mptcp" and .intact'
	counted duo-c RmAddrTx -ge 1
}

# The address that clients come to is a backup: MP_PRIO says so, as the SYN/ACK could not.
prefers_another() {
	fresh
	serving --add-addr 10.4.1.2/backup --add-addr 10.4.2.2 $PORT
	client 20000000 20000000 -j 1 -x true -x true -x true 10.4.1.2
	served_out
	has '.outcome == "mptcp" and .intact and [.subflows[].backup] == [true, false]'
	has '.subflows[1].sent > .subflows[0].sent'
	counted duo-c MPPrioRx -eq 1
}

port_taken() {
	fresh
	listen duo-s 0
	mboxtrace duo-s serve $PORT
	status_is 2
	grep -q "local port $PORT is in use" "$TMP/err" || fail 'not said'
}

# Both ends are ours, over loopback.
own_both() {
	fresh
	serving $PORT
	connect duo-s 1000000 127.0.0.1
	arrived 1000000
	status_is 0
}

for family in 4 6; do
	for checksum in 0 1; do
		for subflows in 1 2 3 4; do
			run_case "serve the kernel (IPv$family): $subflows subflows, checksums $checksum" \
				echoes $family $subflows $checksum
		done
	done
	run_case "serve with cookies (IPv$family)" with_cookies $family
done
run_case 'serve: a plain TCP client' plain_client
run_case 'serve: discard' discards
run_case 'serve: data sequence numbers of 4 octets' half_numbers_served
run_case 'serve: send' sends
run_case 'serve: twenty clients at once' many_clients
run_case 'serve: fastclose from the kernel' client_fastcloses
run_case 'serve: first path cut and restored' path_cut_serving 1
run_case 'serve: second path cut and restored' path_cut_serving 2
for path in 1 2; do
	run_case "serve: a gigabyte each way, path $path cut and restored twice" gigabyte_served $path
done
run_case 'serve: the kernel removes an address' removed
run_case 'serve: MP_PRIO' prefers_another
run_case 'serve: port taken' port_taken
run_case 'serve and connect on one host' own_both
