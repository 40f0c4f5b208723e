/* What the connection itself showed: it settles what the changes that hops saw amount to, and adds
 * what no hop saw. */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"

#define MPTCP	"tcp.options.mptcp."
#define JOIN	"tcp.options.mptcp.mp_join"
#define DSS	"tcp.options.mptcp.dss"
#define CAPABLE "tcp.options.mptcp.mp_capable"
#define SURE	0.001
#define LIKELY	0.01
#define MANY	3 /* askings of a target that stays silent */

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

static bool was_reset(const struct trace_inside *in)
{
	const struct conn_info *info = &in->connection.info;

	return info->outcome == OUTCOME_RESET ||
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

/* Is what the endpoint noticed explained by what some hop saw? */
static bool explained(const struct trace *t, const struct finding *seen)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if (is_option(f, seen->field) || (is_vital(t, f) && f->basis == BASIS_QUOTE &&
						  !strncmp(seen->field, MPTCP, sizeof(MPTCP) - 1)))
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

static void add_seen(struct trace *t, const struct finding *seen)
{
	struct finding *f = conclude_add(t, seen->field, seen->change);
	size_t len;

	if (!f)
		return;
	*f = *seen;
	if (f->impact == IMPACT_FALLBACK && was_reset(&t->result.inside))
		f->impact = IMPACT_BROKEN;
	len = strlen(f->explain);
	if (!strncmp(f->field, MPTCP, sizeof(MPTCP) - 1) && intact_to_the_end(t, ROLE_DATA_DSS))
		snprintf(
		    f->explain + len, sizeof(f->explain) - len,
		    " The options were intact at the last router before the target: it happens "
		    "behind that router, or on the way back.");
}

static void add_all_seen(struct trace *t)
{
	const struct connection_result *c = &t->result.inside.connection;

	for (size_t i = 0; i < c->finding_count; i++)
		if (!explained(t, &c->findings[i]))
			add_seen(t, &c->findings[i]);
}

/* Data were acknowledged without a DSS, but then the target sent one: it had not given MPTCP up,
 * and nothing took its options away. If the first acknowledgement came sooner than the target can
 * answer, it was not the target's. */
static bool is_early_ack(const struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;

	for (size_t i = 0; i < t->result.finding_count; i++)
		if (is_vital(t, &t->result.findings[i]))
			return false;
	return in->bare_ack && in->dss_later && in->too_soon;
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
	f->confidence = CONFIDENCE_LIKELY;
	settle(in, f);
	snprintf(
	    f->explain, sizeof(f->explain),
	    "Data were acknowledged without a DATA_ACK, sooner than the target can answer, and "
	    "then once more with one: by a proxy on the path, in the target's name%s.",
	    f->impact == IMPACT_DEGRADED ? ""
	    : f->impact == IMPACT_FALLBACK
		? "; the connection took this for the loss of MPTCP's options and fell back to "
		  "plain TCP"
		: "; the connection took this for the loss of MPTCP's options, and broke");
}

/* The nearest hop behind the last that answered, of those that answered the plain SYN. */
static uint8_t first_silent(const struct trace *t, int probe)
{
	for (unsigned ttl = t->series[probe].top + 1u; ttl < t->result.path_length; ttl++)
		if (t->series[probe].question[ttl].asked)
			return (uint8_t)ttl;
	return t->result.path_length;
}

static void add_join(struct trace *t, int probe, enum change_kind change, uint8_t by, double chance)
{
	struct finding *f = conclude_add(t, JOIN, change);

	if (!f)
		return;
	f->direction = DIRECTION_FORWARD;
	f->basis = BASIS_CONTROL;
	f->cause = change == CHANGE_RESET ? CAUSE_RESETTER : CAUSE_BLACKHOLE;
	f->impact = IMPACT_NO_SUBFLOW;
	f->after = observe_place(t, probe, t->series[probe].top);
	f->by = observe_place(t, change == CHANGE_RESET ? series_find(t, ROLE_CONTROL) : probe, by);
	f->confidence = chance < SURE	  ? CONFIDENCE_CERTAIN
			: chance < LIKELY ? CONFIDENCE_LIKELY
					  : CONFIDENCE_POSSIBLE;
}

static bool known_join(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (is_option(&t->result.findings[i], JOIN))
			return true;
	return false;
}

/* SYNs with MP_JOIN that nobody behind some hop has seen, where plain SYNs came through. */
static void find_join(struct trace *t)
{
	int join = series_find(t, ROLE_JOIN_VALID), control = series_find(t, ROLE_CONTROL);
	const struct trace_reply *r = observe_answer(t, join);
	uint8_t length = t->result.path_length, by;

	if (join < 0 || control < 0 || !length || known_join(t))
		return;
	if (r && r->kind == REPLY_RST && r->ttl < length)
		add_join(t, join, CHANGE_RESET, r->ttl, 0);
	if (r || observe_unreachable(t, join) || t->series[join].question[length].asked < MANY)
		return;
	by = first_silent(t, join);
	add_join(
	    t, join, CHANGE_DROPPED, by,
	    exact_test(observe_asked_from(t, join, by), observe_asked_from(t, join, by),
		       observe_asked_from(t, control, by),
		       observe_asked_from(t, control, by) - observe_answers_from(t, control, by)));
}

void conclude_inside(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;

	if (in->state != INSIDE_TESTED)
		return;
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (is_vital(t, &t->result.findings[i]))
			settle(in, &t->result.findings[i]);
	if (is_early_ack(t))
		find_early_ack(t);
	else
		add_all_seen(t);
	find_join(t);
}
