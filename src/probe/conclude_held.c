/* Segments of a connection, and SYNs that join it, that nobody behind some hop has seen, where
 * what differs in their options alone came through. */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"

/* Several kinds of segments are looked at, at the nearest hop that fits: so more must speak for it.
 */
#define SURE	 0.0001
#define LIKELY	 0.001
#define POSSIBLE 0.01
#define DSS	 "tcp.options.mptcp.dss"

static const struct {
	enum probe_role role;
	const char *field;
	bool data; /* of the connection's: if that arrived it only is not let through twice */
	bool dss;  /* with a DSS as well */
} rows[] = {
    {ROLE_DATA_CAPABLE, "tcp.options.mptcp.mp_capable", true, false},
    {ROLE_DATA_DSS, DSS, true, true},
    {ROLE_DATA_ACK, DSS, false, true},
    {ROLE_ADD_ADDR, "tcp.options.mptcp.add_addr", false, false},
    {ROLE_SIGNALS, "tcp.options.mptcp.remove_addr", false, true},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static enum confidence confidence_of(double p)
{
	return p < SURE ? CONFIDENCE_CERTAIN : p < LIKELY ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

static bool arrived(const struct trace_inside *in)
{
	return in->mapped || in->connection.info.fallback_stage != FALLBACK_NONE;
}

static struct finding *add(struct trace *t, const char *field, int probe, uint8_t by, double p)
{
	const struct trace_inside *in = &t->result.inside;
	bool reset = in->connection.info.outcome == OUTCOME_RESET;
	struct finding *f = conclude_add(t, field, reset ? CHANGE_RESET : CHANGE_DROPPED);

	if (!f)
		return NULL;
	f->direction = DIRECTION_FORWARD;
	f->basis = BASIS_CONTROL;
	f->cause = reset ? CAUSE_RESETTER : CAUSE_BLACKHOLE;
	f->impact = arrived(in) ? IMPACT_DEGRADED : IMPACT_BROKEN;
	f->confidence = confidence_of(p);
	f->after = observe_place(t, probe, t->series[probe].top);
	f->by = observe_place(t, probe, by);
	return f;
}

static bool is_found(const struct trace *t, const char *field)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, field) &&
		    t->result.findings[i].basis == BASIS_CONTROL)
			return true;
	return false;
}

/* Is it silent behind some hop where `control` is not? The chance that this is mere loss in *p. */
static bool is_lost(const struct trace *t, int probe, int control, uint8_t *by, double *p)
{
	bool known = probe >= 0 && control >= 0 && !t->series[probe].tied;

	*by = known ? observe_first_silent(t, probe, control) : 0;
	*p = *by ? observe_chance(t, probe, control, *by) : 1;
	return *p < POSSIBLE;
}

static void find_lost(struct trace *t, size_t row, int plain)
{
	int probe = series_find(t, rows[row].role);
	uint8_t by;
	double p;

	if ((rows[row].data && arrived(&t->result.inside)) || !is_lost(t, probe, plain, &by, &p) ||
	    is_found(t, rows[row].field))
		return;
	if (rows[row].dss && is_found(t, DSS))
		return; /* that is why */
	add(t, rows[row].field, probe, by, p);
}

/* Not one segment with an option of MPTCP came so far as its data alone. */
static bool all_lost(const struct trace *t, int plain)
{
	uint8_t by;
	double p;

	for (size_t i = 0; i < ROWS; i++) {
		int probe = series_find(t, rows[i].role);

		if (probe >= 0 && !is_lost(t, probe, plain, &by, &p))
			return false;
	}
	return !arrived(&t->result.inside);
}

static void find_all_lost(struct trace *t, int plain)
{
	int probe = series_find(t, ROLE_DATA_DSS);
	char after[80], by[80];
	struct finding *f;
	uint8_t ttl;
	double p;

	if (!is_lost(t, probe, plain, &ttl, &p))
		return;
	f = add(t, DSS, probe, ttl, p);
	if (!f)
		return;
	explain_place(&f->after, after, sizeof(after));
	explain_place(&f->by, by, sizeof(by));
	snprintf(f->explain, sizeof(f->explain),
		 "%segments with options of MPTCP are %s between %s and %s, the same data without "
		 "them and SYNs with them are not; connections with MPTCP fail.",
		 f->confidence == CONFIDENCE_CERTAIN ? "S" : "Probably s",
		 f->change == CHANGE_DROPPED ? "dropped" : "answered with RST", after, by);
}

/* The last hop that saw any segment of the connection. */
static uint8_t farthest(const struct trace *t)
{
	uint8_t top = 0;

	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].held && t->series[i].top > top)
			top = t->series[i].top;
	return top;
}

/* Nor did the data alone, where SYNs did. */
static void find_data_lost(struct trace *t, int plain)
{
	char after[80], by[80];
	struct finding *f;
	uint8_t ttl;
	double p;

	if (arrived(&t->result.inside) || t->result.inside.bare_ack ||
	    !is_lost(t, plain, series_find(t, ROLE_CONTROL), &ttl, &p))
		return;
	f = add(t, "packet", plain, ttl, p);
	if (!f)
		return;
	f->after = observe_place(t, plain, farthest(t));
	explain_place(&f->after, after, sizeof(after));
	explain_place(&f->by, by, sizeof(by));
	snprintf(f->explain, sizeof(f->explain),
		 "%segments behind the SYN are %s between %s and %s, with options of MPTCP or "
		 "without; connections fail.",
		 f->confidence == CONFIDENCE_CERTAIN ? "S" : "Probably s",
		 f->change == CHANGE_DROPPED ? "dropped" : "answered with RST", after, by);
}

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
	f->confidence = confidence_of(p);
	f->after = observe_place(t, 0, seen ? in->gap_after : (uint8_t)(length - 1));
	f->by = observe_place(t, 0, seen ? in->gap_by : length);
	explain_gap(f);
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
static void find_unanswered(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;
	uint32_t sent = in->data_sent + (in->gap_acked ? 0 : in->gap_asked);
	double p = target_chance(t, sent);
	struct finding *f;

	if (arrived(in) || in->bare_ack || in->connection.info.sent || !in->gap_asked ||
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

void conclude_held(struct trace *t)
{
	int plain = series_find(t, ROLE_DATA_PLAIN);
	const struct trace_inside *in = &t->result.inside;

	if (in->state != INSIDE_TESTED)
		return;
	find_gap(t);
	find_wrong_sack(t);
	if (in->unsent)
		return; /* who acknowledges copies keeps them */
	if (all_lost(t, plain))
		find_all_lost(t, plain);
	else
		for (size_t i = 0; i < ROWS; i++)
			find_lost(t, i, plain);
	find_data_lost(t, plain);
	find_unanswered(t);
}
