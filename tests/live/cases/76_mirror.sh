# `connect --mirror` to `serve --mirror` over kernel routers, with boxes of nftables on one of them.

# A mirror on host NS; MIRROR has its options.
serve_mirror() {
	[ -x "$MBOXTRACE" ] || skip "there is no $MBOXTRACE"
	rm -f "$TMP/err" "$TMP/out" "$TMP/serve-err"
	(exec nsenter --net=/run/netns/"$1" -- timeout --foreground -s INT $PATIENCE "$MBOXTRACE" serve ${MIRROR:---mirror} $PORT \
		>"$TMP/lines" 2>"$TMP/serve-err") &
	SERVING=$!
	trap 'kill $SERVING 2>/dev/null || true; forget_rules' EXIT
	await "$TMP/serve-err" serving
}

# mirror [OPTION…] ADDR: both ends, the client's with these.
mirror() {
	serve_mirror mid-s
	STATUS=0
	within mid-c timeout $PATIENCE "$MBOXTRACE" connect --mirror -o "$TMP/out" "$@" $PORT 2>"$TMP/err" || STATUS=$?
}

# mirror_trace FAMILY [OPTION…]: a trace that compares.
mirror_trace() {
	local family=$1
	shift
	serve_mirror mid-s
	trace mid "$family" --mirror -p $PORT "$@"
}

# once 'DIRECTION FIELD CHANGE AFTER BY' …: these findings and no others.
once() {
	is '[.findings[] | "\(.direction) \(.field) \(.change) \(.after.ttl) \(.by.ttl)"] | sort == ['"$1"']'
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

# Seven hops: the fourth and the fifth router from the server are mid-r3 and mid-r2.
traced_back() {
	fresh
	rules mid-r3 <<-EOF
		chain f {
			type filter hook forward priority 0;
			tcp sport $PORT tcp flags & syn == 0 reset tcp option mptcp
		}
	EOF
	MIRROR=--trace-back
	mirror "$(server mid "$1")"
	found '"reverse tcp.options.mptcp.dss blanked"'
	has '[.findings[] | .after.ttl, .by.ttl] == [4, 5]'
	has '[.findings[] | .by.addr] | length == 1'
}

traced_back_clean() {
	fresh
	MIRROR=--trace-back
	mirror "$(server mid "$1")"
	status_is 0
	has '.verdict == "clean" and .findings == []'
}

# Hops 3 and 4 are what lies before and behind mid-r3's rules.
trace_mirror_clean() {
	fresh
	MIRROR=--trace-back
	mirror_trace "$1"
	clean
	is '.mirrored | .answered and .whole and .quotes_back >= 10 and .forward.segments > 20'
}

trace_mirror_both() {
	fresh
	MIRROR=--trace-back
	rules mid-r3 <<-EOF
		chain f {
			type filter hook forward priority 0;
			tcp dport $PORT tcp flags syn tcp option maxseg size set 1200
			tcp sport $PORT tcp flags & syn == 0 reset tcp option mptcp
		}
	EOF
	mirror_trace "$1"
	status_is 1
	once '"forward tcp.options.mss_val rewritten 3 4", "reverse tcp.options.mptcp.dss blanked 4 5"'
	is '.findings[0] | .impact == "fallback" and .confidence == "certain"'
}

# trace_mirror_box FAMILY EXPECTED BOX…: a box of the lab between hops 3 and 4.
trace_mirror_box() {
	local family=$1 expected=$2
	shift 2
	fresh
	MIRROR=--trace-back
	lab_box mid 3 "$@"
	mirror_trace "$family"
	once "$expected"
}

# A proxy between hops 1 and 2, and between hops 3 and 4 a box that strips what comes back.
trace_mirror_two() {
	fresh
	MIRROR=--trace-back
	lab_box mid 1 early_ack direction=forward
	lab_box mid 3 strip kind=mptcp segments=nonsyn how=nop direction=reverse
	mirror_trace "$1"
	once '"forward tcp.ack answered 1 2", "reverse tcp.options.mptcp.dss blanked 3 4"'
}

not_a_mirror() {
	mboxtrace mid-c --json -n --mirror -p 443 "$(server mid 4)"
	status_is 4
	is '.verdict == "inconclusive" and (.mirrored.answered | not) and .findings == []'
}

# MPTCP is blanked behind the SYN of the subflow from the second address.
joined_strip() {
	fresh
	serve_mirror duo-s
	rules duo-c <<-EOF
		chain f {
			type filter hook output priority 0;
			$2 saddr $(at 1 "$1" 2) tcp dport $PORT tcp flags & syn == 0 reset tcp option mptcp
		}
	EOF
	STATUS=0
	within duo-c timeout $PATIENCE "$MBOXTRACE" connect --mirror -o "$TMP/out" --local "$(at 1 "$1" 1)" \
		--local "$(at 1 "$1" 2)" "$(at 2 "$1" 1)" $PORT 2>"$TMP/err" || STATUS=$?
	status_is 1
	has '.outcome == "mptcp" and all(.findings[]; .subflow == 1 and .direction == "forward")'
	has '[.findings[].field] | index("tcp.options.mptcp.mp_join") != null'
	grep -q "$(at 1 "$1" 2)" "$TMP/err" || fail 'the subflow is not named'
}

# Of every segment of the client that arrived: when, and when it left.
fields() {
	tshark -r "$1" -Y "tcp.dstport == $PORT" -T fields -e tcp.srcport -e tcp.seq_raw -e tcp.len \
		-e tcp.flags -e tcp.options.timestamp.tsval -e frame.time_epoch 2>/dev/null
}

# Both captures are read, and what left one end is in the other, a little later by the clock.
both_captured() {
	command -v tshark >/dev/null || skip 'tshark is not installed'
	fresh
	MIRROR="--mirror --pcap $TMP/server.pcap"
	mirror --pcap "$TMP/client.pcap" "$(server mid "$1")"
	status_is 0
	kill -INT $SERVING
	wait $SERVING || true
	fields "$TMP/client.pcap" >"$TMP/left"
	fields "$TMP/server.pcap" >"$TMP/arrived"
	awk 'NR == FNR { if (!(($1, $2, $3, $4, $5) in left)) left[$1, $2, $3, $4, $5] = $6; next }
		($1, $2, $3, $4, $5) in left { n++; late = $6 - left[$1, $2, $3, $4, $5]; bad += late < 0 || late > 10 }
		END { print n, "of", FNR, "arrived,", bad + 0, "at odd times"; exit !(n == FNR && n > 20 && !bad) }' \
		"$TMP/left" "$TMP/arrived" || fail 'the captures do not fit'
	tcpdump -nr "$TMP/server.pcap" 2>/dev/null | grep -q 'mptcp.*dss' || fail 'tcpdump reads no DSS'
}

for family in 4 6; do
	run_case "serve --trace-back (IPv$family)" traced_back $family
	run_case "serve --trace-back, nothing there (IPv$family)" traced_back_clean $family
	run_case "connect --mirror (IPv$family)" mirrored_clean $family
	run_case "connect --mirror, MPTCP stripped behind the SYN (IPv$family)" mirrored_strip $family dport \
		'"forward tcp.options.mptcp.mp_capable blanked", "forward tcp.options.mptcp.dss blanked"'
	run_case "connect --mirror, MPTCP stripped on the way back (IPv$family)" mirrored_strip $family sport \
		'"reverse tcp.options.mptcp.dss blanked"'
done
run_case 'connect --mirror, MSS clamped and DSCP set' mirrored_clamp
run_case 'connect --mirror, NAT' mirrored_nat
for family in 4 6; do
	run_case "trace --mirror, nothing there (IPv$family)" trace_mirror_clean $family
	run_case "trace --mirror, a box each way (IPv$family)" trace_mirror_both $family
	run_case "trace --mirror, SACK untranslated (IPv$family)" trace_mirror_box $family \
		'"forward tcp.seq rewritten 3 4", "reverse tcp.options.sack rewritten 0 7"' \
		seq_shift direction=forward sack=false
	run_case "trace --mirror, held holes (IPv$family)" trace_mirror_box $family \
		'"forward packet reordered 3 4"' hold_holes direction=forward
	run_case "trace --mirror, sequence numbers shifted on the way back (IPv$family)" trace_mirror_box $family \
		'"reverse tcp.seq rewritten 3 4"' seq_shift direction=reverse
	run_case "trace --mirror, timestamps stripped (IPv$family)" trace_mirror_box $family \
		'"forward tcp.options.timestamp removed 3 4"' \
		strip kind=timestamp segments=handshake direction=forward
	run_case "trace --mirror, merged on the way back (IPv$family)" trace_mirror_box $family \
		'"reverse tcp.payload coalesced 0 7"' coalesce keep=first hold_us=5000 direction=reverse
	run_case "trace --mirror, split on the way back (IPv$family)" trace_mirror_box $family \
		'"reverse tcp.payload split 3 4"' split pieces=2 direction=reverse
	run_case "trace --mirror, two boxes (IPv$family)" trace_mirror_two $family
	run_case "connect --mirror, a joined subflow is stripped (IPv$family)" joined_strip $family \
		"$([ $family = 4 ] && echo ip || echo ip6)"
	run_case "connect --mirror, --pcap at both ends (IPv$family)" both_captured $family
done
run_case 'trace --mirror, no mirror there' not_a_mirror
