/* One plain English sentence a finding. */
#include <stdio.h>
#include <string.h>

#include "probe/segment.h"

static const char *const consequences[] = {
    [IMPACT_NONE] = "MPTCP is not affected",
    [IMPACT_FALLBACK] = "MPTCP falls back to plain TCP",
    [IMPACT_NO_SUBFLOW] = "no further MPTCP subflow can be opened over this path",
    [IMPACT_DEGRADED] = "MPTCP works, but less well",
    [IMPACT_BROKEN] = "connections with MPTCP fail",
};

static bool same_stretch(const struct finding *a, const struct finding *b)
{
	return a->change == b->change && a->after.ttl == b->after.ttl && a->by.ttl == b->by.ttl;
}

static bool befell_too(const struct trace *t, const struct finding *f, const char *field)
{
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, field) &&
		    same_stretch(f, &t->result.findings[i]))
			return true;
	return false;
}

/* Is it MP_CAPABLE alone, or does the box treat all of MPTCP, or all it does not know, so? */
static const char *subject(const struct trace *t, const struct finding *f,
			   char room[EXPLAIN_NOUN_MAX])
{
	int join = series_find(t, ROLE_JOIN);

	if (!strcmp(f->field, "tcp.seq") && observe_on_syn(t, f))
		return "the initial sequence number";
	if (strcmp(f->field, "tcp.options.mptcp.mp_capable") || f->cause == CAUSE_TARGET)
		return explain_noun(f->field, room);
	if (t->result.inside.state == INSIDE_TESTED && f->basis == BASIS_CONTROL)
		return explain_noun(f->field, room);
	if (t->result.inside.state == INSIDE_TESTED && !observe_on_syn(t, f))
		return "MP_CAPABLE in the first data (but not in SYNs)";
	if (befell_too(t, f, "tcp.options.kind_254"))
		return "MP_CAPABLE (like any option it does not know)";
	if (befell_too(t, f, "tcp.options.mptcp.mp_join"))
		return "MP_CAPABLE (like all of MPTCP)";
	if (join >= 0 && observe_join_passed(t, join, f))
		return "MP_CAPABLE (but not MP_JOIN)";
	return explain_noun(f->field, room);
}

void explain_place(const struct place *p, char *out, size_t cap)
{
	char addr[IP_ADDR_TEXT];

	ip_addr_print(&p->addr, addr);
	if (!p->ttl)
		snprintf(out, cap, "this host");
	else if (!p->addr.family)
		snprintf(out, cap, "hop %u", p->ttl);
	else
		snprintf(out, cap, "hop %u (%s)", p->ttl, addr);
}

static void where(const struct trace *t, const struct finding *f, struct buf *out)
{
	char after[80], by[80];

	explain_place(&f->after, after, sizeof(after));
	explain_place(&f->by, by, sizeof(by));
	if (f->by.known && f->by.ttl >= t->result.path_length && f->by.ttl &&
	    ip_addr_equal(&f->by.addr, &t->result.config.target))
		snprintf(by, sizeof(by), "the target");
	if (f->direction == DIRECTION_REVERSE)
		buf_printf(out, "on the way back from the target");
	else if (!f->by.known)
		buf_printf(out, "behind %s", after);
	else
		buf_printf(out, "between %s and %s", after, by);
}

static void what_values(const struct finding *f, struct buf *out)
{
	if (f->change != CHANGE_REWRITTEN || !strcmp(f->field, "tcp.payload") ||
	    f->sent.kind == VALUE_NONE || f->seen.kind == VALUE_NONE)
		return;
	buf_printf(out, " from ");
	value_print(out, &f->sent);
	buf_printf(out, " to ");
	value_print(out, &f->seen);
}

/* Of options that only other segments bear, or of which SYNs bore one unharmed. */
static const char *bearers(const struct trace *t, const struct finding *f)
{
	if (t->result.inside.state != INSIDE_TESTED ||
	    strncmp(f->field, "tcp.options.mptcp.", 18) ||
	    !strcmp(f->field, "tcp.options.mptcp.mp_join"))
		return "SYNs";
	return strcmp(f->field, "tcp.options.mptcp.mp_capable") ? "segments" : "first data";
}

static void what_packet(const struct trace *t, const struct finding *f, struct buf *out)
{
	char room[EXPLAIN_NOUN_MAX];

	switch (f->change) {
	case CHANGE_DROPPED:
		buf_printf(out, "%s with %s are dropped ", bearers(t, f), subject(t, f, room));
		break;
	case CHANGE_RESET:
		if (strcmp(f->field, "packet"))
			buf_printf(out, "%s with %s are answered with RST ", bearers(t, f),
				   subject(t, f, room));
		else
			buf_printf(out, "%s answered with RST in the target's name ",
				   t->result.config.user_probe ? "the probe is" : "SYNs are");
		break;
	case CHANGE_ANSWERED:
		buf_printf(out, "a %s answers the SYN in the target's name ",
			   f->cause == CAUSE_SYN_PROXY ? "SYN proxy" : "proxy");
		break;
	default:
		buf_printf(out,
			   "SYN/ACKs repeat the MP_CAPABLE of the SYN instead of answering it ");
	}
	where(t, f, out);
}

static void what(const struct trace *t, const struct finding *f, struct buf *out)
{
	char room[EXPLAIN_NOUN_MAX];

	if (f->cause == CAUSE_TARGET) {
		buf_printf(out,
			   "the target does not answer MP_CAPABLE v1, which arrived unchanged at ");
		where(t, f, out);
	} else if (!explain_has_verb(f->change)) {
		what_packet(t, f, out);
	} else {
		buf_printf(out, "%s %s", subject(t, f, room), explain_verb(f->field, f->change));
		what_values(f, out);
		buf_printf(out, " ");
		where(t, f, out);
	}
}

static void what_target(const struct trace *t, const struct finding *f, struct buf *out)
{
	char after[80];

	explain_place(&f->after, after, sizeof(after));
	if (f->cause == CAUSE_TARGET && f->confidence == CONFIDENCE_CERTAIN)
		buf_printf(out, "the target speaks MPTCP v0, but not v1");
	else if (f->cause == CAUSE_TARGET && f->after.ttl == f->by.ttl)
		buf_printf(out,
			   "the target answers without MPTCP although MP_CAPABLE arrived there "
			   "unchanged, as the target itself quotes it: it does not speak MPTCP v1, "
			   "or a box removes its answer's option on the way back");
	else if (f->cause == CAUSE_TARGET)
		buf_printf(
		    out,
		    "the target answers without MPTCP although MP_CAPABLE was intact at %s, the "
		    "last router before it: it does not speak MPTCP v1, or a box behind that "
		    "router or on the way back removes it",
		    after);
	else
		buf_printf(
		    out,
		    "the target answers without MPTCP, and no quote shows MP_CAPABLE beyond %s: "
		    "the target may not speak it, or a box may have removed it",
		    after);
	(void)t;
}

static const char *doubt(const struct finding *f)
{
	if (f->cause == CAUSE_TARGET || f->confidence == CONFIDENCE_CERTAIN)
		return "";
	return f->confidence == CONFIDENCE_LIKELY ? "probably " : "possibly ";
}

/* Does it befall every SYN, whatever it carries? */
static bool refused(const struct finding *f)
{
	return f->change == CHANGE_RESET && !strcmp(f->field, "packet");
}

static const char *refusal(const struct trace *t)
{
	return t->result.config.user_probe ? "connections that begin so fail"
					   : "TCP connections to this port fail";
}

const char *explain_data(const struct trace *t, const struct finding *f)
{
	if (f->impact == IMPACT_BROKEN)
		return "the connection broke";
	if (f->impact == IMPACT_FALLBACK && f->change == CHANGE_REWRITTEN &&
	    t->result.inside.connection.info.checksum)
		return "checksums of MPTCP no longer fit, and the connection fell back to plain "
		       "TCP";
	if (f->impact == IMPACT_FALLBACK)
		return "their mappings no longer fit, and the connection fell back to plain TCP";
	if (f->change == CHANGE_COALESCED && f->impact == IMPACT_DEGRADED)
		return "what has lost its mapping is sent once more";
	if (f->impact == IMPACT_DEGRADED && !t->result.inside.connection.info.checksum)
		return "MPTCP does not notice, for its checksum was not in use";
	return consequences[f->impact];
}

/* What it came to in the connection that was opened. */
static const char *consequence(const struct trace *t, const struct finding *f)
{
	static const char field[] = "tcp.options.mptcp.";
	const struct trace_inside *in = &t->result.inside;

	if (refused(f))
		return refusal(t);
	if (in->state == INSIDE_TESTED && !strcmp(f->field, "tcp.payload"))
		return explain_data(t, f);
	if (in->state != INSIDE_TESTED || strncmp(f->field, field, sizeof(field) - 1) ||
	    f->basis != BASIS_QUOTE)
		return consequences[f->impact];
	if (f->impact == IMPACT_BROKEN)
		return "a connection that had agreed on MPTCP was broken by it";
	if (f->impact == IMPACT_FALLBACK)
		return in->connection.info.fallback_stage == FALLBACK_LATER
			   ? "a connection that had agreed on MPTCP fell back to plain TCP later"
			   : "a connection that had agreed on MPTCP fell back to plain TCP at its "
			     "first data";
	if (f->impact == IMPACT_DEGRADED && !in->mapped)
		return "MPTCP, if it worked here, would work less well";
	return consequences[f->impact];
}

void explain_impact(struct finding *f)
{
	size_t len = strlen(f->explain);

	if (len && f->explain[len - 1] == '.')
		len--;
	snprintf(f->explain + len, sizeof(f->explain) - len, "; %s.", consequences[f->impact]);
}

void explain_finding(const struct trace *t, struct finding *f)
{
	struct buf text = {0};
	const char *s;

	if (f->explain[0])
		return;
	buf_printf(&text, "%s", doubt(f));
	if (f->direction == DIRECTION_END_TO_END && f->change == CHANGE_REMOVED)
		what_target(t, f, &text);
	else
		what(t, f, &text);
	s = buf_text(&text);
	snprintf(f->explain, sizeof(f->explain), "%c%s; %s.",
		 s[0] >= 'a' && s[0] <= 'z' ? s[0] - 'a' + 'A' : s[0], s[0] ? s + 1 : "",
		 consequence(t, f));
	buf_fini(&text);
}
