/* What the target tells, or does not tell, of data behind a gap. */
#include <stdio.h>
#include <string.h>

#include "probe/conclude_held.h"

/* The chance that the target was only unlucky with `sent` segments, judged by its SYNs. */
static double target_chance(const struct trace *t, uint32_t sent)
{
	uint32_t asked = t->result.inside.gap_acked, answers = asked;
	uint8_t length = t->result.path_length;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		if (!t->series[i].syn || t->result.probes[i].role == ROLE_JOIN_BOGUS)
			continue; /* what such are answered with is an option as well */
		asked += t->series[i].question[length].asked;
		answers += t->series[i].question[length].answers;
	}
	return exact_test(sent, sent, asked, asked > answers ? asked - answers : 0);
}

static void explain_gap(struct finding *f)
{
	char after[80], by[80], where[200];

	explain_place(&f->after, after, sizeof(after));
	explain_place(&f->by, by, sizeof(by));
	if (f->direction == DIRECTION_FORWARD)
		snprintf(where, sizeof(where), "between %s and %s", after, by);
	else
		snprintf(where, sizeof(where),
			 "behind %s, the last router before the target, or nothing that the target "
			 "says of them comes back",
			 after);
	snprintf(f->explain, sizeof(f->explain),
		 "%sata behind a gap are held back until it is filled, %s; losses are noticed and "
		 "mended later, also by MPTCP.",
		 f->confidence == CONFIDENCE_CERTAIN  ? "D"
		 : f->confidence == CONFIDENCE_LIKELY ? "Probably d"
						      : "Possibly d",
		 where);
}

/* What puts segments in order holds back what the target would have told its sender of. That is
 * looked at once only, so less must speak for it. */
static void find_gap(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;
	bool seen = in->gap_by && in->gap_filled; /* by routers, until the gap was filled */
	double p = seen ? in->gap_chance : 1;
	uint8_t length = t->result.path_length;
	struct finding *f;

	if (in->gap_asked && !in->gap_acked && in->gap_kept)
		p *= target_chance(t, in->gap_asked) / 10;
	if (p >= POSSIBLE)
		return;
	f = conclude_add(t, "packet", CHANGE_REORDERED);
	if (!f)
		return;
	f->direction = seen ? DIRECTION_FORWARD : DIRECTION_END_TO_END;
	f->basis = BASIS_CONTROL;
	f->impact = IMPACT_DEGRADED;
	f->confidence = held_confidence(p);
	f->after = observe_place(t, 0, seen ? in->gap_after : (uint8_t)(length - 1));
	f->by = observe_place(t, 0, seen ? in->gap_by : length);
	explain_gap(f);
}

static void find_wrong_sack(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;
	struct finding *f;

	if (!in->sack_wrong)
		return;
	f = conclude_add(t, "tcp.options.sack", CHANGE_REWRITTEN);
	if (!f)
		return;
	f->sent = in->sack_sent;
	f->seen = in->sack_seen;
	observe_way_back(t, f);
	f->basis = BASIS_ENDPOINT;
	f->cause = CAUSE_SEQ_RANDOMIZER;
	f->impact = IMPACT_DEGRADED;
	f->confidence = CONFIDENCE_CERTAIN;
	snprintf(f->explain, sizeof(f->explain),
		 "Selective acknowledgements come back with sequence numbers that were never sent: "
		 "a box translates those of segments, but not of SACK blocks; losses are mended "
		 "later.");
}

void conclude_gap(struct trace *t)
{
	find_gap(t);
	find_wrong_sack(t);
}

/* Is there a finding that says why nothing comes back? */
static bool is_explained(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (t->result.findings[i].impact == IMPACT_BROKEN ||
		    t->result.findings[i].impact == IMPACT_FALLBACK)
			return true;
	return false;
}

static void explain_unanswered(const struct trace *t, struct finding *f)
{
	char after[80];

	explain_place(&f->after, after, sizeof(after));
	if (t->result.inside.gap_acked)
		snprintf(
		    f->explain, sizeof(f->explain),
		    "The target tells of data behind a gap, but once the gap is filled nothing "
		    "comes back any more: probably its segments with DSS are dropped on the "
		    "way; connections with MPTCP fail.");
	else
		snprintf(
		    f->explain, sizeof(f->explain),
		    "Segments behind the SYN come to %s, the last router before the target, "
		    "but nothing comes back: they or the target's own are dropped behind it or "
		    "on the way back; connections with MPTCP fail.",
		    after);
}

/* Data came to the last router, the target answers SYNs, but none of these; or it did as long as
 * there was nothing that MPTCP could acknowledge. */
void conclude_unanswered(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;
	uint32_t sent = in->data_sent + (in->gap_acked ? 0 : in->gap_asked);
	double p = target_chance(t, sent);
	struct finding *f;

	if (held_arrived(in) || in->bare_ack || in->connection.info.sent || !in->gap_asked ||
	    in->connection.info.outcome == OUTCOME_RESET || in->connection.info.stalled ||
	    is_explained(t) || p >= POSSIBLE)
		return;
	f = conclude_add(t, in->gap_acked ? DSS : "packet", CHANGE_DROPPED);
	if (!f)
		return;
	f->direction = in->gap_acked ? DIRECTION_REVERSE : DIRECTION_END_TO_END;
	f->basis = BASIS_ENDPOINT;
	f->cause = CAUSE_BLACKHOLE;
	f->impact = IMPACT_BROKEN;
	f->confidence = p < LIKELY ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
	f->after =
	    observe_place(t, series_find(t, ROLE_DATA_DSS), (uint8_t)(t->result.path_length - 1));
	f->by = (struct place){true, t->result.path_length, t->result.config.target};
	explain_unanswered(t, f);
	if (in->gap_acked)
		observe_way_back(t, f);
}
