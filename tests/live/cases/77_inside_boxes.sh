# Traced from inside a connection through the lab's boxes, with kernel routers around them and the
# kernel's MPTCP at the other end.

# boxed FAMILY EXPECTED K BOX KEY=VALUE…: a box behind hop K, and all that must be found, as
# "DIRECTION FIELD CHANGE AFTER BY IMPACT" (of MPTCP's options the last word; - for null), or "".
# "any" is any impact: where it depends on what of the data the kernel gets first.
boxed() {
	local family=$1 expected=$2 k=$3
	shift 3
	lab_box mid "$k" "$@"
	inside "$family"
	is '.inside.tested and .path_length == 7'
	is '[.findings[] | [.direction, (.field | ltrimstr("tcp.options.mptcp.")), .change,
		(.after.ttl // "-"), (.by.ttl // "-"), .impact] | map(tostring) | join(" ")] |
		if ("'"$expected"'" | endswith(" any")) then map(sub(" [a-z]+$"; " any")) else . end |
		sort == ("'"$expected"'" | split("; ") | sort)'
	is 'all(.findings[]; .confidence != "possible")'
	[ -z "$expected" ] && status_is 0 || status_is 1
}

# What a box that changes all options of MPTCP behind the SYN is found to do.
all_options() {
	echo "forward mp_capable $1 3 4 fallback; forward dss $1 3 4 fallback; forward add_addr $1 3 4 degraded;" \
		"forward remove_addr $1 3 4 degraded; forward mp_prio $1 3 4 degraded"
}

boxes() {
	cat <<-EOF
		no box for it | 3 strip kind=200 |
		strip | 3 strip kind=mptcp segments=nonsyn direction=forward | $(all_options removed)
		strip, EOL | 3 strip kind=mptcp segments=nonsyn direction=forward how=eol | $(all_options truncated)
		strip, NOP | 3 strip kind=mptcp segments=nonsyn direction=forward how=nop | $(all_options blanked)
		strip at the target | 6 strip kind=mptcp segments=nonsyn direction=forward | end-to-end dss removed - - fallback
		strip, back | 3 strip kind=mptcp segments=nonsyn direction=reverse | end-to-end dss removed - - fallback
		strip, EOL, back | 3 strip kind=mptcp segments=nonsyn direction=reverse how=eol | end-to-end dss removed - - fallback
		strip, NOP, back | 3 strip kind=mptcp segments=nonsyn direction=reverse how=nop | end-to-end dss removed - - fallback
		drop | 3 drop kind=mptcp segments=nonsyn direction=forward | forward dss dropped 3 4 broken
		drop, back | 3 drop kind=mptcp segments=nonsyn direction=reverse | end-to-end packet dropped 6 7 broken
		drop all data | 3 drop on=all segments=nonsyn direction=forward | forward packet dropped 3 4 broken
		drop DSS | 3 drop subtype=dss direction=forward | forward dss dropped 3 4 broken
		reset | 3 reset kind=mptcp segments=nonsyn direction=forward | forward dss reset 3 4 broken
		split | 3 split direction=forward | forward tcp.payload split 3 4 none
		coalesce | 3 coalesce direction=forward hold_us=20000 | forward tcp.payload coalesced 3 4 fallback
		edit | 3 payload direction=forward | forward tcp.payload rewritten 3 4 fallback
		insert | 3 payload direction=forward mode=insert | forward tcp.payload rewritten 3 4 fallback
		delete | 3 payload direction=forward mode=delete | forward tcp.payload rewritten 3 4 any
		sequence shift | 3 seq_shift direction=forward | forward tcp.seq rewritten 3 4 none
		sequence shift, back | 3 seq_shift direction=reverse | forward tcp.ack rewritten 3 4 none
		SACK untranslated | 3 seq_shift sack=false direction=forward | forward tcp.seq rewritten 3 4 none; reverse tcp.options.sack rewritten 0 7 degraded
		ADD_ADDR stripped | 3 strip subtype=add_addr direction=forward | forward add_addr removed 3 4 degraded
		ADD_ADDR dropped | 3 drop subtype=add_addr direction=forward | forward add_addr dropped 3 4 degraded
		ADD_ADDR stripped at the target | 6 strip subtype=add_addr direction=forward | end-to-end add_addr dropped 6 7 degraded
		ADD_ADDR dropped at the target | 6 drop subtype=add_addr direction=forward | end-to-end add_addr dropped 6 7 degraded
		ADD_ADDR stripped, back | 3 strip subtype=add_addr direction=reverse | end-to-end add_addr dropped 6 7 degraded
		ADD_ADDR dropped, back | 3 drop subtype=add_addr direction=reverse | end-to-end add_addr dropped 6 7 degraded
		join dropped | 3 drop subtype=mp_join direction=forward | forward mp_join dropped 3 4 no-subflow
		join dropped, back | 3 drop subtype=mp_join direction=reverse | reverse mp_join dropped 0 7 no-subflow
		join stripped | 3 strip subtype=mp_join direction=forward | forward mp_join removed 3 4 no-subflow
		join stripped, back | 3 strip subtype=mp_join direction=reverse | reverse mp_join removed 0 7 no-subflow
		join reset | 3 reset subtype=mp_join | forward mp_join reset 3 4 no-subflow
		early ACK | 3 early_ack direction=forward | forward tcp.ack answered 3 4 fallback
		held holes | 3 hold_holes direction=forward | forward packet reordered 3 4 degraded
		held holes at the target | 6 hold_holes direction=forward | end-to-end packet reordered 6 7 degraded
	EOF
}

# What the target's data meet on their way back, seen from this end alone: echoes of four octets, or
# so many of its own.
back() {
	cat <<-EOF
		echo | edit | 3 payload direction=reverse | reverse tcp.payload rewritten 0 7 fallback
		3000 | edit | 3 payload direction=reverse at=2000 | reverse tcp.payload rewritten 0 7 fallback
		3000 | insert | 3 payload direction=reverse at=2000 mode=insert | reverse tcp.payload rewritten 0 7 fallback
		echo | split | 3 split direction=reverse | reverse tcp.payload split 0 7 none
		3000 | split | 3 split direction=reverse | reverse tcp.payload split 0 7 none
		3000 | coalesce | 3 coalesce direction=reverse max=1400 hold_us=20000 | reverse tcp.payload coalesced 0 7 none
		echo | early ACK | 3 early_ack direction=reverse | reverse tcp.ack answered 0 7 any
		3000 | early ACK | 3 early_ack direction=reverse | reverse tcp.ack answered 0 7 any
		3000 | sequence shift | 3 seq_shift direction=reverse | forward tcp.ack rewritten 3 4 none
		3000 | held holes | 3 hold_holes direction=reverse |
		3000 | nothing | 3 strip kind=200 |
	EOF
}

back_boxed() {
	local SENDING=$2 family=$1
	[ "$SENDING" != echo ] || SENDING=''
	shift 2
	boxed "$family" "$@"
}

boxes >"$TMP/boxes"
while IFS='|' read -r name box expected; do
	for family in 4 6; do
		# shellcheck disable=SC2086 # a list of words
		run_case "inside a box: ${name% }, IPv$family" boxed $family "${expected# }" $box </dev/null
	done
done <"$TMP/boxes"
back >"$TMP/boxes"
while IFS='|' read -r sent name box expected; do
	for family in 4 6; do
		# shellcheck disable=SC2086 # a list of words
		run_case "inside a box: on the way back, ${sent% }:$name, IPv$family" back_boxed $family \
			${sent% } "${expected# }" $box </dev/null
	done
done <"$TMP/boxes"
