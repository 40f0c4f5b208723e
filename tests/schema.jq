# What every line of --json must be: each key there with its type, each word one of the list, in
# numbers that fit together. Prints what is wrong; nothing if all is right.
#
#   mboxtrace --json example.net | jq -r -n -f tests/schema.jq

def must(ok; what): if ok then empty else what end;
def number_of(low; high): type == "number" and . == floor and . >= low and . <= high;
def text: type == "string" and length > 0;
def hex: type == "string" and test("^([0-9a-f]{2})*$");
def address: type == "string" and test("^([0-9]{1,3}\\.){3}[0-9]{1,3}$|^[0-9a-f:.]+$");
def one_of(words): . as $w | type == "string" and (words | split(" ") | index($w) != null);

def changes_of: "rewritten removed added blanked truncated reordered mirrored dropped reset answered split coalesced replayed";

def place: must((.ttl | number_of(0; 255)); "a place has no ttl"),
	must(.addr == null or (.addr | address); "a place has an odd addr");

def change: must((.field | text); "a change without field"),
	must((.change | one_of(changes_of)); "change \(.change)"),
	must((has("sent") | not) or (.sent | type | . == "string" or . == "number"); "sent"),
	must((has("seen") | not) or (.seen | type | . == "string" or . == "number"); "seen");

def extension: must((.class | number_of(0; 255)); "extension class"),
	(if .kind == "mpls" then
		must((.label | number_of(0; 1048575)) and (.tc | number_of(0; 7)) and
			(.s | number_of(0; 1)) and (.ttl | number_of(0; 255)); "mpls label")
	else must((.ctype | number_of(0; 255)) and (.hex | hex); "extension") end);

def quote: must((.octets | number_of(1; 65535)) and (.complete | type == "boolean"); "quote"),
	must((.hex | hex) and (.hex | length) == 2 * .octets; "the hex of a quote");

def reply: must((.from | address); "from \(.from)"),
	must((.kind | one_of("time-exceeded unreachable syn-ack rst ack data echo-reply")); "kind \(.kind)"),
	must((.rtt_us | number_of(0; 86400000000)); "rtt_us \(.rtt_us)"),
	must((.probe | text) and (.attempt | number_of(0; 255)); "probe or attempt of a reply"),
	(if .kind == "time-exceeded" or .kind == "unreachable" then
		(.quote | quote), (.changes[] | change), (.extensions[] | extension)
	else must(has("quote") or has("changes") | not; "an answer compared as a quote") end),
	(if .kind == "unreachable" then must((.code | number_of(0; 255)); "code") else empty end),
	(if .kind == "syn-ack" then must((.mptcp | one_of("none v0 v1 mirrored")); "mptcp \(.mptcp)")
	else empty end);

def hop: must((.ttl | number_of(1; 255)); "ttl of a hop"),
	must((.replies | type) == "array"; "replies"), (.replies[] | reply);

def finding: change,
	must((.direction | one_of("forward reverse both end-to-end")); "direction \(.direction)"),
	(.after | if . == null then empty else place end),
	(.by | if . == null then empty else place end),
	must((.basis | one_of("quote checksum reply control endpoint capture")); "basis \(.basis)"),
	must(.cause == null or (.cause | one_of("nat seq-randomizer option-stripper mss-clamp ecn-bleach dscp-remark split-proxy syn-proxy alg mirror blackhole resetter load-balancer captive-portal target")); "cause \(.cause)"),
	must((.confidence | one_of("certain likely possible")); "confidence \(.confidence)"),
	must((.impact | one_of("none fallback no-subflow degraded broken")); "impact \(.impact)"),
	must((.explain | text) and (.explain | test("\\.$")); "explain"),
	must(.direction == "reverse" or .after == null or .by == null or .after.ttl <= .by.ttl;
		"\(.field): after behind by"),
	must(.subflow == null or (.subflow | number_of(1; 255)); "subflow \(.subflow)"),
	must(.local == null or ((.local | address) and .subflow != null); "local \(.local)");

def probe: must((.name | text) and (.spec | text); "name or spec of a probe"),
	must((.sent | number_of(0; 65535)) and (.received | number_of(0; 1000000)); "sent, received");

def join: must((.answer | one_of("silent accepted forged mirrored bare refused reset")); "join \(.answer)"),
	must(if .answer == "refused" then (.reason | number_of(0; 255)) else .reason == null end; "reason of a join");

def inside: must((.tested | type) == "boolean" and (.note | text); "inside"),
	must(.fallback == null or (.fallback | one_of("syn-ack third-ack first-data later")); "fallback \(.fallback)"),
	(if .tested then must((.version | number_of(0; 1)); "version inside") else empty end),
	must(.add_addr_echoed | . == null or type == "boolean"; "add_addr_echoed"),
	(if has("join_valid") then (.join_valid, .join_bogus | join) else empty end);

def path: must((.subflow | number_of(1; 7)) and (.local | address); "whose path"),
	(.probes[] | probe), (.hops[] | hop),
	must([.hops[].ttl] | . == sort and . == unique; "hops of a path out of order"),
	must((.reached | type) == "boolean" and (.tested | type) == "boolean"; "reached or tested"),
	must(.path_length == null or (.path_length | number_of(1; 255)); "path_length of a path"),
	(if has("join_valid") then (.join_valid, .join_bogus | join) else empty end),
	must(.tested == has("join_valid"); "joins of a path"),
	must((.note | text); "note of a path");

def trace: must((.start | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$")); "start \(.start)"),
	must((.elapsed_us | number_of(0; 1e15)); "elapsed_us"),
	must((.target.name | text) and (.target.addr | address) and (.target.port | number_of(1; 65535)); "target"),
	must((.source.addr | address) and (.source.dev | text); "source"),
	must(.family == 4 or .family == 6; "family"),
	(.probe | probe), (.hops[] | hop),
	must([.hops[].ttl] | . == sort and . == unique; "hops out of order"),
	must((.reached | type) == "boolean"; "reached"),
	must(.path_length == null or (.path_length | number_of(1; 255)); "path_length"),
	(if has("inside") then (.inside | inside) else empty end),
	(if has("paths") then (.paths[] | path) else empty end),
	must((.findings | type) == "array"; "findings"), (.findings[] | finding),
	must((.verdict | one_of("clean interference inconclusive unreachable")); "verdict \(.verdict)"),
	must((.reason | text); "reason"),
	must(.verdict != "clean" or ([.findings[] | select(.cause != "target" and .confidence != "possible")] == []);
		"clean with findings");

def line: must(.schema == 1; "schema \(.schema)"),
	(if .type == "trace" then trace
	elif .type == "event" then (if .event == "hop" then (.hop | hop) else empty end)
	else "type \(.type)" end);

inputs | line
