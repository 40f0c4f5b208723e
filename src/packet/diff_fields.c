/* Compares the fixed header fields that a quote reaches. */
#include <string.h>

#include "packet/diff_parts.h"

static void add_field(struct diff *d, enum field f, const struct value *sent,
		      const struct value *seen)
{
	struct change *c = diff_add(d, field_info(f)->name, CHANGE_REWRITTEN);

	c->id = f;
	c->sent = *sent;
	c->seen = *seen;
}

/* Compares one field if both headers hold it. `equal`: the headers are known to be. */
static void field_compare(struct diff *d, enum field f, struct span sent, struct span seen,
			  bool equal)
{
	struct value was, is;

	if (!field_within(f, seen.len) || !field_within(f, sent.len))
		return;
	d->fields_seen |= FIELD_BIT(f);
	if (equal || field_info(f)->role != FIELD_COMPARED)
		return;
	field_load(sent, f, &was);
	field_load(seen, f, &is);
	if (!value_equal(&was, &is))
		add_field(d, f, &was, &is);
}

/* The fields of a layer follow each other, and so do their bits in a set. */
#define FIELDS_FROM_TO(first, last) ((FIELD_BIT(last) << 1) - FIELD_BIT(first))

static const struct {
	uint64_t fields;
	size_t len;
} WHOLE[] = {
    [LAYER_IP4] = {FIELDS_FROM_TO(FIELD_IP4_VERSION, FIELD_IP4_DST), 20},
    [LAYER_IP6] = {FIELDS_FROM_TO(FIELD_IP6_VERSION, FIELD_IP6_DST), 40},
    [LAYER_TCP] = {FIELDS_FROM_TO(FIELD_TCP_SRC_PORT, FIELD_TCP_URGENT), TCP_FIXED_LEN},
    [LAYER_ICMP] = {FIELDS_FROM_TO(FIELD_ICMP_TYPE, FIELD_ICMP_REST), ICMP_FIXED_LEN},
};

/* `skip`: fields that the router garbled; they are not seen. */
static void layer_compare(struct diff *d, enum field_layer layer, struct span sent,
			  struct span seen, uint64_t skip, bool equal)
{
	if (equal && seen.len == WHOLE[layer].len && sent.len == seen.len) {
		d->fields_seen |= WHOLE[layer].fields & ~skip;
		return;
	}
	for (enum field f = field_next(layer, FIELD_NONE); f; f = field_next(layer, f))
		if (!(skip & FIELD_BIT(f)))
			field_compare(d, f, sent, seen, equal);
}

static uint64_t garbled_fields(const struct diff_side *seen)
{
	uint64_t skip = 0;

	if (seen->len_garbled)
		skip |= FIELD_BIT(FIELD_IP4_LEN);
	if (seen->id_garbled)
		skip |= FIELD_BIT(FIELD_IP4_ID);
	if (seen->frag_garbled)
		skip |= FIELD_BIT(FIELD_IP4_RB) | FIELD_BIT(FIELD_IP4_DF) |
			FIELD_BIT(FIELD_IP4_MF) | FIELD_BIT(FIELD_IP4_FRAG_OFFSET);
	return skip;
}

/* All but what must change: TTL and, for IPv4, checksum. */
static bool ip_equal(const uint8_t *a, const uint8_t *b, bool v4)
{
	size_t ttl = v4 ? 8 : 7, next = v4 ? 12 : 8, end = v4 ? 20 : 40;

	return memcmp(a, b, ttl) == 0 && (!v4 || a[9] == b[9]) &&
	       memcmp(a + next, b + next, end - next) == 0;
}

void diff_ip_fields(struct diff_pair *pair)
{
	struct span sent = pair->sent.ip, seen = pair->seen.ip;
	bool v4 = pair->sent.p->ip.version == 4;
	enum field_layer layer = v4 ? LAYER_IP4 : LAYER_IP6;

	if (pair->same_family) {
		layer_compare(pair->d, layer, sent, seen, garbled_fields(&pair->seen),
			      ip_equal(sent.at, seen.at, v4));
		return;
	}
	/* A translator between the families: nothing but the version can be laid side by side. */
	sent.len = seen.len = 1;
	field_compare(pair->d, v4 ? FIELD_IP4_VERSION : FIELD_IP6_VERSION, sent, seen, false);
}

void diff_transport_fields(struct diff_pair *pair)
{
	struct span sent = pair->sent.transport, seen = pair->seen.transport;
	bool tcp = pair->sent.p->ip.proto == IP_PROTO_TCP;
	size_t len = tcp ? TCP_FIXED_LEN : ICMP_FIXED_LEN;

	sent = span_cut(sent, 0, len);
	seen = span_cut(seen, 0, len);
	layer_compare(pair->d, tcp ? LAYER_TCP : LAYER_ICMP, sent, seen, 0,
		      seen.len <= sent.len && memcmp(sent.at, seen.at, seen.len) == 0);
}

/* The TCP data offset says how large the option area is even where the quote does not show it;
 * where it does, the options themselves have told. */
static void diff_offset(struct diff_pair *pair)
{
	struct value was, is;

	if (pair->sent.p->ip.proto != IP_PROTO_TCP || pair->d->options_complete ||
	    !pair->sent.has_offset || !pair->seen.has_offset ||
	    pair->sent.header_len == pair->seen.header_len)
		return;
	was = value_dec(pair->sent.header_len);
	is = value_dec(pair->seen.header_len);
	add_field(pair->d, FIELD_TCP_HDR_LEN, &was, &is);
}

static bool payload_changed(const struct diff *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (strstr(d->changes[i].field, ".payload"))
			return true;
	return false;
}

/* The length that follows from the headers' own lengths, if the payload is as it was. */
static uint32_t length_expected(const struct diff_pair *pair)
{
	const struct diff_side *sent = &pair->sent, *seen = &pair->seen;
	size_t grown = seen->p->ip.header_len - sent->p->ip.header_len;

	if (sent->has_offset && seen->has_offset && pair->same_proto)
		grown += seen->header_len - sent->header_len;
	return (uint32_t)(sent->length + grown);
}

void diff_lengths(struct diff_pair *pair)
{
	bool v4 = pair->sent.p->ip.version == 4;
	struct value was = value_dec(pair->sent.length), is = value_dec(pair->seen.length);

	if (pair->same_proto)
		diff_offset(pair);
	if (!pair->same_family || pair->seen.len_garbled ||
	    pair->seen.length == pair->sent.length || pair->seen.length == length_expected(pair) ||
	    payload_changed(pair->d))
		return;
	add_field(pair->d, v4 ? FIELD_IP4_LEN : FIELD_IP6_PLEN, &was, &is);
}
