# `connect --mirror` to `serve --mirror` over kernel routers, with boxes of nftables on one of them.

# mirror [OPTION…] ADDR: both ends, the client's with these.
mirror() {
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	rm -f "$TMP/err" "$TMP/out"
	(exec nsenter --net=/run/netns/mid-s -- timeout -s INT 60 "$MBOXTRACE" serve --mirror $PORT \
		>"$TMP/lines" 2>"$TMP/serve-err") &
	SERVING=$!
	trap 'kill $SERVING 2>/dev/null || true; forget_rules' EXIT
	await "$TMP/serve-err" serving
	STATUS=0
	within mid-c timeout 60 "$MBOXTRACE" connect --mirror -o "$TMP/out" "$@" $PORT 2>"$TMP/err" || STATUS=$?
}

found() {
	has '[.findings[] | .direction + " " + .field + " " + .change] == ['"$1"']'
	has '.verdict == "interference" and all(.findings[]; .basis == "endpoint")'
	status_is 1
}

mirrored_clean() {
	fresh
	mirror "$(server mid "$1")"
	status_is 0
	has '.outcome == "mptcp" and .verdict == "clean" and .findings == []'
	grep -q 'MPTCP works from end to end' "$TMP/err" || fail 'not said'
}

# mirrored_strip FAMILY DIRECTION EXPECTED: nftables blanks with NOPs.
mirrored_strip() {
	fresh
	rules mid-r3 <<-EOF
		chain f {
			type filter hook forward priority 0;
			tcp $2 $PORT tcp flags & syn == 0 reset tcp option mptcp
		}
	EOF
	mirror "$(server mid "$1")"
	has '.outcome == "fallback" and .fallback.stage == "first-data"'
	found "$3"
	has 'all(.findings[]; .impact == "fallback")'
	has '[.findings[] | (.after, .by).ttl] | unique == [0, 7]'
}

mirrored_clamp() {
	fresh
	rules mid-r3 <<-EOF
		chain f {
			type filter hook forward priority 0;
			tcp dport $PORT tcp flags syn tcp option maxseg size set 1200
			tcp dport $PORT ip dscp set 10
		}
	EOF
	mirror "$(server mid 4)"
	found '"forward ip.dsfield.dscp rewritten", "forward tcp.options.mss_val rewritten"'
	has '.outcome == "mptcp" and .findings[1].sent == 1460 and .findings[1].seen == 1200'
}

mirrored_nat() {
	fresh
	rules mid-r3 <<-'EOF'
		chain out {
			type nat hook postrouting priority srcnat;
			oifname r masquerade random
		}
	EOF
	mirror "$(server mid 4)"
	found '"forward ip.src rewritten", "forward tcp.srcport rewritten"'
	has 'all(.findings[]; .cause == "nat" and .impact == "none")'
}

for family in 4 6; do
	run_case "connect --mirror (IPv$family)" mirrored_clean $family
	run_case "connect --mirror, MPTCP stripped behind the SYN (IPv$family)" mirrored_strip $family dport \
		'"forward tcp.options.mptcp.mp_capable blanked", "forward tcp.options.mptcp.dss blanked"'
	run_case "connect --mirror, MPTCP stripped on the way back (IPv$family)" mirrored_strip $family sport \
		'"reverse tcp.options.mptcp.dss blanked"'
done
run_case 'connect --mirror, MSS clamped and DSCP set' mirrored_clamp
run_case 'connect --mirror, NAT' mirrored_nat
