# Paths without a box: nothing may be claimed.

clean_path() {
	local hops
	trace "$1" "$2"
	eval "hops=\$((n_$1 + 1))"
	clean
	is ".reached and .path_length == $hops"
	is "[.hops[] | select(.ttl < $hops) | .replies[].kind] | length >= $hops - 1 and all(. == \"time-exceeded\")"
	is "[.hops[] | select(.ttl == $hops) | .replies[].kind] | any(. == \"syn-ack\")"
	is '[.hops[].replies[] | select(.kind == "syn-ack") | .mptcp] | any(. == "v1")'
	is ".hops[0].replies[0].from == \"$(router "$1" "$2" 1)\""
	left_nothing "$1"
	none_half_open "$1"
}

# The target's own choice is no interference.
no_mptcp() {
	trace near "$1" -p 80
	clean
	is '.reached and .path_length == 3'
	is '[.hops[].replies[] | select(.kind == "syn-ack") | .mptcp] | length > 0 and all(. == "none")'
	none_half_open near
}

closed_port() {
	trace near "$1" -p 81
	is '.verdict != "interference" and [.findings[] | select(.cause != "target")] == []'
	is '[.hops[] | select(.ttl == 3) | .replies[].kind] | any(. == "rst")'
	is '[.hops[] | select(.ttl < 3) | .replies[].kind] | length >= 2'
}

# What a service behind a drop-all firewall looks like.
silent_target() {
	rules near-s <<-'EOF'
		chain input {
			type filter hook input priority 0;
			meta l4proto { tcp, icmp } drop
		}
	EOF
	trace near 4 -m 6 -w 0.3
	status_is 4
	is '[.findings[] | select(.cause != "target")] == []'
	is '[.hops[] | select(.ttl < 3) | .replies | length > 0] == [true, true]'
}

own_target() {
	mboxtrace near-s --json -n "$1"
	clean
	is '.reached and .path_length == 1'
	left_nothing near
}

for family in 4 6; do
	run_case "clean path of 3 hops (IPv$family)" clean_path near $family
	run_case "clean path of 7 hops (IPv$family)" clean_path mid $family
	run_case "clean path of 13 hops (IPv$family)" clean_path far $family
	run_case "target without MPTCP (IPv$family)" no_mptcp $family
	run_case "closed port (IPv$family)" closed_port $family
done
run_case 'silent target' silent_target
run_case 'target on this host (IPv4)' own_target 10.1.2.2
run_case 'target on this host (IPv6)' own_target fd00:1:12::2
