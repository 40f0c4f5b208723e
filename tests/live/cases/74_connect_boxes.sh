# Our client and the kernel's server with boxes of nftables before the server: how the connection
# ends, and what is concluded.

# spoil RULE…: each packet to or from the server.
spoil() {
	local rule
	{
		echo 'table inet box {
			chain from { type filter hook output priority -300; }
			chain to { type filter hook prerouting priority -300; }
		}'
		for rule; do echo "add rule inet box $rule"; done
	} | within duo-s nft -f -
}

# fallback_at STAGE JQ-of-finding: all octets there, and interference concluded.
fell_back() {
	arrived 1000000
	served 200000 200000
	has '.outcome == "fallback" and .fallback.stage == "'"$1"'"'
	has "[.findings[] | select(.basis == \"endpoint\") | .field, .change] == [\"tcp.options.mptcp.$2\", \"$3\"]"
	status_is 1
}

through() {
	listen duo-s 1000000
	connect duo-c '200000 pause 200000' "$@" 10.4.1.2
}

# As if the target did not speak MPTCP.
strip_all() {
	fresh
	spoil 'to reset tcp option mptcp' 'from reset tcp option mptcp'
	through
	arrived 1000000
	served 200000 200000
	status_is 0
	has '.outcome == "fallback" and .fallback.stage == "syn-ack"'
	has '[.findings[] | .cause] == ["target"]'
}

strip_behind_syn() {
	fresh
	spoil "$1 tcp flags & syn == 0 reset tcp option mptcp"
	through
	fell_back first-data dss removed
}

strip_synack() {
	fresh
	spoil 'from tcp flags & (syn|ack) == syn|ack reset tcp option mptcp'
	through
	arrived 1000000
	served 200000 200000
	has '.outcome == "fallback" and .fallback.stage == "syn-ack"'
}

drop_capable() {
	fresh
	spoil 'to tcp flags & (syn|ack) == syn tcp option mptcp exists drop'
	through
	fell_back syn-ack mp_capable dropped
}

# Only --check asks again without MPTCP.
reset_capable() {
	fresh
	within duo-s nft 'add table inet box; add chain inet box to { type filter hook input priority 0; };
		add rule inet box to tcp flags & (syn|ack) == syn tcp option mptcp exists reject with tcp reset'
	listen duo-s 1000
	connect duo-c 0 --check 10.4.1.2
	has '.outcome == "refused" and .verdict == "interference"'
	has '[.findings[] | .field, .change, .cause] == ["tcp.options.mptcp.mp_capable", "reset", "resetter"]'
	status_is 1
}

drop_join() {
	fresh
	spoil 'to tcp flags & (syn|ack) == syn tcp option mptcp subtype 1 drop'
	through --local 10.4.1.1 --local 10.4.2.1
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact and ([.subflows[] | select(.sent > 0)] | length) == 1'
}

# The join's options vanish: that subflow must die, the connection live.
strip_join() {
	fresh
	spoil 'to iifname p2 reset tcp option mptcp' 'from oifname p2 reset tcp option mptcp'
	through --local 10.4.1.1 --local 10.4.2.1
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact and ([.subflows[] | select(.sent > 0)] | length) == 1'
	has '[.findings[] | .field, .change, .impact] == ["tcp.options.mptcp.mp_join", "removed", "no-subflow"]'
	status_is 1
}

# in_capable NS: packets that came with ECT(0).
in_capable() {
	within "$1" cat /proc/net/netstat | awk '$1 == "IpExt:" && $2 ~ /^[A-Z]/ { for (i = 2; i <= NF; i++) if ($i == "InECT0Pkts") at = i }
		$1 == "IpExt:" && $2 ~ /^[0-9]/ { print $at }'
}

# Every tenth packet is marked; who did not ask has none to mark.
marks() {
	local before
	fresh
	before=$(in_capable duo-s)
	spoil 'to ip ecn ect0 numgen inc mod 10 == 0 ip ecn set ce'
	through
	arrived 1000000
	[ "$(in_capable duo-s)" -eq "$before" ] || fail 'capable without having asked'
	fresh
	spoil 'to ip ecn ect0 numgen inc mod 10 == 0 ip ecn set ce'
	through --ecn --local 10.4.1.1 --local 10.4.2.1
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact and ([.subflows[].sent] | add) < 500000'
	[ "$(in_capable duo-s)" -gt "$before" ] || fail 'nothing was capable'
}

drop_add_addr() {
	fresh
	within duo-s ip mptcp endpoint add 10.4.2.2 signal
	spoil 'from tcp option mptcp subtype 3 drop'
	through --local 10.4.1.1
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact'
}

clamp() {
	fresh
	spoil 'to tcp flags syn tcp option maxseg size set 1200' 'from tcp flags syn tcp option maxseg size set 1100'
	through
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact and .subflows[0].mss <= 1100'
}

strip_other() {
	fresh
	spoil "to reset tcp option $1" "from reset tcp option $1"
	through --local 10.4.1.1 --local 10.4.2.1
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact'
}

translated() {
	fresh
	rules near-r1 <<-'EOF'
		chain out {
			type nat hook postrouting priority srcnat;
			oifname r masquerade random
		}
	EOF
	listen near-s 1000000
	connect near-c '200000 pause 200000' "$(server near "$1")"
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact'
	status_is 0
}

run_case 'connect, box: marks ECN' marks
run_case 'connect, box: strips MPTCP' strip_all
run_case 'connect, box: strips MPTCP behind the SYN, to the server' strip_behind_syn to
run_case 'connect, box: strips MPTCP behind the SYN, from the server' strip_behind_syn from
run_case 'connect, box: strips MPTCP from SYN/ACKs' strip_synack
run_case 'connect, box: drops MP_CAPABLE SYNs' drop_capable
run_case 'connect, box: resets MP_CAPABLE SYNs' reset_capable
run_case 'connect, box: drops MP_JOIN' drop_join
run_case 'connect, box: strips the second path' strip_join
run_case 'connect, box: drops ADD_ADDR' drop_add_addr
run_case 'connect, box: clamps MSS' clamp
for option in timestamp sack-perm window; do
	run_case "connect, box: strips $option" strip_other $option
done
for family in 4 6; do
	run_case "connect, box: NAT (IPv$family)" translated $family
done

# A link in the middle takes shorter packets only, and routers say so.
narrow() {
	fresh
	within near-r1 ip link set dev r mtu 1300
	within near-r2 ip link set dev l mtu 1300
	listen near-s 1000000
	connect near-c '200000 pause 200000' "$(server near "$1")"
	within near-r1 ip link set dev r mtu 1500
	within near-r2 ip link set dev l mtu 1500
	within near-s ip route flush cache
	arrived 1000000
	served 200000 200000
	has '.outcome == "mptcp" and .intact and .subflows[0].retransmitted > 0'
}

for family in 4 6; do
	run_case "connect, path MTU (IPv$family)" narrow $family
done
