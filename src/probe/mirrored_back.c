/* The intervals of a walk back: hops are counted from the target. What no router quoted changed
 * happened behind the last that quoted it unchanged; what no comparison found is not told of. */
#include <stdio.h>
#include <string.h>

#include "probe/mirrored.h"

/* The segment of which `hop` quotes a copy, with its payload; false: it was not told of. */
static bool find_sent(const struct mirror_client *m, const struct mirror_hop *hop, uint8_t *room,
		      struct packet *out)
{
	struct packet quote, p;
	uint32_t isn = 0, from;
	bool found = false;

	if (packet_parse(&quote, span_of(hop->quote, hop->quote_len)))
		return false;
	for (size_t i = 0; i < m->told_count && !found; i++) {
		const struct mirror_segment *s = &m->told[i];

		if (s->kind != MIRROR_SENT || packet_parse(&p, span_of(s->header, s->header_len)))
			continue;
		if (p.tcp.flags & TCP_SYN)
			isn = p.tcp.seq;
		if (!s->payload_len)
			continue;
		from = p.tcp.seq - isn - 1;
		if (from > MIRROR_OCTETS_MAX || s->payload_len > MIRROR_OCTETS_MAX - from ||
		    (size_t)s->header_len + s->payload_len > MIRROR_SEGMENT_MAX)
			continue;
		memcpy(room, s->header, s->header_len);
		memcpy(room + s->header_len, m->received.at + from, s->payload_len);
		found = !packet_parse(out, span_of(room, (size_t)s->header_len + s->payload_len));
	}
	return found;
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

static void locate(struct finding *f, const struct mirror_client *m)
{
	struct place after = f->after, by = f->by;
	uint8_t room[MIRROR_SEGMENT_MAX];
	bool seen = false, located = false;
	size_t len;

	/* The copies have an ID of their own, and their data is not compared. */
	if (!strcmp(f->field, "ip.id") || !strcmp(f->field, "tcp.payload"))
		return;

	for (size_t i = 0; i < m->hop_count && !seen; i++) {
		const struct mirror_hop *hop = &m->hop[i];
		struct packet sent, quote;
		struct diff d;

		if (!find_sent(m, hop, room, &sent) ||
		    packet_parse(&quote, span_of(hop->quote, hop->quote_len)))
			continue;
		diff_packets(&d, &sent, &quote);
		for (unsigned n = 0; n < d.count; n++)
			seen |= looks_for(f, &d.changes[n]);
		if (seen)
			by = (struct place){true, hop->ttl, hop->from};
		else if (reaches(&d, &sent, f))
			after = (struct place){true, hop->ttl, hop->from};
		else
			continue;
		located = true;
	}
	if (!located)
		return;
	f->after = after;
	f->by = by;
	len = strlen(f->explain);
	if (len && f->explain[len - 1] == '.')
		len--;
	if (seen)
		snprintf(f->explain + len, sizeof(f->explain) - len,
			 ", between hops %u and %u, counted from the target.", after.ttl, by.ttl);
	else
		snprintf(f->explain + len, sizeof(f->explain) - len,
			 ", behind hop %u, counted from the target.", after.ttl);
}

void mirrored_locate(struct mirrored *out, const struct mirror_client *m)
{
	out->hops_back = (unsigned)m->hop_count;
	for (size_t i = 0; i < out->finding_count; i++)
		if (out->findings[i].direction == DIRECTION_REVERSE)
			locate(&out->findings[i], m);
}
