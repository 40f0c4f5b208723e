/* Octets that arrived cut otherwise than they left, or changed. */
#include "probe/mirrored_parts.h"

#include <string.h>

#define PAYLOAD "tcp.payload"

bool mirrored_same_options(const struct packet *a, const struct packet *b)
{
	return a->tcp.option_area.len == b->tcp.option_area.len &&
	       !memcmp(a->tcp.option_area.at, b->tcp.option_area.at, a->tcp.option_area.len);
}

/* What a network card merges on arrival (of the same options, all of them) is no middlebox's
 * doing. */
void mirrored_compare_cut(struct comparison *c, const struct packet *arrived, uint32_t len)
{
	uint32_t from = mirrored_place(&c->arrived, arrived), end = from + len;
	bool inside = false, merged = false, told_apart = false;
	struct packet first = {0};

	for (size_t i = 0; i < c->left.count; i++) {
		uint32_t at, to;
		struct packet l;

		if (!c->left.at[i]->payload_len || !mirrored_parse(c->left.at[i], &l))
			continue;
		at = mirrored_place(&c->left, &l);
		to = at + c->left.at[i]->payload_len;
		inside |= at <= from && end <= to;
		if (at < from || to > end)
			continue;
		told_apart |= first.octets.len && !mirrored_same_options(&first, &l);
		if (!first.octets.len)
			first = l;
		merged = true;
	}
	if (inside)
		mirrored_count_plain(c, PAYLOAD, CHANGE_SPLIT, 1);
	else if (merged && told_apart)
		mirrored_count_plain(c, PAYLOAD, CHANGE_COALESCED, 1);
}

/* Is the payload that the other end tells of the one that we have? */
bool mirrored_same_payload(const struct comparison *c, const struct mirror_segment *s,
			   uint32_t from)
{
	return mirror_hash(span_of(c->octets->at + from, s->payload_len)) == s->hash;
}

/* Towards us it is the sender that knows its payload by the hash only. */
void mirrored_compare_sent(struct comparison *c)
{
	for (size_t i = 0; i < c->left.count; i++) {
		const struct mirror_segment *s = c->left.at[i];
		struct packet l;
		uint32_t from;

		if (!s->payload_len || !mirrored_parse(s, &l))
			continue;
		from = mirrored_place(&c->left, &l);
		if (mirrored_known(c->octets, from, s->payload_len) &&
		    !mirrored_same_payload(c, s, from))
			mirrored_count_plain(c, PAYLOAD, CHANGE_REWRITTEN, 1);
	}
}
