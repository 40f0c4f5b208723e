# Traced from inside a connection (--connect) with the kernel's MPTCP at its other end.

# A port that no case before used.
next_port() {
	echo $(($(cat "$TMP/port" 2>/dev/null || echo 20000) + 1)) | tee "$TMP/port.new"
	mv "$TMP/port.new" "$TMP/port"
}

# inside FAMILY OPTION…: an MPTCP server at the end of seven hops, which echoes, or sends SENDING
# octets.
inside() {
	local family=$1 port
	shift
	port=$(next_port)
	rm -f "$TMP/server"
	within mid-s timeout $PATIENCE "$PEER" listen "$port" "${SENDING:-echo}" >"$TMP/server" 2>&1 &
	await "$TMP/server" ready
	trace mid "$family" --connect -p "$port" "$@"
}

# rule K RULE: in router K.
rule() {
	rules "mid-r$1" <<-EOF
		chain box {
			type filter hook forward priority 0;
			$2
		}
	EOF
}

clean_inside() {
	inside "$1"
	status_is 0
	is '.verdict == "clean" and .findings == [] and .path_length == 7'
	is '.inside.tested and .inside.fallback == null and (.inside.note | test("acknowledged by MPTCP"))'
	is '[.probes[] | select(.name | test("^(data|ack)-")) | .received >= 6] == [true, true, true, true, true]'
	is '[.probes[] | select(.name | test("mp-join-")) | .received >= 7] == [true, true]'
	is '.inside.add_addr_echoed == true'
}

# unechoed FAMILY DIRECTION RULE: between the last router and the target, where no router tells.
unechoed() {
	rule 6 "$3"
	inside "$1"
	status_is 1
	is '[.findings[] | .field, .change, .direction, .after.ttl, .by.ttl, .confidence, .impact] ==
		["tcp.options.mptcp.add_addr", "dropped", "'"$2"'", 6, 7, "likely", "degraded"]'
	is '.inside.add_addr_echoed == false and .inside.fallback == null'
}

# A target that announces something shows that the way back is clear.
announced() {
	within mid-s ip mptcp endpoint add "$2" signal
	trap 'ip -n mid-s mptcp endpoint flush; forget_rules' EXIT
	unechoed "$1" "$3" "$4"
}

# Routers that run out of ICMP tokens: it takes longer, and stays true.
limited() {
	default_limits mid 6
	inside "$1"
	status_is 0
	is '.verdict == "clean" and .findings == [] and .inside.tested'
}

strip_behind_syn() {
	rule "$2" 'tcp flags & syn == 0 reset tcp option mptcp'
	inside "$1"
	status_is 1
	located mp_capable blanked "$2" $(($2 + 1))
	located dss blanked "$2" $(($2 + 1))
	is '.inside.fallback != null and .path_length == 7'
	is '[.findings[] | select(.field | test("dss")) | .basis, .impact] == ["quote", "fallback"]'
}

drop_join() {
	rule "$2" 'tcp flags & (syn|ack) == syn tcp option mptcp subtype 1 drop'
	inside "$1"
	status_is 1
	located mp_join dropped "$2" $(($2 + 1))
	is '[.findings[] | .field] == ["tcp.options.mptcp.mp_join"]'
	is '.inside.fallback == null'
}

plain_inside() {
	trace mid "$1" --connect -p 80
	status_is 0
	is '.inside.tested == false and (.inside.note | test("could not be tested"))'
}

# Our own server, which can be told to speak v0 alone.
inside_v0() {
	local port
	port=$(next_port)
	rm -f "$TMP/served"
	(exec nsenter --net=/run/netns/mid-s -- timeout $PATIENCE "$MBOXTRACE" serve --mptcp-version 0 $port \
		>/dev/null 2>"$TMP/served") &
	SERVING=$!
	trap 'kill $SERVING 2>/dev/null || true; forget_rules' EXIT
	await "$TMP/served" serving
	[ -z "$2" ] || rule "$2" 'tcp flags & syn == 0 reset tcp option mptcp'
	trace mid "$1" --connect -p "$port"
	is '.inside.tested and .inside.version == 0'
}

clean_v0() {
	inside_v0 "$1"
	status_is 0
	is '.verdict == "clean" and [.findings[] | .cause] == ["target"] and .inside.fallback == null'
	is '.inside.join_valid.answer == "accepted" and .inside.join_bogus.answer == "refused"'
}

strip_v0() {
	inside_v0 "$1" 3
	status_is 1
	located dss blanked 3 4
	is '.inside.fallback != null'
}

for family in 4 6; do
	run_case "inside: v0 over IPv$family" clean_v0 $family
	run_case "inside: v0, options stripped behind the SYN, IPv$family" strip_v0 $family
	run_case "inside: clean over IPv$family" clean_inside $family
	run_case "inside: options stripped behind the SYN, IPv$family" strip_behind_syn $family 3
	run_case "inside: MP_JOIN dropped, IPv$family" drop_join $family 4
	run_case "inside: ADD_ADDR dropped before the target, IPv$family" unechoed $family end-to-end \
		'iifname l tcp option mptcp subtype 3 drop'
	run_case "inside: ADD_ADDR dropped on its way back, IPv$family" unechoed $family end-to-end \
		'iifname r tcp option mptcp subtype 3 drop'
	run_case "inside: plain TCP target, IPv$family" plain_inside $family
done
run_case 'inside: ADD_ADDR dropped before a target that announces, IPv4' announced 4 10.77.0.1 forward \
	'iifname l tcp option mptcp subtype 3 drop'
run_case 'inside: ADD_ADDR dropped before a target that announces, IPv6' announced 6 2001:db8:77::1 forward \
	'iifname l tcp option mptcp subtype 3 drop'
run_case 'inside: ADD_ADDR dropped on its way back, also the target'"'"'s own' announced 4 10.77.0.1 end-to-end \
	'iifname r tcp option mptcp subtype 3 drop'
run_case "inside: rate-limited routers" limited 4
