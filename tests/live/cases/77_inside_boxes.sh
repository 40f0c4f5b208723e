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
		edit | 3 payload direction=forward | forward tcp.payload rewritten 3 4 degraded
		insert | 3 payload direction=forward mode=insert | forward tcp.payload rewritten 3 4 fallback
		delete | 3 payload direction=forward mode=delete | forward tcp.payload rewritten 3 4 any
		sequence shift | 3 seq_shift direction=forward | forward tcp.seq rewritten 3 4 none
		sequence shift, back | 3 seq_shift direction=reverse | forward tcp.ack rewritten 3 4 none
		SACK untranslated | 3 seq_shift sack=false direction=forward | forward tcp.seq rewritten 3 4 none; reverse tcp.options.sack rewritten - - degraded
		ADD_ADDR stripped | 3 strip subtype=add_addr direction=forward | forward add_addr removed 3 4 degraded
		ADD_ADDR dropped | 3 drop subtype=add_addr direction=forward | forward add_addr dropped 3 4 degraded
		ADD_ADDR stripped at the target | 6 strip subtype=add_addr direction=forward | end-to-end add_addr dropped 6 7 degraded
		ADD_ADDR dropped at the target | 6 drop subtype=add_addr direction=forward | end-to-end add_addr dropped 6 7 degraded
		ADD_ADDR stripped, back | 3 strip subtype=add_addr direction=reverse | end-to-end add_addr dropped 6 7 degraded
		ADD_ADDR dropped, back | 3 drop subtype=add_addr direction=reverse | end-to-end add_addr dropped 6 7 degraded
		join dropped | 3 drop subtype=mp_join direction=forward | forward mp_join dropped 3 4 no-subflow
		join dropped, back | 3 drop subtype=mp_join direction=reverse | reverse mp_join dropped 7 0 no-subflow
		join stripped | 3 strip subtype=mp_join direction=forward | forward mp_join removed 3 4 no-subflow
		join stripped, back | 3 strip subtype=mp_join direction=reverse | reverse mp_join removed 7 0 no-subflow
		join reset | 3 reset subtype=mp_join | forward mp_join reset 3 4 no-subflow
		early ACK | 3 early_ack direction=forward | forward tcp.ack answered 3 4 fallback
		held holes | 3 hold_holes direction=forward | forward packet reordered 3 4 degraded
		held holes at the target | 6 hold_holes direction=forward | end-to-end packet reordered 6 7 degraded
	EOF
}

# What the target's data meet on their way back no router tells the client (see `trace --mirror`).
unseen() {
	cat <<-EOF
		split, back | 3 split direction=reverse |
		coalesce, back | 3 coalesce direction=reverse |
		edit, back | 3 payload direction=reverse |
		early ACK, back | 3 early_ack direction=reverse |
		held holes, back | 3 hold_holes direction=reverse |
	EOF
}

boxes >"$TMP/boxes"
unseen >>"$TMP/boxes"
while IFS='|' read -r name box expected; do
	for family in 4 6; do
		# shellcheck disable=SC2086 # a list of words
		run_case "inside a box: ${name% }, IPv$family" boxed $family "${expected# }" $box </dev/null
	done
done <"$TMP/boxes"
