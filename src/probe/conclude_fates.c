/* Test, control and sham fared differently: dropped or reset because of an option, or only lost? */
#include "probe/engine.h"

#define SURE   0.01
#define LIKELY 0.05

/* The nearest hop behind `ttl` where another probe was answered and this one was not. */
static uint8_t first_beyond(const struct trace *t, int probe, int control)
{
	for (unsigned ttl = t->series[probe].top + 1u; ttl <= t->series[control].limit; ttl++)
		if (observe_at(t, control, (uint8_t)ttl) && t->series[probe].question[ttl].asked)
			return (uint8_t)ttl;
	return t->result.probes[control].reached_ttl;
}

static double chance(const struct trace *t, int probe, int control, uint8_t from)
{
	uint32_t asked = observe_asked_from(t, probe, from);
	uint32_t answers = observe_answers_from(t, probe, from);
	uint32_t control_asked = observe_asked_from(t, control, from);
	uint32_t control_answers = observe_answers_from(t, control, from);

	if (answers > asked || control_answers > control_asked)
		return 1;
	return exact_test(asked, asked - answers, control_asked, control_asked - control_answers);
}

static const char *bearer_field(enum probe_role role)
{
	return role == ROLE_TEST ? "tcp.options.mptcp.mp_capable" : "tcp.options.kind_254";
}

static struct finding *add_fate(struct trace *t, int probe, enum change_kind change, uint8_t by)
{
	struct finding *f = conclude_add(t, bearer_field(t->result.probes[probe].role), change);

	if (!f)
		return NULL;
	f->direction = DIRECTION_FORWARD;
	f->basis = BASIS_CONTROL;
	f->after = observe_place(t, probe, t->series[probe].top);
	f->by = observe_place(t, probe, by);
	f->confidence = CONFIDENCE_CERTAIN;
	if (t->result.probes[probe].role == ROLE_TEST)
		f->impact = change == CHANGE_RESET ? IMPACT_BROKEN : IMPACT_FALLBACK;
	return f;
}

static void conclude_dropped(struct trace *t, int probe, int control)
{
	uint8_t by = first_beyond(t, probe, control);
	double p = chance(t, probe, control, by);
	struct finding *f = add_fate(t, probe, CHANGE_DROPPED, by);

	if (!f)
		return;
	f->cause = CAUSE_BLACKHOLE;
	if (p >= SURE)
		f->confidence = p < LIKELY ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

static void conclude_refused(struct trace *t, int probe)
{
	const struct trace_reply *r = observe_unreachable(t, probe);
	struct finding *f = add_fate(t, probe, CHANGE_DROPPED, r->ttl);

	if (f)
		f->cause = CAUSE_RESETTER;
}

static void conclude_reset(struct trace *t, int probe, int control)
{
	uint8_t at = observe_answer(t, probe)->ttl;
	struct finding *f = add_fate(t, probe, CHANGE_RESET, at);

	if (!f)
		return;
	f->cause = CAUSE_RESETTER;
	if (at != t->result.probes[control].reached_ttl)
		f->by = observe_place(t, control, at);
	else
		f->confidence = CONFIDENCE_LIKELY;
}

/* What befell MP_CAPABLE, did it befall MP_JOIN at the hop where it was asked? */
static void conclude_join(struct trace *t)
{
	int join = series_find(t, ROLE_JOIN);
	const struct finding *capable = NULL;
	const struct trace_reply *r;
	struct finding *f, like;

	for (size_t i = 0; join >= 0 && i < t->result.finding_count && !capable; i++)
		if (observe_is_mp_capable(&t->result.findings[i]) &&
		    t->result.findings[i].basis == BASIS_CONTROL)
			capable = &t->result.findings[i];
	if (!capable || !t->series[join].question[capable->by.ttl].asked)
		return;
	like = *capable;
	r = observe_at(t, join, like.by.ttl);
	if (r && r->kind != REPLY_RST && r->kind != REPLY_UNREACHABLE)
		return;
	f = conclude_add(t, "tcp.options.mptcp.mp_join",
			 r && r->kind == REPLY_RST ? CHANGE_RESET : CHANGE_DROPPED);
	if (!f)
		return;
	f->direction = like.direction;
	f->basis = BASIS_CONTROL;
	f->cause = like.cause;
	f->after = like.after;
	f->by = like.by;
	f->confidence = CONFIDENCE_LIKELY;
	f->impact = IMPACT_NO_SUBFLOW;
}

/* All of them silent, but without marks one gets through. */
static void conclude_marks(struct trace *t)
{
	int unmarked = series_find(t, ROLE_UNMARKED);
	bool v6 = t->result.config.target.family == 6;
	struct finding *f;

	if (t->result.reached || !observe_target_spoke(t, unmarked))
		return;
	f = conclude_add(t, v6 ? "ipv6.tclass" : "ip.dsfield", CHANGE_DROPPED);
	if (!f)
		return;
	f->direction = DIRECTION_FORWARD;
	f->basis = BASIS_CONTROL;
	f->cause = CAUSE_BLACKHOLE;
	f->confidence = CONFIDENCE_LIKELY;
	f->after = observe_place(t, 0, t->series[0].top);
}

void conclude_fates(struct trace *t)
{
	static const enum probe_role suspects[] = {ROLE_TEST, ROLE_SHAM};
	int control = series_find(t, ROLE_CONTROL);

	conclude_marks(t);
	if (control < 0 || observe_fate(t, control) == FATE_SILENT ||
	    observe_fate(t, control) == FATE_UNREACHABLE)
		return;
	for (size_t i = 0; i < 2; i++) {
		int probe = series_find(t, suspects[i]);
		enum fate fate = observe_fate(t, probe);

		if (fate == observe_fate(t, control))
			continue;
		if (fate == FATE_SILENT)
			conclude_dropped(t, probe, control);
		else if (fate == FATE_UNREACHABLE)
			conclude_refused(t, probe);
		else if (fate == FATE_RST)
			conclude_reset(t, probe, control);
	}
	conclude_join(t);
}
