/* What the target's data in a connection showed, from this end alone: somewhere on their way back
 * they were cut or joined, or somebody acknowledged them in our name. That they were edited the
 * checksums of the connection tell (connection.h). */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"

#define PAYLOAD "tcp.payload"

static bool has_finding(const struct trace *t, const char *field, bool back)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if (!strncmp(f->field, field, strlen(field)) &&
		    (!back || f->direction == DIRECTION_REVERSE))
			return true;
	}
	return false;
}

/* What came without DSS, here or there, the connection noticed as well: what it took that for. */
static enum impact take_over(struct trace *t, enum impact impact)
{
	struct trace_result *r = &t->result;
	size_t kept = 0;

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = &r->findings[i];

		if (f->basis == BASIS_ENDPOINT && !strcmp(f->field, "tcp.options.mptcp.dss") &&
		    f->change == CHANGE_REMOVED)
			impact = f->impact;
		else
			r->findings[kept++] = *f;
	}
	r->finding_count = kept;
	return impact;
}

static const char *consequence(enum impact impact)
{
	switch (impact) {
	case IMPACT_NONE: return "MPTCP is not affected";
	case IMPACT_DEGRADED: return "what has lost its mapping is sent once more";
	case IMPACT_FALLBACK: return "what has lost its mapping made MPTCP fall back to plain TCP";
	default: return "what has lost its mapping broke the connection";
	}
}

static struct finding *add(struct trace *t, const char *field, enum change_kind change,
			   enum impact impact)
{
	struct finding *f = conclude_add(t, field, change);

	if (!f)
		return NULL;
	observe_way_back(t, f);
	f->basis = BASIS_ENDPOINT;
	f->cause = CAUSE_SPLIT_PROXY;
	f->impact = impact;
	f->confidence = CONFIDENCE_LIKELY;
	return f;
}

#define EXPLAIN(f, ...) snprintf((f)->explain, sizeof((f)->explain), __VA_ARGS__)

static void find_cut(struct trace *t, const struct trace_back *b)
{
	struct finding *f;

	if (!b->cut || has_finding(t, "tcp.options.mss_val", false))
		return;
	f = add(t, PAYLOAD, CHANGE_SPLIT, take_over(t, IMPACT_NONE));
	if (f)
		EXPLAIN(f,
			"On the way back, segments are split: %u of the target's %u with data are "
			"short, and their mapping goes on in the next one; %s.",
			b->cut, b->segments, consequence(f->impact));
}

/* What was inserted goes beyond a mapping as well: then checksums do not fit. */
static void find_joined(struct trace *t, const struct trace_back *b)
{
	struct finding *f;

	if (!b->two_mappings && (!b->unmapped || !t->result.inside.connection.info.checksum ||
				 has_finding(t, PAYLOAD, true)))
		return;
	f = add(t, PAYLOAD, CHANGE_COALESCED, take_over(t, IMPACT_DEGRADED));
	if (!f)
		return;
	if (b->two_mappings)
		f->confidence = CONFIDENCE_CERTAIN;
	EXPLAIN(f, "On the way back, segments are merged: %u of the target's %u with data %s; %s.",
		b->unmapped, b->segments,
		b->two_mappings ? "bear the mappings of several"
				: "hold more than they bear a mapping of",
		consequence(f->impact));
}

static void find_lengthy(struct trace *t, const struct trace_back *b)
{
	struct finding *f;

	if (!b->lengthy || has_finding(t, PAYLOAD, true))
		return;
	f = add(t, PAYLOAD, CHANGE_COALESCED, IMPACT_NONE);
	if (f)
		EXPLAIN(f,
			"On the way back, segments are merged: %u of the target's %u with data are "
			"as long as several of the MSS that this host announced; MPTCP is not "
			"affected.",
			b->lengthy, b->segments);
}

/* What quotes show of acknowledgements that are raised is the same. */
static void drop_raised(struct trace *t)
{
	static const char *const fields[] = {"tcp.ack", "tcp.window_size_value", "tcp.checksum"};
	struct trace_result *r = &t->result;
	size_t kept = 0;

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = &r->findings[i];
		bool same = false;

		for (size_t k = 0; k < sizeof(fields) / sizeof(*fields); k++)
			same |= f->direction == DIRECTION_FORWARD && !strcmp(f->field, fields[k]) &&
				f->change == CHANGE_REWRITTEN;
		if (!same)
			r->findings[kept++] = *f;
	}
	r->finding_count = kept;
}

static const char *took(enum impact impact)
{
	switch (impact) {
	case IMPACT_DEGRADED: return "";
	case IMPACT_FALLBACK:
		return "; the target took this for the loss of MPTCP's options and fell back to "
		       "plain TCP";
	default: return "; the connection broke";
	}
}

static void explain_acked(const struct trace *t, const struct trace_back *b, struct finding *f)
{
	struct place from = observe_place(t, 0, b->raised_after);
	struct place to = observe_place(t, 0, b->raised_by);
	char after[80], by[80], where[224] = "";

	explain_place(&from, after, sizeof(after));
	explain_place(&to, by, sizeof(by));
	if (b->raised_by)
		snprintf(where, sizeof(where),
			 ", where what it acknowledges is raised, between %s and %s", after, by);
	EXPLAIN(
	    f, "%sata on the way back are acknowledged in this host's name, by a proxy%s: %s%s.",
	    f->confidence == CONFIDENCE_CERTAIN ? "D" : "Probably d", where,
	    b->anew ? "the target sent them once more under new sequence numbers although this "
		      "host had acknowledged none of them"
		    : "what this host did not acknowledge was sent again not by the target, but "
		      "with timestamps that it had used before",
	    took(f->impact));
}

static void find_acked(struct trace *t, const struct trace_back *b)
{
	struct finding *f;

	if (!b->anew && !b->stale)
		return;
	if (b->raised_by)
		drop_raised(t);
	f = add(t, "tcp.ack", CHANGE_ANSWERED, take_over(t, IMPACT_DEGRADED));
	if (!f)
		return;
	if (b->anew || b->raised_by)
		f->confidence = CONFIDENCE_CERTAIN;
	explain_acked(t, b, f);
}

void conclude_back(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;

	if (in->state != INSIDE_TESTED)
		return;
	find_cut(t, &in->back);
	find_joined(t, &in->back);
	find_lengthy(t, &in->back);
	find_acked(t, &in->back);
}
