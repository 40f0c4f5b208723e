/* From tallies to findings, each once: what befell several subflows alike is told of the first. */
#include "probe/mirrored_parts.h"

#include <stdio.h>
#include <string.h>

#include "probe/segment.h"

/* What is not a change of a field that an option or a header has. Between the two texts stands how
 * often. */
static const struct saying {
	const char *field;
	enum change_kind change;
	enum cause cause;
	enum impact impact;
	const char *text, *more;
} sayings[] = {
    {"tcp.payload", CHANGE_SPLIT, CAUSE_SPLIT_PROXY, IMPACT_NONE,
     "segments are split: ", " of those that arrived are parts of longer ones"},
    {"tcp.payload", CHANGE_COALESCED, CAUSE_SPLIT_PROXY, IMPACT_NONE,
     "segments are merged: ", " of those that arrived hold several"},
    {"tcp.ack", CHANGE_ANSWERED, CAUSE_SPLIT_PROXY, IMPACT_DEGRADED,
     "data is acknowledged by somebody on the path: ",
     " acknowledgements came that the other end, by its own record, did not send, or not so early"},
    {"packet", CHANGE_REORDERED, CAUSE_NONE, IMPACT_DEGRADED,
     "what is behind a lost segment is held back until that came once more (", " segments)"},
    {"tcp.options.sack", CHANGE_REWRITTEN, CAUSE_SEQ_RANDOMIZER, IMPACT_DEGRADED,
     "sequence numbers are changed, but selective acknowledgements are not translated: ",
     " name octets that were never sent"},
    {"tcp.options.mptcp.mp_join", CHANGE_DROPPED, CAUSE_BLACKHOLE, IMPACT_NO_SUBFLOW,
     "segments that open the subflow (MP_JOIN) are dropped: none of ", " arrived"},
    {"tcp.options.mptcp.mp_join", CHANGE_RESET, CAUSE_RESETTER, IMPACT_NO_SUBFLOW,
     "SYNs with MP_JOIN are answered with RST in the target's name: none of ", " arrived there"},
};

static const struct saying *saying_of(const struct change *change)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(*sayings); i++)
		if (!strcmp(sayings[i].field, change->field) && sayings[i].change == change->kind)
			return &sayings[i];
	return NULL;
}

static void say_ends(const struct mirror_flow *flow, struct buf *out)
{
	char local[IP_ADDR_TEXT], remote[IP_ADDR_TEXT];

	buf_printf(out, "the subflow from %s to %s", ip_addr_print(&flow->local, local),
		   ip_addr_print(&flow->remote, remote));
}

static void say_where(const struct comparison *c, uint8_t subflow, struct buf *out)
{
	if (subflow) {
		buf_printf(out, "On ");
		say_ends(&c->subflow->flow, out);
		buf_printf(out, ", %s", c->forward ? "towards the target" : "on the way back");
		return;
	}
	buf_printf(out, "%s", c->forward ? "Towards the target" : "On the way back");
}

/* A number that is shifted shifts all behind it: only the first is counted. */
static bool is_numbering(const struct change *change)
{
	return change->kind == CHANGE_REWRITTEN &&
	       (!strcmp(change->field, "tcp.seq") || !strcmp(change->field, "tcp.ack"));
}

static void say_how_often(const struct comparison *c, const struct tally *t, struct buf *out)
{
	if (is_numbering(&t->change))
		return;
	if (t->on_syn == t->seen)
		buf_printf(out, " (in %s)", c->forward ? "SYNs" : "SYN/ACKs");
	else if (!strcmp(t->change.field, "tcp.payload"))
		buf_printf(out, " (in %u of %u segments with data)", t->seen, c->with_payload);
	else if (t->of > 1 && t->of >= t->seen)
		buf_printf(out, " (in %u of %u segments)", t->seen, t->of);
	else
		buf_printf(out, " (in %u segment%s)", t->seen, t->seen == 1 ? "" : "s");
}

static void say_values(const struct tally *t, struct buf *out)
{
	const struct change *change = &t->change;

	if (change->kind != CHANGE_REWRITTEN || t->varies || change->sent.kind == VALUE_NONE ||
	    change->seen.kind == VALUE_NONE)
		return;
	buf_printf(out, " from ");
	value_print(out, &change->sent);
	buf_printf(out, " to ");
	value_print(out, &change->seen);
}

static void say_change(const struct comparison *c, const struct tally *t, struct buf *out)
{
	char room[EXPLAIN_NOUN_MAX];

	buf_printf(out, "%s %s", explain_noun(t->change.field, room),
		   explain_verb(t->change.field, t->change.kind));
	say_values(t, out);
	say_how_often(c, t, out);
}

static void explain(const struct comparison *c, uint8_t subflow, const struct tally *t,
		    struct finding *f)
{
	const struct saying *saying = saying_of(&t->change);
	struct buf text = {0};

	say_where(c, subflow, &text);
	buf_printf(&text, ", ");
	if (saying)
		buf_printf(&text, "%s%u%s", saying->text, t->seen, saying->more);
	else
		say_change(c, t, &text);
	snprintf(f->explain, sizeof(f->explain), "%s.", buf_text(&text));
	buf_fini(&text);
}

/* Hops are counted from the sender; unless they are known, the receiver has no number. */
static void put_places(struct finding *f, const struct comparison *c)
{
	const struct mirror_flow *flow = &c->subflow->flow;
	uint8_t hops = 0;

	if (c->left.syn && c->arrived.syn && c->left.syn_ttl >= c->arrived.syn_ttl)
		hops = (uint8_t)(c->left.syn_ttl - c->arrived.syn_ttl + 1);
	f->after = (struct place){.known = true, .addr = c->forward ? flow->local : flow->remote};
	f->by = (struct place){
	    .known = hops > 0, .ttl = hops, .addr = c->forward ? flow->remote : flow->local};
}

static struct finding *add(struct mirrored *out, const struct comparison *c, uint8_t subflow,
			   const struct change *change)
{
	const struct saying *saying = saying_of(change);
	struct finding *f;

	if (out->finding_count == MIRRORED_FINDINGS_MAX)
		return NULL;
	f = &out->findings[out->finding_count++];
	*f = (struct finding){.change = change->kind,
			      .sent = change->sent,
			      .seen = change->seen,
			      .direction = c->forward ? DIRECTION_FORWARD : DIRECTION_REVERSE,
			      .basis = BASIS_ENDPOINT,
			      .subflow = subflow,
			      .confidence = CONFIDENCE_CERTAIN};
	strcpy(f->field, change->field);
	put_places(f, c);
	if (saying) {
		f->cause = saying->cause;
		f->impact = saying->impact;
	} else {
		conclude_meaning(f);
	}
	return f;
}

/* A translation is seen from both sides: what is rewritten towards the target in the source is
 * rewritten on the way back in the destination. */
static bool is_way_back(const struct mirrored *out, const struct finding *f)
{
	static const char *const pairs[][2] = {
	    {"ip.src", "ip.dst"},	    {"ip.dst", "ip.src"},
	    {"ipv6.src", "ipv6.dst"},	    {"ipv6.dst", "ipv6.src"},
	    {"tcp.srcport", "tcp.dstport"}, {"tcp.dstport", "tcp.srcport"}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		for (size_t n = 0; n < out->finding_count; n++)
			if (!strcmp(f->field, pairs[i][1]) &&
			    !strcmp(out->findings[n].field, pairs[i][0]) &&
			    value_equal(&f->sent, &out->findings[n].seen) &&
			    value_equal(&f->seen, &out->findings[n].sent))
				return true;
	return false;
}

static struct finding *known(struct mirrored *out, const struct comparison *c,
			     const struct change *change)
{
	enum direction direction = c->forward ? DIRECTION_FORWARD : DIRECTION_REVERSE;

	for (size_t i = 0; i < out->finding_count; i++) {
		struct finding *f = &out->findings[i];

		if (!strcmp(f->field, change->field) && f->change == change->kind &&
		    f->direction == direction)
			return f;
	}
	return NULL;
}

/* "…, and on the subflow from 192.0.3.7 to 203.0.113.80." */
static void add_subflow(struct finding *f, const struct comparison *c)
{
	size_t len = strlen(f->explain);
	struct buf text = {0};

	say_ends(&c->subflow->flow, &text);
	if (len && f->explain[len - 1] == '.')
		len--;
	snprintf(f->explain + len, sizeof(f->explain) - len, ", and on %s.", buf_text(&text));
	buf_fini(&text);
}

static bool is_partial(const struct comparison *c, const struct tally *t)
{
	unsigned whole = 0;

	for (unsigned i = 0; i < c->segments; i++)
		whole += c->paired[i]->payload_len > 0;
	return t->change.kind == CHANGE_SPLIT ? whole > 0 : t->data_seen < t->data_of;
}

static void report_one(struct mirrored *out, const struct comparison *c, uint8_t subflow,
		       const struct tally *t)
{
	struct finding *f = subflow ? known(out, c, &t->change) : NULL;

	if (f) {
		add_subflow(f, c);
		return;
	}
	f = add(out, c, subflow, &t->change);
	if (!f)
		return;
	out->on_syn[f - out->findings] = t->on_syn == t->seen;
	out->partial[f - out->findings] = is_partial(c, t);
	explain(c, subflow, t, f);
	if (!c->forward && is_way_back(out, f))
		out->finding_count--;
}

/* Who acknowledges in the receiver's name sends again in the sender's, with newer stamps. */
static bool is_resent(const struct comparison *c, const struct change *d)
{
	bool answered = false;

	for (size_t i = 0; i < c->count; i++)
		answered |= c->at[i].change.kind == CHANGE_ANSWERED;
	return answered && d->kind == CHANGE_REWRITTEN &&
	       (!strcmp(d->field, "tcp.ack") ||
		!strncmp(d->field, "tcp.options.timestamp", strlen("tcp.options.timestamp")));
}

/* Who acknowledges in the sender's name changes what the sender says of it, too. */
static bool is_made_up(const struct comparison *c, const struct tally *t)
{
	return c->answered_for && !t->data_seen && t->change.kind == CHANGE_REWRITTEN &&
	       !t->on_syn && mirrored_is_volatile(&t->change);
}

/* A segment's flags go with one part of it only; what was merged and split again may have anything
 * of the one before. */
static bool is_parted(const struct comparison *c, const struct change *d)
{
	bool split = false, merged = false;

	for (size_t i = 0; i < c->count; i++) {
		split |= c->at[i].change.kind == CHANGE_SPLIT;
		merged |= c->at[i].change.kind == CHANGE_COALESCED;
	}
	if (d->kind != CHANGE_REWRITTEN)
		return false;
	return split && merged ? mirrored_is_volatile(d)
			       : (split || merged) && !strcmp(d->field, "tcp.flags");
}

void mirrored_report(struct mirrored *out, const struct comparison *c, uint8_t subflow)
{
	for (size_t i = 0; i < c->count; i++)
		if (!is_resent(c, &c->at[i].change) && !is_parted(c, &c->at[i].change) &&
		    !is_made_up(c, &c->at[i]))
			report_one(out, c, subflow, &c->at[i]);
}
