# Boxes that drop, refuse and answer.

dropped() {
	box mid "$2" forward 0 'tcp option mptcp exists drop'
	trace mid "$1"
	status_is 1
	located mp_capable dropped "$2" $(($2 + 1))
	located mptcp dropped "$2" $(($2 + 1))
	is '.verdict == "interference" and .path_length == 7'
}

reset() {
	box mid 3 forward 0 'tcp option mptcp exists reject with tcp reset'
	trace mid "$1"
	status_is 1
	located mp_capable reset 3 4
	located mptcp reset 3 4
}

# Nobody gets through, with or without MPTCP: that is no matter of MPTCP.
prohibited() {
	box mid 3 forward 0 'meta l4proto tcp reject with icmpx type admin-prohibited'
	trace mid "$1" -w 0.5
	status_is 4
	is '.verdict == "unreachable"'
	is '[.findings[] | select(.field | test("mptcp"))] == []'
	is '[.hops[].replies[] | select(.kind == "unreachable")] | length > 0'
}

# RSTs in the target's name: a closed port looks the same, but for echoes, which walk on.
refused_port() {
	box mid 3 forward 0 'meta l4proto tcp reject with tcp reset'
	trace mid "$1"
	is '[.findings[] | select(.field | test("mptcp"))] == []'
	status_is 1
	located packet reset 3 4
	is '[.findings[] | .cause] == ["resetter"]'
	is '[.hops[] | select(.ttl == 4) | .replies[] | select(.probe != "icmp-echo") | .kind] |
		length > 0 and all(. == "rst")'
}

# The router answers SYNs in the target's name. The hops behind it answer all the same, by and by.
syn_proxy() {
	rules mid-r3 <<-'EOF'
		chain raw {
			type filter hook prerouting priority raw;
			tcp dport 443 tcp flags syn notrack
		}
		chain proxy {
			type filter hook forward priority 0;
			ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
			ct state invalid drop
		}
	EOF
	within mid-r3 sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose'
	trace mid 4
	status_is 1
	located packet answered 3 4
	is '[.findings[] | select(.change == "blanked" or .change == "removed") | select(.confidence == "certain" and .cause != "target")] == []'
	none_half_open mid
}

for family in 4 6; do
	run_case "MPTCP dropped in FORWARD of router 2 (IPv$family)" dropped $family 2
	run_case "MPTCP dropped in FORWARD of router 5 (IPv$family)" dropped $family 5
	run_case "MPTCP refused with a RST (IPv$family)" reset $family
	run_case "all TCP prohibited by ICMP (IPv$family)" prohibited $family
	run_case "all TCP refused with RSTs (IPv$family)" refused_port $family
done
run_case 'SYN proxy' syn_proxy
