/* Test, control and sham fared differently: dropped or reset because of an option, or only lost? */
#include "probe/engine.h"

#define SURE   0.01
#define LIKELY 0.05

#define BRANCHES 4 /* hops by which branches of a path may differ */

struct tally {
	uint32_t asked, answers;
};

/* Of hops that answer nobody nothing can be lost. */
static struct tally tally(const struct trace *t, int probe, unsigned from, unsigned to)
{
	bool nameless = t->series[probe].strays; /* what hops repeat is not credited */
	struct tally sum = {0, 0};

	for (unsigned ttl = from; ttl <= to && ttl <= t->series[probe].limit; ttl++) {
		const struct question *q = &t->series[probe].question[ttl];

		if (!observe_hop(t, (uint8_t)ttl))
			continue;
		sum.asked += nameless && q->answers ? q->answers : q->asked;
		sum.answers += q->answers;
	}
	return sum;
}

/* The chance that at TTLs `from` to `to` the probe was only less lucky than the control; of which
 * all of its walk must do where repeated replies are not credited. */
static double chance(const struct trace *t, int probe, int control, unsigned from, unsigned to)
{
	bool nameless = t->series[control].strays;
	struct tally ours = tally(t, probe, from, to);
	struct tally theirs =
	    tally(t, control, nameless ? 1 : from, nameless ? t->series[control].limit : to);

	if (ours.answers > ours.asked || theirs.answers > theirs.asked)
		return 1;
	return exact_test(ours.asked, ours.asked - ours.answers, theirs.asked,
			  theirs.asked - theirs.answers);
}

/* The nearest hop behind the last that answered this probe to which the other ones came, often
 * enough to know that it is not mere loss up to there; the hop where the control's walk ended, if
 * none is so sure. */
static uint8_t first_beyond(const struct trace *t, int probe, int control)
{
	unsigned from = t->series[probe].top + 1u, end = t->result.probes[control].reached_ttl;

	for (unsigned ttl = from; ttl < end; ttl++)
		if (observe_at(t, control, (uint8_t)ttl) && t->series[probe].question[ttl].asked &&
		    chance(t, probe, control, from, ttl) < SURE)
			return (uint8_t)ttl;
	return (uint8_t)end;
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
	double p = chance(t, probe, control, t->series[probe].top + 1u, t->series[control].limit);
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

/* How much of a doubt is left about where a RST came from? One that the control got from farther
 * on, but from as far away, may be the same, and what answered it here lost. */
static enum confidence least_doubt(const struct trace *t, const struct trace_reply *r, int control)
{
	bool refused = observe_fate(t, control) == FATE_RST;
	const struct trace_reply *plain = observe_answer(t, control);

	if (refused && t->series[control].top < r->ttl && plain &&
	    plain->received_ttl == r->received_ttl)
		return CONFIDENCE_POSSIBLE;
	if (!r->guessed || !t->series[r->probe].serial)
		return CONFIDENCE_CERTAIN;
	return t->duplicates || refused ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
}

static void conclude_reset(struct trace *t, int probe, int control)
{
	const struct trace_reply *r = observe_answer(t, probe);
	uint8_t at = r ? r->ttl : t->result.probes[control].reached_ttl;
	struct finding *f = add_fate(t, probe, CHANGE_RESET, at);

	if (!f)
		return;
	f->cause = CAUSE_RESETTER;
	if (at != t->result.probes[control].reached_ttl)
		f->by = observe_place(t, control, at);
	if (at == t->result.probes[control].reached_ttl ||
	    (observe_fate(t, control) == FATE_RST && t->series[control].top < at))
		f->confidence = CONFIDENCE_LIKELY;
	if (r && f->confidence < least_doubt(t, r, control))
		f->confidence = least_doubt(t, r, control);
}

static const struct finding *fate_of_capable(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (observe_is_mp_capable(&t->result.findings[i]) &&
		    t->result.findings[i].basis == BASIS_CONTROL)
			return &t->result.findings[i];
	return NULL;
}

static void liken(struct finding *f, const struct finding *capable, bool silent)
{
	f->direction = capable->direction;
	f->basis = BASIS_CONTROL;
	f->cause = capable->cause;
	f->after = capable->after;
	f->by = capable->by;
	f->confidence =
	    capable->confidence == CONFIDENCE_CERTAIN ? CONFIDENCE_LIKELY : capable->confidence;
	if (silent && capable->change == CHANGE_RESET) /* it did not fare alike: mere loss? */
		f->confidence = CONFIDENCE_POSSIBLE;
	f->impact = IMPACT_NO_SUBFLOW;
}

/* What befell MP_CAPABLE, did it befall MP_JOIN at the hop where it was asked? */
static void conclude_join(struct trace *t)
{
	int join = series_find(t, ROLE_JOIN);
	const struct finding *capable = fate_of_capable(t);
	const struct trace_reply *r;
	struct finding *f, like;

	if (join < 0 || !capable || !t->series[join].question[capable->by.ttl].asked)
		return;
	like = *capable;
	r = observe_at(t, join, like.by.ttl);
	if (!r && t->series[join].question[like.by.ttl].asked < JOIN_ASKINGS)
		return;
	if (r && r->kind != REPLY_RST && r->kind != REPLY_UNREACHABLE)
		return;
	f = conclude_add(t, "tcp.options.mptcp.mp_join",
			 r && r->kind == REPLY_RST ? CHANGE_RESET : CHANGE_DROPPED);
	if (f)
		liken(f, &like, !r);
}

/* All of them silent, but without marks one gets through. */
static void conclude_marks(struct trace *t)
{
	int unmarked = series_find(t, ROLE_UNMARKED);
	bool v6 = t->result.config.target.family == 6;
	struct finding *f;

	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].walks && observe_any_answer(t, (int)i))
			return;
	if (!observe_target_spoke(t, unmarked))
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

/* Do two answers come from as far away, as far as their TTLs tell? A branch may be longer. */
static bool as_far(const struct trace_reply *a, const struct trace_reply *b)
{
	int apart = a->received_ttl - b->received_ttl;

	return apart <= BRANCHES && apart >= -BRANCHES;
}

/* Did the same befall both? A RST from before routers that led the control on is not the RST that
 * the control got. */
static bool fared_alike(const struct trace *t, int probe, int control)
{
	const struct trace_reply *r = observe_answer(t, probe), *plain = observe_answer(t, control);

	if (observe_fate(t, probe) != observe_fate(t, control))
		return false;
	if (!r || r->kind != REPLY_RST)
		return true;
	if (!plain)
		return false;
	return t->series[control].top < r->ttl && r->ttl >= plain->ttl && as_far(r, plain);
}

void conclude_fates(struct trace *t)
{
	static const enum probe_role suspects[] = {ROLE_TEST, ROLE_SHAM};
	int control = series_find(t, ROLE_CONTROL);

	conclude_marks(t);
	if (control < 0 || !observe_answer(t, control))
		return; /* nothing to compare with */
	for (size_t i = 0; i < 2; i++) {
		int probe = series_find(t, suspects[i]);
		enum fate fate = observe_fate(t, probe);

		if (probe < 0 || fared_alike(t, probe, control))
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
