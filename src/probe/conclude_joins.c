/* What became of SYNs with MP_JOIN, with the connection's token and with one of nobody's. */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"

#define JOIN	       "tcp.options.mptcp.mp_join"
#define SURE	       0.001
#define LIKELY	       0.01
#define POSSIBLE       0.05
#define REASON_UNKNOWN 1 /* of MP_TCPRST: "MPTCP specific", what an unknown token gets */

static struct finding *add(struct trace *t, enum change_kind change, enum direction direction,
			   enum cause cause)
{
	struct finding *f = conclude_add(t, JOIN, change);

	if (!f)
		return NULL;
	f->direction = direction;
	f->basis = BASIS_REPLY;
	f->cause = cause;
	f->impact = IMPACT_NO_SUBFLOW;
	f->confidence = CONFIDENCE_LIKELY;
	return f;
}

/* The last router that quoted SYNs with MP_JOIN, and the target. */
static void put_places(const struct trace *t, struct finding *f)
{
	int join = series_find(t, ROLE_JOIN_VALID);

	f->after = observe_place(t, join, t->series[join].top);
	f->by = (struct place){true, t->result.path_length, t->result.config.target};
}

#define EXPLAIN(f, ...) snprintf((f)->explain, sizeof((f)->explain), __VA_ARGS__)

/* Does the target look at tokens, and so get the option? */
static bool is_token_seen(const struct trace_inside *in)
{
	return in->bogus.answer == JOIN_REFUSED || in->bogus.answer == JOIN_RESET;
}

static void find_bare(struct trace *t)
{
	bool seen = is_token_seen(&t->result.inside);
	struct finding *f;
	char after[80];

	if (!t->result.inside.join_confirmed)
		return;
	f = add(t, CHANGE_REMOVED, seen ? DIRECTION_REVERSE : DIRECTION_END_TO_END,
		CAUSE_OPTION_STRIPPER);
	if (!f)
		return;
	if (seen) {
		observe_way_back(t, f);
		EXPLAIN(f, "SYNs with MP_JOIN arrive, for the target refuses a token it does not "
			   "know, but its SYN/ACK to one that it knows comes without MP_JOIN: the "
			   "option is removed on the way back; no further MPTCP subflow can be "
			   "opened over this path.");
		return;
	}
	put_places(t, f);
	explain_place(&f->after, after, sizeof(after));
	EXPLAIN(f,
		"SYNs with MP_JOIN are answered without it, whatever their token: the option is "
		"removed behind %s, the last router that quoted it, or on the way back; no further "
		"MPTCP subflow can be opened over this path.",
		after);
}

static void find_impostor(struct trace *t, bool valid)
{
	const struct trace_inside *in = &t->result.inside;
	const struct trace_join *join = valid ? &in->valid : &in->bogus;
	bool mirrored = join->answer == JOIN_MIRRORED;
	struct finding *f = add(t, mirrored ? CHANGE_MIRRORED : CHANGE_ANSWERED,
				DIRECTION_END_TO_END, mirrored ? CAUSE_MIRROR : CAUSE_SPLIT_PROXY);

	if (!f)
		return;
	put_places(t, f);
	if (!valid && in->valid.answer == JOIN_ACCEPTED)
		f->impact = IMPACT_NONE;
	if (mirrored)
		EXPLAIN(f, "SYN/ACKs repeat the MP_JOIN of the SYN instead of answering it; no "
			   "further MPTCP subflow can be opened over this path.");
	else if (valid)
		EXPLAIN(f, "SYNs with MP_JOIN are answered by somebody who does not know the keys "
			   "of the connection; no further MPTCP subflow can be opened over this "
			   "path.");
	else
		EXPLAIN(f,
			"A SYN with MP_JOIN and a token of nobody's is answered with SYN/ACK "
			"instead of being refused: by a proxy, or by another server behind a "
			"load balancer%s.",
			f->impact == IMPACT_NONE ? "; SYNs with the connection's token are not"
						 : "");
}

static void find_reset(struct trace *t)
{
	int join = series_find(t, ROLE_JOIN_VALID);
	const struct trace_reply *r = observe_answer(t, join);
	bool near = r && r->ttl < t->result.path_length;
	struct finding *f;

	if (!near && !t->result.inside.join_confirmed)
		return;
	f = r ? add(t, CHANGE_RESET, DIRECTION_FORWARD, CAUSE_RESETTER) : NULL;
	if (!f)
		return;
	f->basis = BASIS_CONTROL;
	put_places(t, f);
	f->confidence = CONFIDENCE_CERTAIN;
	if (near)
		f->by = observe_place(t, series_find(t, ROLE_CONTROL), r->ttl);
	else if (is_token_seen(&t->result.inside) && t->result.inside.bogus.answer == JOIN_REFUSED)
		f->confidence = CONFIDENCE_LIKELY; /* the target itself says why */
	else
		f->confidence = CONFIDENCE_POSSIBLE;
}

/* Refused as is a token that nobody has, though the target has it: so it was asked of another. */
static void find_stranger(struct trace *t)
{
	const struct trace_reply *r = observe_answer(t, series_find(t, ROLE_JOIN_VALID));
	const struct trace_inside *in = &t->result.inside;
	struct finding *f;

	if (!r || !in->mapped || !in->join_confirmed || in->bogus.answer != JOIN_REFUSED ||
	    in->valid.reason != REASON_UNKNOWN || in->bogus.reason != REASON_UNKNOWN)
		return;
	f = add(t, CHANGE_RESET, DIRECTION_END_TO_END, CAUSE_LOAD_BALANCER);
	if (!f)
		return;
	put_places(t, f);
	if (r->ttl < t->result.path_length) {
		f->direction = DIRECTION_FORWARD;
		f->by = observe_place(t, series_find(t, ROLE_CONTROL), r->ttl);
	}
	EXPLAIN(f, "A SYN that joins the connection is refused as is one with a token of nobody's: "
		   "probably it comes to another server, behind a load balancer; no further MPTCP "
		   "subflow can be opened over this path.");
}

static enum confidence confidence_of(double p)
{
	return p < SURE ? CONFIDENCE_CERTAIN : p < LIKELY ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

static const char *doubt(const struct finding *f)
{
	return f->confidence == CONFIDENCE_CERTAIN  ? ""
	       : f->confidence == CONFIDENCE_LIKELY ? " probably"
						    : " possibly";
}

/* Routers saw them all, and plain SYNs are answered. */
static void explain_unanswered(const struct trace *t, struct finding *f)
{
	char after[80];

	explain_place(&f->after, after, sizeof(after));
	if (!is_token_seen(&t->result.inside)) {
		EXPLAIN(f,
			"SYNs with MP_JOIN come to %s, but are not answered:%s they or their "
			"answers are dropped, behind it or on the way back; no further MPTCP "
			"subflow can be opened over this path.",
			after, doubt(f));
		return;
	}
	observe_way_back(t, f);
	EXPLAIN(f,
		"SYNs with MP_JOIN arrive, for the target refuses a token it does not know, "
		"but to one that it knows no answer comes:%s SYN/ACKs with MP_JOIN are dropped "
		"on the way back; no further MPTCP subflow can be opened over this path.",
		doubt(f));
}

/* Nobody behind some hop has seen them, where plain SYNs came through. */
static void find_dropped(struct trace *t, int join, int control)
{
	uint8_t by = observe_first_silent(t, join, control), length = t->result.path_length;
	double p = by ? observe_chance(t, join, control, by) : 1;
	struct finding *f;

	if (p >= POSSIBLE)
		return;
	f = add(t, CHANGE_DROPPED, by < length ? DIRECTION_FORWARD : DIRECTION_END_TO_END,
		CAUSE_BLACKHOLE);
	if (!f)
		return;
	f->basis = BASIS_CONTROL;
	f->confidence = confidence_of(p);
	if (by >= length && t->result.inside.join_late)
		f->confidence = CONFIDENCE_POSSIBLE; /* who has ended it need not answer */
	put_places(t, f);
	if (by < length)
		f->by = observe_place(t, join, by);
	else
		explain_unanswered(t, f);
}

/* Did a hop see it, or does somebody else answer SYNs anyway? */
static bool is_known(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, JOIN) ||
		    (t->result.findings[i].change == CHANGE_ANSWERED &&
		     !strcmp(t->result.findings[i].field, "packet")))
			return true;
	return false;
}

void conclude_joins(struct trace *t)
{
	int join = series_find(t, ROLE_JOIN_VALID), control = series_find(t, ROLE_CONTROL);
	const struct trace_inside *in = &t->result.inside;

	if (in->state != INSIDE_TESTED || join < 0 || control < 0 || is_known(t))
		return;
	switch (in->valid.answer) {
	case JOIN_RESET: find_reset(t); break;
	case JOIN_REFUSED: find_stranger(t); break;
	case JOIN_BARE: find_bare(t); break;
	case JOIN_FORGED:
	case JOIN_MIRRORED: find_impostor(t, true); break;
	case JOIN_SILENT:
		if (!observe_unreachable(t, join))
			find_dropped(t, join, control);
		break;
	default: break;
	}
	if (is_known(t) || in->valid.answer != JOIN_ACCEPTED)
		return;
	if (in->bogus.answer >= JOIN_ACCEPTED && in->bogus.answer <= JOIN_BARE)
		find_impostor(t, false);
}
