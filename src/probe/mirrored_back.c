/* The intervals of a walk back: hops are counted from the target. What no router quoted changed
 * happened behind the last that quoted it unchanged. */
#include <stdio.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "probe/engine.h"
#include "probe/mirrored_parts.h"
#include "probe/segment.h"

#define ADD_ADDR "tcp.options.mptcp.add_addr"

static bool is_of_kind(const struct mirror_segment *s, const struct packet *p,
		       enum mirror_walked kind)
{
	if (kind == MIRROR_WALKED_DATA)
		return s->payload_len;
	if (kind == MIRROR_WALKED_SYN_ACK)
		return p->tcp.flags & TCP_SYN;
	return !s->payload_len && !(p->tcp.flags & TCP_SYN) &&
	       tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_ADD_ADDR);
}

/* The segment that was walked with, the first of its kind, with its payload. False: it was not told
 * of. */
static bool find_sent(const struct mirror_client *m, enum mirror_walked kind, uint8_t *room,
		      struct packet *out)
{
	const struct mirror_octets *octets = &m->subflow[0].received;
	uint32_t isn = 0, from;
	struct packet p;

	for (size_t i = 0; i < m->told_count; i++) {
		const struct mirror_segment *s = &m->told[i];

		if (s->kind != MIRROR_SENT || !mirrored_parse(s, &p))
			continue;
		if (p.tcp.flags & TCP_SYN)
			isn = p.tcp.seq;
		if (!is_of_kind(s, &p, kind))
			continue;
		from = s->payload_len ? p.tcp.seq - isn - 1 : 0;
		if (from > MIRROR_OCTETS_MAX || s->payload_len > MIRROR_OCTETS_MAX - from ||
		    (size_t)s->header_len + s->payload_len > MIRROR_SEGMENT_MAX)
			return false;
		memcpy(room, s->header, s->header_len);
		memcpy(room + s->header_len, octets->at + from, s->payload_len);
		return !packet_parse(out, span_of(room, (size_t)s->header_len + s->payload_len));
	}
	return false;
}

/* A quote of a piece has the length of the piece. */
static bool looks_for(const struct finding *f, const struct change *c)
{
	if (f->change == CHANGE_SPLIT)
		return !strcmp(f->field, c->field) && c->kind == CHANGE_TRUNCATED;
	return !strcmp(f->field, c->field) && mirrored_same_change(f->change, c->kind);
}

/* What a quote must reach so as to witness that the change was not there. */
static bool reaches(const struct diff *d, const struct packet *sent, const struct finding *f)
{
	char field[TCP_OPTION_FIELD_MAX];
	struct change like = {.kind = f->change, .option = -1};

	if (f->change == CHANGE_SPLIT)
		return d->options_complete;
	strcpy(like.field, f->field);
	for (unsigned i = 0; i < sent->tcp.options.count; i++) {
		tcp_option_field(&sent->tcp.options.item[i], field);
		if (!strncmp(f->field, field, strlen(field)))
			like.option = (int8_t)i;
	}
	if (like.option < 0)
		like.id = field_by_name(f->field);
	return (like.option >= 0 || like.id != FIELD_NONE) && diff_reaches(d, &like);
}

struct interval {
	bool located, seen;
	struct place after, by;
};

/* The hop that quotes `sent`, for the finding. Where not all are changed, that a copy was not says
 * nothing. */
static void look_at(struct interval *at, const struct mirror_hop *hop, const struct packet *sent,
		    const struct finding *f, bool partial)
{
	struct place here = {true, hop->ttl, hop->from};
	struct packet quote;
	struct diff d;

	if (packet_parse(&quote, span_of(hop->quote, hop->quote_len)))
		return;
	diff_packets(&d, sent, &quote);
	at->seen = mirrored_is_translation(f) && d.checksum == CHECKSUM_BETRAYED;
	for (unsigned n = 0; n < d.count; n++)
		at->seen |= looks_for(f, &d.changes[n]);
	if (at->seen)
		at->by = here;
	else if (!partial && reaches(&d, sent, f))
		at->after = here;
	else
		return;
	at->located = true;
}

static struct interval locate_by(const struct finding *f, const struct mirror_client *m,
				 enum mirror_walked kind, bool partial)
{
	struct interval at = {.after = f->after, .by = f->by};
	uint8_t room[MIRROR_SEGMENT_MAX];
	struct packet sent;

	if (!find_sent(m, kind, room, &sent))
		return at;
	for (size_t i = 0; i < m->hop_count && !at.seen; i++)
		if (m->hop[i].of == kind)
			look_at(&at, &m->hop[i], &sent, f, partial);
	at.located &= at.seen || !mirrored_is_translation(f);
	return at;
}

/* "hop 3 (198.51.100.9)", from the target. */
static void say_place(const struct place *p, char *out, size_t cap)
{
	if (p->ttl)
		explain_place(p, out, cap);
	else
		snprintf(out, cap, "the target");
}

static void say(struct finding *f, const struct interval *at)
{
	size_t len = strlen(f->explain), cap = sizeof(f->explain);
	char after[80], by[80];

	say_place(&at->after, after, sizeof(after));
	say_place(&at->by, by, sizeof(by));
	if (len && f->explain[len - 1] == '.')
		len--;
	if (at->seen)
		snprintf(f->explain + len, cap - len,
			 ", between %s and %s, counted from the target.", after, by);
	else
		snprintf(f->explain + len, cap - len, ", behind %s, counted from the target.",
			 after);
}

/* Where segments of several kinds are changed, any may show it; of where they were not yet, those
 * that are known to be. */
static struct interval locate_by_any(const struct finding *f, const struct mirror_client *m,
				     bool on_syn, bool partial)
{
	bool announced = !strncmp(f->field, ADD_ADDR, strlen(ADD_ADDR));
	struct interval at = on_syn ? locate_by(f, m, MIRROR_WALKED_SYN_ACK, false)
				    : locate_by(f, m, MIRROR_WALKED_DATA, partial);

	for (int kind = MIRROR_WALKED_ANNOUNCE; kind < MIRROR_WALKS && !at.seen && !on_syn;
	     kind++) {
		struct interval other = locate_by(f, m, (enum mirror_walked)kind, !announced);

		if (other.seen || (other.located && !at.located && kind != MIRROR_WALKED_SYN_ACK))
			at = other;
	}
	return at;
}

/* The copies have an ID of their own, and not all their data are quoted; nor do they show who
 * acknowledges them. */
static bool is_quotable(const struct finding *f)
{
	if (!strcmp(f->field, "tcp.payload"))
		return f->change == CHANGE_SPLIT;
	return strcmp(f->field, "ip.id") != 0 && f->change != CHANGE_ANSWERED;
}

static void locate(struct finding *f, const struct mirror_client *m, bool on_syn, bool partial)
{
	struct interval at = {.located = false};

	if (is_quotable(f))
		at = locate_by_any(f, m, on_syn, partial);
	if (!at.located)
		return;
	f->after = at.after;
	f->by = at.by;
	say(f, &at);
}

/* --- what only quotes show --- */

static bool quoted_change(const struct mirror_client *m, struct change *out)
{
	uint8_t room[MIRROR_SEGMENT_MAX];
	struct packet sent, quote;
	struct diff d;

	if (!find_sent(m, MIRROR_WALKED_ANNOUNCE, room, &sent))
		return false;
	for (size_t i = 0; i < m->hop_count; i++) {
		const struct mirror_hop *hop = &m->hop[i];

		if (hop->of != MIRROR_WALKED_ANNOUNCE ||
		    packet_parse(&quote, span_of(hop->quote, hop->quote_len)))
			continue;
		diff_packets(&d, &sent, &quote);
		for (unsigned n = 0; n < d.count; n++)
			if (!strncmp(d.changes[n].field, ADD_ADDR, strlen(ADD_ADDR))) {
				*out = d.changes[n];
				return true;
			}
	}
	return false;
}

static bool is_known(const struct mirrored *out, const char *field)
{
	for (size_t i = 0; i < out->finding_count; i++)
		if (out->findings[i].direction == DIRECTION_REVERSE &&
		    !strcmp(out->findings[i].field, field))
			return true;
	return false;
}

/* An ACK that has lost its announcement may be like another one that left with it. */
static void find_announcement(struct mirrored *out, const struct mirror_client *m)
{
	const struct mirror_flow *flow = &m->subflow[0].flow;
	char room[EXPLAIN_NOUN_MAX];
	struct change change;
	struct finding *f;

	if (out->finding_count == MIRRORED_FINDINGS_MAX || !quoted_change(m, &change) ||
	    is_known(out, change.field))
		return;
	f = &out->findings[out->finding_count++];
	*f = (struct finding){.change = change.kind,
			      .sent = change.sent,
			      .seen = change.seen,
			      .direction = DIRECTION_REVERSE,
			      .after = {true, 0, flow->remote},
			      .basis = BASIS_QUOTE,
			      .confidence = CONFIDENCE_CERTAIN};
	strcpy(f->field, change.field);
	conclude_meaning(f);
	snprintf(f->explain, sizeof(f->explain), "On the way back, %s %s.",
		 explain_noun(f->field, room), explain_verb(f->field, f->change));
}

void mirrored_locate(struct mirrored *out, const struct mirror_client *m)
{
	out->hops_back = (unsigned)m->hop_count;
	find_announcement(out, m);
	for (size_t i = 0; i < out->finding_count; i++)
		if (out->findings[i].direction == DIRECTION_REVERSE && !out->findings[i].subflow)
			locate(&out->findings[i], m, out->on_syn[i], out->partial[i]);
}
