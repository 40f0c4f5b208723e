# Joins from a further local address (--connect --local A --local B), over an uplink of its own with
# kernel routers, towards the kernel's MPTCP.

# end FAMILY NET: an address of the client of `fork`, or with 99 the server's.
end() {
	[ "$1" = 4 ] && echo "10.5.$2.1" || echo "fd00:5:$2::1"
}

# locals FAMILY OPTION…: a trace from the address of the first uplink, joined from that of the second.
from_both() {
	local family=$1 port
	shift
	port=$(next_port)
	rm -f "$TMP/server"
	within fork-s timeout $PATIENCE "$PEER" listen "$port" echo >"$TMP/server" 2>&1 &
	await "$TMP/server" ready
	mboxtrace fork-c --json -n --connect -p "$port" --local "$(end "$family" 10)" \
		--local "$(end "$family" 20)" "$@" "$(end "$family" 99)"
	fits_schema "$TMP/out"
}

# on ROUTER RULE
on() {
	rules "fork-$1" <<-EOF
		chain box {
			type filter hook forward priority 0;
			$2
		}
	EOF
}

# The hops of both uplinks, and what was asked of them.
both_walked() {
	is '.path_length == 3 and .inside.tested and (.paths | length) == 1'
	is '.paths[0] | .local == "'"$(end "$1" 20)"'" and .path_length == 4 and .tested'
	is '[.paths[0].hops[].replies[0].from] | index("'"$(end "$1" 99)"'") == 3'
	is '[.paths[0].probes[] | select(.name | test("mp-join-")) | .spec | test("id=2")] == [true, true]'
	is '.inside | .join_valid.answer == "accepted" and .join_bogus.answer == "refused"'
}

# The kernel of the client sends no RST, and none is left in SYN-RECV at the server.
local_clean() {
	from_both "$1"
	status_is 0
	both_walked "$1"
	is '.verdict == "clean" and .findings == []'
	is '.paths[0] | .join_valid.answer == "accepted" and .join_bogus.answer == "refused"'
	is '[.paths[0].probes[] | select(.name | test("mp-join-")) | .received] | all(. >= 4)'
	[ "$(within fork-c nstat -asz TcpOutRsts | awk '/TcpOutRsts/ { print $2 }')" -eq 0 ] || fail 'RSTs of the kernel'
	left_nothing fork
	none_half_open fork
}

# local_box FAMILY ROUTER RULE 'FINDING…': all that must be found.
local_box() {
	on "$2" "$3"
	from_both "$1"
	both_walked "$1"
	status_is 1
	is '[.findings[] | [(.field | ltrimstr("tcp.options.mptcp.")), .change, .after.ttl, .by.ttl, .impact] |
		map(tostring) | join(" ")] == ["'"$4"'"]'
	none_half_open fork
	is 'all(.findings[]; .subflow == 1 and .local == "'"$(end "$1" 20)"'")'
	is 'all(.findings[]; .explain | startswith("On the path from '"$(end "$1" 20)"': "))'
}

local_dead() {
	on b2 'drop'
	from_both "$1"
	status_is 4
	is '.verdict == "inconclusive" and .findings == [] and (.reason | test("not even a plain SYN"))'
	is '.paths[0] | .tested == false and .reached == false'
}

local_strange() {
	mboxtrace fork-c --connect --local 10.5.10.1 --local 192.0.2.99 10.5.99.1
	status_is 3
	grep -q 'is not an address of this host' "$TMP/err" || fail 'not said'
	[ ! -s "$TMP/out" ] || fail 'something was printed'
}

# Nothing leads there from the second address: that is said, and not taken for a box.
local_refused() {
	rules fork-c <<-EOF
		chain box {
			type filter hook output priority 0;
			ip saddr 10.5.20.1 drop
		}
	EOF
	from_both 4
	status_is 4
	is '.findings == [] and .paths[0].tested == false'
	grep -q 'packets from further addresses could not be sent' "$TMP/err" || fail 'not said'
}

for family in 4 6; do
	run_case "joins from a second address, IPv$family" local_clean $family
	run_case "joins from a second address are dropped, IPv$family" local_box $family b2 \
		'tcp flags & (syn|ack) == syn tcp option mptcp subtype 1 drop' 'mp_join dropped 2 3 no-subflow'
	run_case "joins from a second address are stripped, IPv$family" local_box $family b1 \
		'tcp flags & (syn|ack) == syn tcp option mptcp subtype 1 reset tcp option mptcp' 'mp_join blanked 1 2 no-subflow'
	run_case "joins from a second address, which leads nowhere, IPv$family" local_dead $family
done
run_case 'joins from an address of nobody' local_strange
run_case 'joins from an address that may not send' local_refused
