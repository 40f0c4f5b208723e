/* What packets that got shorter tell of options that a quote does not reach. */
#include <string.h>

#include "probe/segment.h"

#define EXPLANATIONS_MAX 8 /* options that may explain a length */

/* Does the quoted IP header claim the length that was sent? */
static bool kept_length(const struct trace *t, int probe, const struct trace_reply *r)
{
	struct packet sent, quote;

	packet_parse(&sent, span_of(t->series[probe].octets, t->series[probe].len));
	return packet_parse(&quote, r->quote) == 0 && quote.ip.length == sent.ip.length;
}

/* The octets that a packet lost with this change; less than 0: it won some. */
static int octets_lost(const struct trace *t, const struct segment *s)
{
	const struct trace_reply *r = observe_quote(t, s->probe, s->by);

	switch (s->change.kind) {
	case CHANGE_ADDED: return -s->change.seen.len;
	case CHANGE_REMOVED: return s->change.sent.len;
	case CHANGE_TRUNCATED: return r && kept_length(t, s->probe, r) ? 0 : s->change.sent.len;
	default: return 0;
	}
}

/* The options whose changes may be what changed a length, and of these those that must be. */
struct explanation {
	unsigned count, needed; /* bit i: option[i] is in whatever explains it */
	struct segment *option[EXPLANATIONS_MAX];
	int lost[EXPLANATIONS_MAX];
	unsigned certain; /* bit i: had happened before the length changed */
};

static bool overlaps(const struct segment *a, const struct segment *b)
{
	return a->after < b->by && b->after < a->by;
}

static bool gather(const struct trace *t, struct segments *s, const struct segment *length,
		   struct explanation *e)
{
	bool some = false;

	for (size_t i = 0; i < s->count; i++) {
		struct segment *o = &s->at[i];
		int lost = o->probe == length->probe && !segment_is_derived(&o->change)
			       ? octets_lost(t, o)
			       : 0;

		if (!lost || o->restored || o->after >= length->by || e->count == EXPLANATIONS_MAX)
			continue;
		some |= overlaps(o, length);
		e->certain |= (o->by <= length->after ? 1u : 0) << e->count;
		e->lost[e->count] = lost;
		e->option[e->count++] = o;
	}
	return some;
}

static int aligned(int octets)
{
	return (octets + 3) & ~3;
}

/* Would these options have made the packet lose so much? NOPs between them may go along. */
static bool explains(const struct packet *sent, const struct explanation *e, unsigned set, int lost)
{
	int area = sent->tcp.header_len - 20, nops = 0, left = area;

	for (unsigned i = 0; i < sent->tcp.options.count; i++)
		nops += sent->tcp.options.item[i].kind == TCP_OPT_NOP;
	for (unsigned i = 0; i < e->count; i++)
		left -= set >> i & 1 ? e->lost[i] : 0;
	return aligned(left - nops) <= area - lost && area - lost <= aligned(left);
}

static void find_needed(const struct trace *t, const struct segment *length, struct explanation *e)
{
	int lost = (int)length->change.sent.number - (int)length->change.seen.number;
	struct packet sent;
	bool any = false;

	packet_parse(&sent, span_of(t->series[length->probe].octets, t->series[length->probe].len));
	e->needed = (1u << e->count) - 1;
	for (unsigned set = 0; set < 1u << e->count; set++) {
		if ((set & e->certain) != e->certain || !explains(&sent, e, set, lost))
			continue;
		any = true;
		e->needed &= set;
	}
	if (!any)
		e->needed = 0;
}

/* A quote that is too short for the options may still show that the packet got shorter or longer:
 * the same change, seen nearer to the box, if no other one can be meant. */
static bool nearer_witness(const struct trace *t, struct segments *s, const struct segment *length)
{
	struct explanation e = {0};

	if (!gather(t, s, length, &e))
		return false;
	find_needed(t, length, &e);
	for (unsigned i = 0; i < e.count; i++)
		if (e.needed >> i & 1 && length->by < e.option[i]->by)
			e.option[i]->by = length->by;
	return true;
}

/* Did the control keep this length where the other probe lost some? */
static bool control_kept(const struct trace *t, const struct segment *length)
{
	int control = series_find(t, ROLE_CONTROL);

	for (unsigned ttl = length->by; control >= 0 && ttl <= t->highest; ttl++) {
		const struct trace_reply *r = observe_quote(t, control, (uint8_t)ttl);

		if (r && diff_reaches(&r->diff, &length->change))
			return !diff_find(&r->diff, &length->change);
	}
	return false;
}

/* The one option by which a probe differs from the control. */
static bool own_option(const struct trace *t, int probe, struct change *c)
{
	struct packet p;
	enum probe_role role = t->result.probes[probe].role;
	uint8_t kind = role == ROLE_SHAM ? TCP_OPT_EXP2 : TCP_OPT_MPTCP;

	if (role != ROLE_TEST && role != ROLE_SHAM && role != ROLE_JOIN)
		return false;
	packet_parse(&p, span_of(t->series[probe].octets, t->series[probe].len));
	for (uint8_t i = 0; i < p.tcp.options.count; i++) {
		const struct tcp_option *o = &p.tcp.options.item[i];

		if (o->kind != kind)
			continue;
		*c = (struct change){.kind = CHANGE_REMOVED, .option = (int8_t)i};
		c->sent = (struct value){.kind = VALUE_OCTETS, .len = o->len};
		memcpy(c->sent.octets, o->at, o->len);
		tcp_option_field(o, c->field);
		return true;
	}
	return false;
}

/* A packet that lost just as much as the option takes which the control does not have: no quote
 * need show the option to tell that it is gone. */
static void infer_removed(const struct trace *t, struct segment *length)
{
	const struct change was = length->change;
	struct change own;

	if (length->restored || !own_option(t, length->probe, &own) || !control_kept(t, length))
		return;
	if (was.sent.number - was.seen.number != own.sent.len)
		return;
	length->change = own;
	length->inferred = true;
}

/* Could this option go without the packet getting shorter? */
static bool hides_in_padding(const struct trace *t, const struct segment *s)
{
	struct explanation e = {.count = 1, .lost = {s->change.sent.len}};
	struct packet sent;

	packet_parse(&sent, span_of(t->series[s->probe].octets, t->series[s->probe].len));
	return explains(&sent, &e, 1, 0);
}

/* Nor is an option gone, that took some length with it, where the packet still has its length. */
static void tighten_removed(const struct trace *t, struct segment *s)
{
	const struct trace_reply *r = observe_quote(t, s->probe, s->by);

	if (s->change.kind != CHANGE_REMOVED || !r || kept_length(t, s->probe, r) ||
	    hides_in_padding(t, s))
		return;
	for (unsigned ttl = s->after + 1u; ttl < s->by; ttl++) {
		r = observe_quote(t, s->probe, (uint8_t)ttl);
		if (r && kept_length(t, s->probe, r))
			s->after = (uint8_t)ttl;
	}
}

/* Is nothing sent behind this option? */
static bool is_last(const struct trace *t, const struct segment *s)
{
	struct packet p;

	packet_parse(&p, span_of(t->series[s->probe].octets, t->series[s->probe].len));
	for (int i = s->change.option + 1; i < p.tcp.options.count; i++)
		if (p.tcp.options.item[i].kind > TCP_OPT_NOP)
			return false;
	return s->change.option >= 0;
}

static bool removed_elsewhere(const struct segments *s, const struct segment *last)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->at[i].change.kind == CHANGE_REMOVED && s->at[i].probe != last->probe &&
		    !strcmp(s->at[i].change.field, last->change.field) && overlaps(&s->at[i], last))
			return true;
	return false;
}

void segments_reconcile(const struct trace *t, struct segments *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct segment *o = &s->at[i];

		if ((o->change.kind == CHANGE_TRUNCATED || o->change.kind == CHANGE_BLANKED) &&
		    is_last(t, o) && removed_elsewhere(s, o))
			o->change.kind = CHANGE_REMOVED;
	}
}

void segments_read_lengths(const struct trace *t, struct segments *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct segment *length = &s->at[i];

		if (!segment_is_derived(&length->change))
			continue;
		if (nearer_witness(t, s, length))
			length->dropped = true;
		else
			infer_removed(t, length);
	}
	for (size_t i = 0; i < s->count; i++)
		tighten_removed(t, &s->at[i]);
}
