/* The intervals of a walk back: hops are counted from the target. What no router quoted changed
 * happened behind the last that quoted it unchanged; what no comparison found is not told of. */
#include <stdio.h>
#include <string.h>

#include "probe/mirrored_parts.h"

/* The segment that was walked with: the first with data, or the SYN/ACK; with its payload. False:
 * it was not told of. */
static bool find_sent(const struct mirror_client *m, bool syn, uint8_t *room, struct packet *out)
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
		if (syn ? !(p.tcp.flags & TCP_SYN) : !s->payload_len)
			continue;
		from = p.tcp.seq - isn - !syn;
		if (from > MIRROR_OCTETS_MAX || s->payload_len > MIRROR_OCTETS_MAX - from ||
		    (size_t)s->header_len + s->payload_len > MIRROR_SEGMENT_MAX)
			return false;
		memcpy(room, s->header, s->header_len);
		memcpy(room + s->header_len, octets->at + from, s->payload_len);
		return !packet_parse(out, span_of(room, (size_t)s->header_len + s->payload_len));
	}
	return false;
}

static bool looks_for(const struct finding *f, const struct change *c)
{
	return !strcmp(f->field, c->field) && f->change == c->kind;
}

/* What a quote must reach so as to witness that the change was not there. */
static bool reaches(const struct diff *d, const struct packet *sent, const struct finding *f)
{
	char field[TCP_OPTION_FIELD_MAX];
	struct change like = {.kind = f->change, .option = -1};

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

/* The hop that quotes `sent`, for the finding. */
static void look_at(struct interval *at, const struct mirror_hop *hop, const struct packet *sent,
		    const struct finding *f)
{
	struct place here = {true, hop->ttl, hop->from};
	struct packet quote;
	struct diff d;

	if (packet_parse(&quote, span_of(hop->quote, hop->quote_len)))
		return;
	diff_packets(&d, sent, &quote);
	for (unsigned n = 0; n < d.count; n++)
		at->seen |= looks_for(f, &d.changes[n]);
	if (at->seen)
		at->by = here;
	else if (reaches(&d, sent, f))
		at->after = here;
	else
		return;
	at->located = true;
}

static struct interval locate_by(const struct finding *f, const struct mirror_client *m, bool syn)
{
	struct interval at = {.after = f->after, .by = f->by};
	uint8_t room[MIRROR_SEGMENT_MAX];
	struct packet sent;

	if (!find_sent(m, syn, room, &sent))
		return at;
	for (size_t i = 0; i < m->hop_count && !at.seen; i++)
		if (m->hop[i].syn == syn)
			look_at(&at, &m->hop[i], &sent, f);
	return at;
}

static void say(struct finding *f, const struct interval *at)
{
	size_t len = strlen(f->explain);

	if (len && f->explain[len - 1] == '.')
		len--;
	if (at->seen)
		snprintf(f->explain + len, sizeof(f->explain) - len,
			 ", between hops %u and %u, counted from the target.", at->after.ttl,
			 at->by.ttl);
	else
		snprintf(f->explain + len, sizeof(f->explain) - len,
			 ", behind hop %u, counted from the target.", at->after.ttl);
}

/* Where segments of both kinds are changed, either may show it. */
static void locate(struct finding *f, const struct mirror_client *m, bool on_syn)
{
	struct interval at = locate_by(f, m, on_syn);

	/* The copies have an ID of their own, and their data is not compared. */
	if (!strcmp(f->field, "ip.id") || !strcmp(f->field, "tcp.payload"))
		return;
	if (!at.seen && !on_syn) {
		struct interval syn = locate_by(f, m, true);

		at = syn.seen ? syn : at;
	}
	if (!at.located)
		return;
	f->after = at.after;
	f->by = at.by;
	say(f, &at);
}

void mirrored_locate(struct mirrored *out, const struct mirror_client *m)
{
	out->hops_back = (unsigned)m->hop_count;
	for (size_t i = 0; i < out->finding_count; i++)
		if (out->findings[i].direction == DIRECTION_REVERSE && !out->findings[i].subflow)
			locate(&out->findings[i], m, out->on_syn[i]);
}
