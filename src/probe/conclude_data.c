/* What befalls the data of a connection on their way: cut or joined, or not let through. */
#include <string.h>

#include "probe/engine.h"

#define PAYLOAD "tcp.payload"
/* Two kinds of segments are looked at, at the nearest hop that fits: so more must speak for it. */
#define SURE	 0.001
#define LIKELY	 0.01
#define POSSIBLE 0.05

static bool same_place(const struct finding *a, const struct finding *b)
{
	return a->after.ttl == b->after.ttl && a->by.ttl == b->by.ttl;
}

static void remove_at(struct trace *t, size_t i)
{
	struct trace_result *r = &t->result;

	memmove(&r->findings[i], &r->findings[i + 1],
		(--r->finding_count - i) * sizeof(r->findings[0]));
}

/* A segment's flags go with one part of it only. */
static bool is_parted(const struct trace *t, size_t at)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if ((f->change == CHANGE_SPLIT || f->change == CHANGE_COALESCED) &&
		    same_place(f, &t->result.findings[at]))
			return true;
	}
	return false;
}

/* Data that end early go on in another segment, if the peer got them; data that go on where they
 * should end were joined with the next. The values begin where what was sent and seen part. */
static enum change_kind meant(const struct trace *t, const struct finding *f)
{
	bool arrived = t->result.inside.mapped ||
		       t->result.inside.connection.info.fallback_stage != FALLBACK_NONE;

	if (f->change == CHANGE_TRUNCATED && arrived)
		return CHANGE_SPLIT;
	if (f->change == CHANGE_REWRITTEN && !f->sent.len && f->seen.len)
		return CHANGE_COALESCED;
	return f->change;
}

static void read_payloads(struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		struct finding *f = &t->result.findings[i];
		enum change_kind change = meant(t, f);

		if (strcmp(f->field, PAYLOAD) || change == f->change)
			continue;
		f->change = change;
		f->cause = CAUSE_NONE;
		f->impact = change == CHANGE_SPLIT ? IMPACT_NONE : IMPACT_DEGRADED;
	}
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, "tcp.flags") && is_parted(t, i))
			remove_at(t, i--);
}

/* The nearest hop behind the last that answered, of those that were asked. */
static uint8_t first_silent(const struct trace *t, int probe)
{
	for (unsigned ttl = t->series[probe].top + 1u; ttl < t->result.path_length; ttl++)
		if (t->series[probe].question[ttl].asked)
			return (uint8_t)ttl;
	return 0;
}

/* Did another segment of this connection get so far? */
static bool others_passed(const struct trace *t, int probe, uint8_t ttl)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		if ((int)i != probe && t->series[i].held && t->series[i].top >= ttl)
			return true;
	return false;
}

/* The chance that the hops from `ttl` on were only out of luck, or of ICMP tokens. */
static double chance(const struct trace *t, int probe, uint8_t ttl)
{
	uint32_t asked = observe_asked_from(t, probe, ttl), others = 0, lost = 0;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		uint32_t theirs = observe_asked_from(t, (int)i, ttl);

		if ((int)i == probe || !t->series[i].held || t->series[i].top < ttl)
			continue;
		others += theirs;
		lost += theirs - observe_answers_from(t, (int)i, ttl);
	}
	return exact_test(asked, asked, others, lost);
}

static void find_block(struct trace *t, enum probe_role role, const char *field)
{
	int probe = series_find(t, role);
	uint8_t by = probe < 0 ? 0 : first_silent(t, probe);
	struct finding *f;
	double p;

	if (!by || !others_passed(t, probe, by))
		return;
	p = chance(t, probe, by);
	if (p >= POSSIBLE)
		return;
	f = conclude_add(t, field,
			 t->result.inside.connection.info.outcome == OUTCOME_RESET
			     ? CHANGE_RESET
			     : CHANGE_DROPPED);
	if (!f)
		return;
	f->direction = DIRECTION_FORWARD;
	f->basis = BASIS_CONTROL;
	f->cause = f->change == CHANGE_RESET ? CAUSE_RESETTER : CAUSE_BLACKHOLE;
	f->impact = IMPACT_BROKEN;
	f->confidence = p < SURE     ? CONFIDENCE_CERTAIN
			: p < LIKELY ? CONFIDENCE_LIKELY
				     : CONFIDENCE_POSSIBLE;
	f->after = observe_place(t, probe, t->series[probe].top);
	f->by = observe_place(t, probe, by);
}

/* Segments with an option that nobody behind some hop has seen, where others of the connection came
 * through; and the connection's data did not arrive either. */
static void find_blocks(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;

	if (in->mapped || in->connection.info.fallback_stage != FALLBACK_NONE)
		return;
	find_block(t, ROLE_DATA_CAPABLE, "tcp.options.mptcp.mp_capable");
	find_block(t, ROLE_DATA_DSS, "tcp.options.mptcp.dss");
}

void conclude_data(struct trace *t)
{
	if (t->result.inside.state != INSIDE_TESTED)
		return;
	read_payloads(t);
	find_blocks(t);
}
