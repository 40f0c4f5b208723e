/* ADD_ADDR that came to the last router, or nearly, and yet was not echoed. */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"

#define ADD_ADDR "tcp.options.mptcp.add_addr"
#define LIKELY	 0.001
#define POSSIBLE 0.01

static bool is_known(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, ADD_ADDR))
			return true;
	return false;
}

/* The last hop that quoted it as it was sent; the sender itself is one. */
static uint8_t last_witness(const struct trace *t, int probe)
{
	for (unsigned ttl = t->result.path_length; ttl-- > 1;) {
		const struct trace_reply *r = observe_quote(t, probe, (uint8_t)ttl);

		if (r && r->kind == REPLY_TIME_EXCEEDED && r->diff.options_complete)
			return (uint8_t)ttl;
	}
	return 0;
}

/* Who refuses a token that nobody has with MP_TCPRST (RFC 8684 §3.6) speaks MPTCP as it is today:
 * older stacks, with neither, are known not to echo. */
static bool is_recent(const struct trace_inside *in)
{
	return in->bogus.answer == JOIN_REFUSED;
}

/* Where it is lost, as far as that can be known. */
static const char *where(const struct finding *f)
{
	if (f->direction == DIRECTION_FORWARD)
		return "behind that, for the target's own ADD_ADDR comes through";
	if (f->confidence == CONFIDENCE_LIKELY)
		return "behind that, or its echo on the way back";
	return "behind that, or its echo on the way back, or else the target never echoes";
}

static void explain(const struct trace_add_addr *echo, struct finding *f)
{
	char after[80];

	explain_place(&f->after, after, sizeof(after));
	snprintf(f->explain, sizeof(f->explain),
		 "ADD_ADDR %s%s, but the target does not echo it: none of %u, while %u of as many "
		 "segments with data beside them were answered. %s it is removed or dropped %s; "
		 "the target does not learn of further addresses.",
		 f->after.ttl ? "comes to " : "is sent", f->after.ttl ? after : "", echo->asked,
		 echo->answered, f->confidence == CONFIDENCE_LIKELY ? "Probably" : "Possibly",
		 where(f));
}

void conclude_add_addr(struct trace *t)
{
	const struct trace_inside *in = &t->result.inside;
	const struct trace_add_addr *echo = &in->add_addr;
	int probe = series_find(t, ROLE_ADD_ADDR);
	struct finding *f;
	double p;

	if (in->state != INSIDE_TESTED || !in->mapped || !echo->asked || echo->echoed ||
	    echo->ended || probe < 0 || is_known(t))
		return;
	p = exact_test(echo->asked, echo->asked, echo->asked,
		       (uint32_t)(echo->asked - echo->answered));
	if (p >= POSSIBLE)
		return;
	f = conclude_add(t, ADD_ADDR, CHANGE_DROPPED);
	if (!f)
		return;
	f->direction = echo->announced ? DIRECTION_FORWARD : DIRECTION_END_TO_END;
	f->basis = BASIS_CONTROL;
	f->impact = IMPACT_DEGRADED;
	f->confidence = p < LIKELY && is_recent(in) ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
	f->after = observe_place(t, probe, last_witness(t, probe));
	f->by = (struct place){true, t->result.path_length, t->result.config.target};
	explain(echo, f);
}
