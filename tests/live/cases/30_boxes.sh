# Boxes that rewrite. A router looks at the TTL between PREROUTING and FORWARD: what is changed in
# PREROUTING shows in its own quote, what is changed in FORWARD in that of the next hop.

# box HOOK PRIORITY RULE, in router K of path NAME.
box() {
	rules "$1-r$2" <<-EOF
		chain box {
			type filter hook $3 priority $4;
			$5
		}
	EOF
}

strip_forward() {
	box mid "$2" forward 0 'reset tcp option mptcp'
	trace mid "$1"
	status_is 1
	located mp_capable blanked "$2" $(($2 + 1))
	is '.verdict == "interference" and .path_length == 7'
	is '[.findings[] | select(.field | test("mptcp") | not) | select(.cause != "target")] == []'
}

strip_prerouting() {
	box mid "$2" prerouting -150 'reset tcp option mptcp'
	trace mid "$1"
	status_is 1
	located mp_capable blanked $(($2 - 1)) "$2"
}

# Behind the last router no router quotes; but the target does, if asked in the right way.
strip_last() {
	box mid 6 forward 0 'reset tcp option mptcp'
	trace mid "$1"
	status_is 1
	located mp_capable blanked 6 7
	is '[.hops[].replies[] | select(.kind == "syn-ack") | .mptcp] | all(. == "none")'
}

own_probe() {
	box mid 3 forward 0 'reset tcp option mptcp'
	trace mid "$1" -P 'IP/TCP{dst=443}/MSS(1460)/SACKP/TS/WS(7)/MPCAPABLE{v=1}'
	status_is 1
	located mp_capable blanked 3 4
	is '.probe.sent <= 32' # 16 hops at once, each at most twice; how few it may be the lab's tests know
	none_half_open mid
}

mss_clamp() {
	box mid 3 forward 0 'tcp option maxseg size set 1200'
	trace mid "$1"
	status_is 1
	located 'tcp.options.mss' rewritten 3 4
	is '[.findings[] | select(.field | test("mss")) | .cause == "mss-clamp"] | all'
}

# rewritten FAMILY RULE FIELD CHANGE: by router 4, and nothing is said of MPTCP.
rewritten() {
	box mid 4 forward 0 "$2"
	trace mid "$1"
	status_is 1
	located "$3" "$4" 4 5
	is '[.findings[] | select(.field | test("mptcp"))] == []'
	is '.path_length == 7'
}

ttl_set() {
	box mid 4 prerouting -150 'ip ttl 1-60 ip ttl set 60'
	trace mid 4
	is '[.findings[] | select(.field | test("mptcp"))] == []'
}

# Linux translates what ICMP errors quote back to what was sent: nothing shows, nothing is claimed.
masquerade() {
	rules mid-r3 <<-EOF
		chain nat {
			type nat hook postrouting priority srcnat;
			oifname r masquerade
		}
	EOF
	trace mid "$1"
	clean
	is '.reached and .path_length == 7'
}

# Hops behind it are hidden or answer in the target's name; the path is there all the same.
destination_nat() {
	rules mid-r3 <<-EOF
		chain nat {
			type nat hook prerouting priority dstnat;
			ip daddr 10.2.77.1 dnat to 10.2.6.2
		}
	EOF
	within mid-r1 ip route add 10.2.77.1/32 via 10.2.1.2
	within mid-r2 ip route add 10.2.77.1/32 via 10.2.2.2
	mboxtrace mid-c --json -n 10.2.77.1
	within mid-r1 ip route del 10.2.77.1/32
	within mid-r2 ip route del 10.2.77.1/32
	is '.reached and .path_length == 7'
	is '[.findings[] | .field] == ["ip.dst"]'
	located ip.dst rewritten 2 3
}

for family in 4 6; do
	for k in 1 2 3 4 5; do
		run_case "MPTCP blanked in FORWARD of router $k (IPv$family)" strip_forward $family $k
	done
	for k in 1 2 3 4 5 6; do
		run_case "MPTCP blanked in PREROUTING of router $k (IPv$family)" strip_prerouting $family $k
	done
	run_case "MPTCP blanked, probe of one's own (IPv$family)" own_probe $family
	run_case "MSS clamped (IPv$family)" mss_clamp $family
	run_case "masquerade (IPv$family)" masquerade $family
done
for family in 4 6; do
	run_case "MPTCP blanked in the last router (IPv$family)" strip_last $family
done
run_case 'DSCP set' rewritten 4 'ip dscp set cs1' 'dscp' rewritten
run_case 'ECN bleached' rewritten 4 'ip ecn set not-ect' 'ecn' rewritten
run_case 'IP ID set' rewritten 4 'ip id set 4660' 'ip.id' rewritten
run_case 'flow label set' rewritten 6 'ip6 flowlabel set 0' 'ipv6.flow' rewritten
for family in 4 6; do
	run_case "window set (IPv$family)" rewritten $family 'tcp window set 1000' 'tcp.window' rewritten
	run_case "SACK-permitted blanked (IPv$family)" rewritten $family 'reset tcp option sack-perm' 'sack_perm' blanked
	run_case "timestamps blanked (IPv$family)" rewritten $family 'reset tcp option timestamp' 'timestamp' blanked
	run_case "window scale blanked (IPv$family)" rewritten $family 'reset tcp option window' 'wscale' blanked
done
run_case 'TTL set' ttl_set
run_case 'destination NAT' destination_nat
