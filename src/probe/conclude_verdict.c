/* The verdict and its first line, which must be understood without a manual. */
#include <stdio.h>

#include "probe/engine.h"

/* Does some quote from the last router before the target show all options? */
static const struct finding *targets_choice(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (t->result.findings[i].cause == CAUSE_TARGET)
			return &t->result.findings[i];
	return NULL;
}

/* Does the distance of the target rest on replies that may be late ones of other packets? */
static bool distance_doubtful(const struct trace *t)
{
	const struct trace_reply *r = observe_answer(t, 0);

	return r && r->guessed && t->series[0].serial;
}

static bool covered(const struct trace *t)
{
	uint8_t length = t->result.path_length;
	const struct trace_reply *r = length > 1 ? observe_quote(t, 0, length - 1) : NULL;

	if (distance_doubtful(t) && length == 1)
		return false;
	return length == 1 || targets_choice(t) || (r && r->diff.options_complete);
}

static const struct finding *worst(const struct trace *t, bool doubtful)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if (f->cause != CAUSE_TARGET && (f->confidence == CONFIDENCE_POSSIBLE) == doubtful)
			return f;
	}
	return NULL;
}

static void decide(struct trace *t, enum verdict verdict)
{
	t->result.verdict = verdict;
}

#define REASON(t, ...) snprintf((t)->result.reason, sizeof((t)->result.reason), __VA_ARGS__)

/* The nearest TTL at which the same address spoke: a router that lets a TTL expire refuses what
 * would have gone on. */
static uint8_t nearest_of(const struct trace *t, const struct trace_reply *refusal)
{
	uint8_t ttl = refusal->ttl;

	for (size_t i = 0; i < t->result.reply_count; i++)
		if (t->result.replies[i].ttl < ttl &&
		    ip_addr_equal(&t->result.replies[i].from, &refusal->from))
			ttl = t->result.replies[i].ttl;
	return ttl;
}

static const char *unreachable_code(const struct trace *t, const struct trace_reply *r)
{
	const char *code =
	    r ? icmp_unreachable_name(t->result.config.target.family, r->icmp_code) : NULL;

	return code ? code : "unknown code";
}

static void decide_refusal(struct trace *t, const struct trace_reply *r)
{
	char where[80];

	explain_place(&(struct place){true, nearest_of(t, r), r->from}, where, sizeof(where));
	REASON(t, "The target is not reached: %s answers unreachable (%s).", where,
	       unreachable_code(t, r));
}

/* Where the walk ended. */
static void decide_silence(struct trace *t)
{
	char where[80], target[IP_ADDR_TEXT];
	struct place last = observe_place(t, 0, t->series[0].top);

	ip_addr_print(&t->result.config.target, target);
	explain_place(&last, where, sizeof(where));
	if (observe_any_answer(t, 0)) {
		decide(t, VERDICT_INCONCLUSIVE);
		REASON(t, "The target %s answers, but to which of the packets cannot be told.",
		       target);
	} else if (!t->series[0].top) {
		REASON(t, "Nobody on the path to %s answered: nothing can be said.", target);
	} else if (last.ttl == t->result.config.max_ttl) {
		decide(t, VERDICT_INCONCLUSIVE);
		REASON(t, "The path goes on behind %s, the last hop that was to be asked (-m %u).",
		       where, t->result.config.max_ttl);
	} else {
		REASON(t, "The target %s does not answer; the last to answer is %s.", target,
		       where);
	}
}

static void decide_unreached(struct trace *t)
{
	const struct trace_reply *r = NULL;

	for (size_t i = 0; i < t->result.probe_count && !r; i++)
		r = t->series[i].walks ? observe_unreachable(t, (int)i) : NULL;
	decide(t, VERDICT_UNREACHABLE);
	if (r)
		decide_refusal(t, r);
	else
		decide_silence(t);
}

/* Its test got a RST, but plain SYNs no answer at all: that decides nothing. */
static bool refused_one_only(const struct trace *t)
{
	int control = series_find(t, ROLE_CONTROL);

	return control >= 0 && observe_fate(t, 0) == FATE_RST &&
	       observe_fate(t, control) == FATE_SILENT;
}

/* What leaves open how MPTCP fares; false: nothing does. */
static bool decide_open(struct trace *t, const struct trace_reply *r)
{
	bool user = t->result.config.user_probe;

	if (!r && user)
		REASON(t, "The probe reached the target, which answers unreachable (%s).",
		       unreachable_code(t, observe_unreachable(t, 0)));
	else if (!r)
		REASON(t,
		       "Other SYNs are answered in the target's name, but neither plain ones nor "
		       "those with MP_CAPABLE: what becomes of these is not known.");
	else if (refused_one_only(t))
		REASON(
		    t,
		    "SYNs with MP_CAPABLE are refused, but plain SYNs get no answer at all: what "
		    "refuses them, and why, is not known.");
	else if (!covered(t))
		REASON(t,
		       "The target %s, but no router near it quotes the options, so what "
		       "became of them is not known.",
		       user		      ? "answers"
		       : r->kind == REPLY_RST ? "refuses the connection"
					      : "answers without MPTCP");
	else
		return false;
	decide(t, VERDICT_INCONCLUSIVE);
	return true;
}

static void decide_refused(struct trace *t)
{
	REASON(t,
	       t->result.path_length == 1
		   ? "No router lies before the target, which refuses the connection (port %u is "
		     "closed)."
		   : "The path is clean as far as the last router before the target; the target "
		     "refuses the connection (port %u is closed).",
	       t->result.config.port);
}

static void decide_reached(struct trace *t)
{
	const struct trace_reply *r = observe_any_answer(t, 0);
	const struct finding *choice = targets_choice(t);
	bool user = t->result.config.user_probe, mptcp = !user && r && r->mptcp == MPTCP_V1;

	if (!mptcp && decide_open(t, r))
		return;
	decide(t, VERDICT_CLEAN);
	if (mptcp)
		REASON(
		    t,
		    "The path is clean: MP_CAPABLE reached the target at TTL %u and was answered "
		    "with MPTCP v1.",
		    t->result.path_length);
	else if (r && r->kind == REPLY_RST && !user)
		decide_refused(t);
	else if (choice && choice->after.ttl == t->result.path_length)
		REASON(t,
		       "The path is clean: MP_CAPABLE arrived at the target, which answers without "
		       "MPTCP.");
	else
		REASON(t, "The path is clean as far as the last router before the target%s.",
		       user ? "" : "; the target answers without MPTCP");
}

/* MPTCP was agreed on, but neither did it work nor does anything say why not. */
static bool is_unsettled(const struct trace_inside *in)
{
	return in->state == INSIDE_TESTED && !in->mapped &&
	       in->connection.info.fallback_stage == FALLBACK_NONE;
}

void conclude_verdict(struct trace *t)
{
	const struct finding *sure = worst(t, false), *doubtful = worst(t, true);

	if (sure) {
		decide(t, VERDICT_INTERFERENCE);
		REASON(t, "%s", sure->explain);
	} else if (t->result.interrupted) {
		decide(t, VERDICT_INCONCLUSIVE);
		REASON(t, "Interrupted before the measurement was complete.");
	} else if (!t->result.reached) {
		decide_unreached(t);
	} else if (doubtful) {
		decide(t, VERDICT_INCONCLUSIVE);
		REASON(t, "Not certain: %s", doubtful->explain);
	} else if (is_unsettled(&t->result.inside)) {
		decide(t, VERDICT_INCONCLUSIVE);
		REASON(t, "%s", t->result.inside.note);
	} else {
		decide_reached(t);
	}
}
