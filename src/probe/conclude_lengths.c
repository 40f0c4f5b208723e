/* What packets that got shorter tell of options that a quote does not reach. */
#include <string.h>

#include "probe/segment.h"

static bool changes_size(const struct change *c)
{
	return c->option >= 0 && (c->kind == CHANGE_REMOVED || c->kind == CHANGE_TRUNCATED ||
				  c->kind == CHANGE_ADDED);
}

/* A quote that is too short for the options may still show that the packet got shorter: the same
 * change, seen nearer to the box. */
static bool nearer_witness(struct segments *s, const struct segment *length)
{
	for (size_t i = 0; i < s->count; i++) {
		struct segment *o = &s->at[i];

		if (o->probe != length->probe || !changes_size(&o->change) || o->restored ||
		    length->after >= o->by || o->after >= length->by)
			continue;
		if (length->by < o->by)
			o->by = length->by;
		return true;
	}
	return false;
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

/* Does the quoted IP header claim the length that was sent? */
static bool kept_length(const struct trace *t, int probe, const struct trace_reply *r)
{
	struct packet sent, quote;

	packet_parse(&sent, span_of(t->series[probe].octets, t->series[probe].len));
	return packet_parse(&quote, r->quote) == 0 && quote.ip.length == sent.ip.length;
}

/* Nor is an option gone, that took some length with it, where the packet still has its length. */
static void tighten_removed(const struct trace *t, struct segment *s)
{
	const struct trace_reply *r = observe_quote(t, s->probe, s->by);

	if (s->change.kind != CHANGE_REMOVED || !r || kept_length(t, s->probe, r))
		return;
	for (unsigned ttl = s->after + 1u; ttl < s->by; ttl++) {
		r = observe_quote(t, s->probe, (uint8_t)ttl);
		if (r && kept_length(t, s->probe, r))
			s->after = (uint8_t)ttl;
	}
}

void segments_read_lengths(const struct trace *t, struct segments *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct segment *length = &s->at[i];

		if (!segment_is_derived(&length->change))
			continue;
		if (nearer_witness(s, length))
			length->dropped = true;
		else
			infer_removed(t, length);
	}
	for (size_t i = 0; i < s->count; i++)
		tighten_removed(t, &s->at[i]);
}
