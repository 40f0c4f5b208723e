/* Segments of a connection, and SYNs that join it, that nobody behind some hop has seen, where
 * what differs in their options alone came through. */
#include <stdio.h>
#include <string.h>

#include "probe/conclude_held.h"

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

enum confidence held_confidence(double p)
{
	return p < SURE ? CONFIDENCE_CERTAIN : p < LIKELY ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

bool held_arrived(const struct trace_inside *in)
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
	f->impact = held_arrived(in) ? IMPACT_DEGRADED : IMPACT_BROKEN;
	f->confidence = held_confidence(p);
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

	if ((rows[row].data && held_arrived(&t->result.inside)) ||
	    !is_lost(t, probe, plain, &by, &p) || is_found(t, rows[row].field))
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
	return !held_arrived(&t->result.inside);
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

	if (held_arrived(&t->result.inside) || t->result.inside.bare_ack ||
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

void conclude_held(struct trace *t)
{
	int plain = series_find(t, ROLE_DATA_PLAIN);
	const struct trace_inside *in = &t->result.inside;

	if (in->state != INSIDE_TESTED)
		return;
	conclude_gap(t);
	if (in->unsent)
		return; /* who acknowledges copies keeps them */
	if (all_lost(t, plain))
		find_all_lost(t, plain);
	else
		for (size_t i = 0; i < ROWS; i++)
			find_lost(t, i, plain);
	find_data_lost(t, plain);
	conclude_unanswered(t);
}
