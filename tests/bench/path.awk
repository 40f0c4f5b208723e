# The table of tests/bench/path and the bars, from lines
# SITUATION TOOL verdict_us whole_us sent replies ("-": could not be measured).
# Exit status 1 if a bar is missed by more than 2 %, which is what two runs of one tool differ by.

function ms(us) {
	return us == "-" ? sprintf("%9s", "-") : sprintf("%9.2f", us / 1000)
}

function fastest(situation,    i, best) {
	for (i = 1; i <= peers; i++)
		if (verdict[situation, peer[i]] + 0 > 0 && (best == 0 || verdict[situation, peer[i]] < best))
			best = verdict[situation, peer[i]]
	return best
}

function bar(what, value, limit, unit,    met) {
	met = value != "" && value <= limit * 1.02
	printf "  %-62s %8.2f%s  bar %.2f%s  %s\n", what, value, unit, limit, unit,
		value == "" ? "NOT MEASURED" : met ? "met" : "MISSED"
	if (!met)
		missed = 1
}

function got(situation, tool) {
	return (situation, tool) in verdict && verdict[situation, tool] != "-"
}

# us / us, "" if either is missing
function ratio(us, other) {
	return us + 0 > 0 && other + 0 > 0 ? us / other : ""
}

{
	if (!($1 in known)) {
		known[$1] = 1
		situation[++situations] = $1
	}
	if ($2 !~ /^mboxtrace/ && !($2 in is_peer)) {
		is_peer[$2] = 1
		peer[++peers] = $2
	}
	line[$1] = line[$1] " " $2
	verdict[$1, $2] = $3
	whole[$1, $2] = $4
	sent[$1, $2] = $5
}

END {
	print "first probe to verdict, whole command (ms), probes sent per hop and probe; x: against the fastest peer"
	for (s = 1; s <= situations; s++) {
		name = situation[s]
		print name
		n = split(line[name], tool, " ")
		for (t = 1; t <= n; t++) {
			at = name SUBSEP tool[t]
			x = ratio(verdict[at], fastest(name))
			printf "  %-12s verdict %s (%6s x)  whole %s  pkt/hop %s\n", tool[t], ms(verdict[at]),
				x == "" ? "-" : sprintf("%.2f", x), ms(whole[at]),
				sent[at] == "-" ? "-" : sprintf("%.2f", sent[at] / hops / (tool[t] == "mboxtrace" ? 3 : 1))
		}
	}
	print "floor of the whole command: one capture's " floor
	print "bars"
	for (s = 1; s <= situations; s++) {
		name = situation[s]
		if (name == "default-limits")
			continue # for information
		best = fastest(name)
		bar(name ": -P against the fastest peer", ratio(verdict[name, "mboxtrace-P"], best), 1, "x")
		bar(name ": default against the fastest peer", ratio(verdict[name, "mboxtrace"], best), 2, "x")
	}
	if (got("silent-hop", "mboxtrace"))
		cost = (verdict["silent-hop", "mboxtrace"] - verdict["all-answer", "mboxtrace"]) / 1000
	bar("silent-hop: what one silent hop adds to the default", cost, 100, "ms")
	bar("rtt-300ms: -P in round trips", ratio(verdict["rtt-300ms", "mboxtrace-P"], 300000), 2, "")
	bar("rtt-300ms: default in round trips", ratio(verdict["rtt-300ms", "mboxtrace"], 300000), 2, "")
	bar("rtt-300ms: --connect in round trips", ratio(verdict["rtt-300ms", "mboxtrace-connect"], 300000), 10, "")
	bar("all-answer: -P, packets per hop and probe", ratio(sent["all-answer", "mboxtrace-P"], hops), 1.5, "")
	bar("all-answer: default, packets per hop and probe", ratio(sent["all-answer", "mboxtrace"], hops * 3), 1.5, "")
	exit missed
}
