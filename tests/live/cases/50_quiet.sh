# Routers that say little.

hush() {
	rules "$1" <<-'EOF'
		chain output {
			type filter hook output priority 0;
			icmp type time-exceeded drop
			icmpv6 type time-exceeded drop
		}
	EOF
}

silent_hops() {
	local family=$1 k
	shift
	for k in "$@"; do
		hush far-r$k
	done
	trace far "$family"
	clean
	is '.path_length == 13'
	for k in "$@"; do
		is ".hops[] | select(.ttl == $k) | .replies == []"
	done
}

# The interval widens over who says nothing.
silent_witness() {
	hush mid-r4
	box mid 3 forward 0 'reset tcp option mptcp'
	trace mid "$1"
	status_is 1
	located mp_capable blanked 3 5
}

all_silent() {
	local k
	for k in 1 2; do
		hush near-r$k
	done
	trace near 4
	status_is 0 4
	is '.reached and .path_length == 3'
	is '[.findings[] | select(.cause != "target")] == []'
}

rate_limits() {
	local path=$1 family=$2 runs=$3 n
	eval "n=\$n_$path"
	default_limits "$path" "$n"
	for _ in $(seq "$runs"); do
		trace "$path" "$family"
		clean
		is ".path_length == $((n + 1))"
	done
}

# Once the routers have said all they may, nobody is a witness: the box is found or the result is
# inconclusive, but the path is not called clean.
limited_box() {
	box near 1 forward 0 'reset tcp option mptcp'
	default_limits near 2
	for _ in 1 2 3 4; do
		trace near "$1"
		status_is 1 4
		[ "$STATUS" = 4 ] || located mp_capable blanked 1 2
	done
}

for family in 4 6; do
	run_case "box behind default ICMP rate limits (IPv$family)" limited_box $family
	run_case "silent hop (IPv$family)" silent_hops $family 5
	run_case "silent hops (IPv$family)" silent_hops $family 1 4 5 6 12
	run_case "box before a silent hop (IPv$family)" silent_witness $family
	run_case "default ICMP rate limits, 3 hops, three runs (IPv$family)" rate_limits near $family 3
	run_case "default ICMP rate limits, 13 hops, two runs (IPv$family)" rate_limits far $family 2
done
run_case 'no router answers' all_silent
