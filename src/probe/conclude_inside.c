/* What the connection itself showed: it settles what the changes that hops saw amount to, and adds
 * what no hop saw. */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"

#define MPTCP	"tcp.options.mptcp."
#define DSS	"tcp.options.mptcp.dss"
#define CAPABLE "tcp.options.mptcp.mp_capable"

static bool is_option(const struct finding *f, const char *field)
{
	return !strcmp(f->field, field);
}

/* Do MPTCP's data depend on it? */
static bool is_vital(const struct trace *t, const struct finding *f)
{
	return !observe_on_syn(t, f) && f->cause == CAUSE_OPTION_STRIPPER &&
	       f->direction == DIRECTION_FORWARD && (is_option(f, DSS) || is_option(f, CAPABLE));
}

static bool is_proxy(const struct finding *f)
{
	return f->change == CHANGE_ANSWERED && !strcmp(f->field, "packet");
}

static bool was_reset(const struct trace_inside *in)
{
	const struct conn_info *info = &in->connection.info;

	return info->outcome == OUTCOME_RESET || info->stalled ||
	       (info->subflow_count && info->subflow[0].close == SUBFLOW_RST);
}

/* What the loss of an option led to in this connection. Where all data were acknowledged by MPTCP
 * all the same, the segments themselves fared better than their copies, or only ACKs are touched.
 */
static void settle(const struct trace_inside *in, struct finding *f)
{
	if (was_reset(in))
		f->impact = IMPACT_BROKEN;
	else if (in->connection.info.fallback_stage != FALLBACK_NONE)
		f->impact = IMPACT_FALLBACK;
	else if (in->mapped)
		f->impact = IMPACT_DEGRADED;
	else
		f->impact = IMPACT_BROKEN;
}

/* Data that are edited, or joined, lose their mappings. */
static bool unmaps(const struct finding *f)
{
	return !strcmp(f->field, "tcp.payload") && f->impact == IMPACT_FALLBACK;
}

/* What hops see says nothing of the way back. */
static bool same_way(const struct finding *hop, const struct finding *seen)
{
	return hop->direction != DIRECTION_FORWARD || seen->direction != DIRECTION_REVERSE;
}

/* Is what the endpoint noticed explained by what some hop saw? */
static bool explained(const struct trace *t, const struct finding *seen)
{
	bool option = !strncmp(seen->field, MPTCP, sizeof(MPTCP) - 1);

	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if (same_way(f, seen) && (is_option(f, seen->field) || (option && unmaps(f)) ||
					  (is_vital(t, f) && f->basis == BASIS_QUOTE && option)))
			return true;
	}
	return false;
}

/* The last router before the target saw the option as it was sent. */
static bool intact_to_the_end(const struct trace *t, enum probe_role role)
{
	int probe = series_find(t, role);
	uint8_t length = t->result.path_length;
	const struct trace_reply *r =
	    probe >= 0 && length > 1 ? observe_quote(t, probe, length - 1) : NULL;

	if (!r || !r->diff.options_complete)
		return false;
	for (unsigned i = 0; i < r->diff.count; i++)
		if (!strncmp(r->diff.changes[i].field, MPTCP, sizeof(MPTCP) - 1))
			return false;
	return true;
}

static void say(struct finding *f, const char *more)
{
	size_t len = strlen(f->explain);

	snprintf(f->explain + len, sizeof(f->explain) - len, " %s", more);
}

/* The target alone says that data were edited, and might be wrong. */
static void doubt_report(const struct trace *t, struct finding *f)
{
	if (t->result.inside.connection.info.fallback_reason != FALLBACK_BECAUSE_MP_FAIL ||
	    strcmp(f->field, "tcp.payload"))
		return;
	f->confidence = CONFIDENCE_POSSIBLE;
	say(f, "No router saw them changed; the target may as well compute checksums wrongly, as "
	       "Linux 5.14 to 5.17 does.");
}

static void add_seen(struct trace *t, const struct finding *seen)
{
	struct finding *f = conclude_add(t, seen->field, seen->change);

	if (!f)
		return;
	*f = *seen;
	if (f->impact == IMPACT_FALLBACK && was_reset(&t->result.inside))
		f->impact = IMPACT_BROKEN;
	doubt_report(t, f);
	if (f->direction == DIRECTION_REVERSE) {
		observe_way_back(t, f);
		say(f, "It happens to what the target sends, on the way back.");
	}
	if (!strncmp(f->field, MPTCP, sizeof(MPTCP) - 1) && intact_to_the_end(t, ROLE_DATA_DSS))
		say(f, "The options were intact at the last router before the target: it happens "
		       "behind that router, or on the way back.");
}

static void add_all_seen(struct trace *t)
{
	const struct connection_result *c = &t->result.inside.connection;

	for (size_t i = 0; i < c->finding_count; i++)
		if (!explained(t, &c->findings[i]))
			add_seen(t, &c->findings[i]);
}

/* Data were acknowledged without a DSS when only copies of them had left, none of which comes to
 * the target; or sooner than it can answer, and then it sent a DSS: it had not given MPTCP up, and
 * nothing took its options away. */
static bool is_early_ack(const struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;

	if (in->bare_ack && in->unsent)
		return true;
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (is_vital(t, &t->result.findings[i]))
			return false;
	return in->bare_ack && in->dss_later && in->too_soon;
}

static void explain_early_ack(struct finding *f, bool unsent)
{
	char after[80], by[80], where[180] = "on the path";

	explain_place(&f->after, after, sizeof(after));
	explain_place(&f->by, by, sizeof(by));
	if (f->by.known)
		snprintf(where, sizeof(where), "between %s and %s", after, by);
	snprintf(f->explain, sizeof(f->explain),
		 "Data are acknowledged in the target's name, without a DATA_ACK, %s: by a proxy "
		 "%s%s.",
		 unsent ? "before they were sent any farther than to routers"
			: "sooner than the target can answer",
		 where,
		 f->impact == IMPACT_DEGRADED ? ""
		 : f->impact == IMPACT_FALLBACK
		     ? "; the connection took this for the loss of MPTCP's options and fell back "
		       "to plain TCP"
		     : "; the connection took this for the loss of MPTCP's options, and broke");
}

static void find_early_ack(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;
	struct finding *f = conclude_add(t, "tcp.ack", CHANGE_ANSWERED);

	if (!f)
		return;
	f->direction = DIRECTION_FORWARD;
	f->basis = BASIS_ENDPOINT;
	f->cause = CAUSE_SPLIT_PROXY;
	f->confidence = in->unsent ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
	if (in->acked_ttl) {
		f->after = observe_place(t, 0, in->acked_ttl - 1);
		f->by = observe_place(t, 0, in->acked_ttl);
	}
	settle(in, f);
	explain_early_ack(f, in->unsent);
}

void conclude_inside(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;

	if (in->state != INSIDE_TESTED)
		return;
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (is_vital(t, &t->result.findings[i]) || is_proxy(&t->result.findings[i]))
			settle(in, &t->result.findings[i]);
	if (is_early_ack(t))
		find_early_ack(t);
	else
		add_all_seen(t);
}
