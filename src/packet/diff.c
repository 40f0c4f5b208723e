/* The diff: puts its parts together and answers questions about the outcome. */
#include <assert.h>
#include <string.h>

#include "packet/diff_parts.h"

static const char *const KIND_NAMES[CHANGE_KINDS] = {
    [CHANGE_NONE] = "none",	      [CHANGE_REWRITTEN] = "rewritten",
    [CHANGE_REMOVED] = "removed",     [CHANGE_ADDED] = "added",
    [CHANGE_BLANKED] = "blanked",     [CHANGE_TRUNCATED] = "truncated",
    [CHANGE_REORDERED] = "reordered", [CHANGE_MIRRORED] = "mirrored",
    [CHANGE_DROPPED] = "dropped",     [CHANGE_RESET] = "reset",
    [CHANGE_ANSWERED] = "answered",   [CHANGE_SPLIT] = "split",
    [CHANGE_COALESCED] = "coalesced", [CHANGE_REPLAYED] = "replayed",
};

const char *change_kind_name(enum change_kind kind)
{
	assert((unsigned)kind < CHANGE_KINDS);
	return KIND_NAMES[kind];
}

struct value value_dec(uint64_t number)
{
	return (struct value){.kind = VALUE_DEC, .number = number};
}

struct value value_octets(struct span octets)
{
	struct value v = {.kind = VALUE_OCTETS};

	v.len = (uint8_t)(octets.len < sizeof v.octets ? octets.len : sizeof v.octets);
	if (v.len > 0)
		memcpy(v.octets, octets.at, v.len);
	return v;
}

struct change *diff_add(struct diff *d, const char *field, enum change_kind kind)
{
	struct change *c;

	if (d->count < DIFF_CHANGES_MAX)
		d->count++;
	c = &d->changes[d->count - 1];
	memset(c, 0, sizeof *c);
	strncpy(c->field, field, sizeof c->field - 1);
	c->kind = kind;
	c->option = -1;
	return c;
}

#define PAYLOAD "tcp.payload"

static const char *payload_name(const struct diff_pair *pair)
{
	return pair->sent.p->ip.proto == IP_PROTO_TCP ? PAYLOAD : "icmp.payload";
}

/* Where two payloads part; the length of the shorter one if they do not. */
static size_t parting(struct span a, struct span b)
{
	size_t both = a.len < b.len ? a.len : b.len, i = 0;

	if (both == 0 || memcmp(a.at, b.at, both) == 0)
		return both;
	while (a.at[i] == b.at[i])
		i++;
	return i;
}

/* The values of a changed payload are its octets from the first that differs on. */
static void payload_change(struct diff_pair *pair, struct span was, struct span is, size_t from,
			   enum change_kind kind)
{
	struct change *c = diff_add(pair->d, payload_name(pair), kind);

	c->sent = value_octets(span_cut(was, from, was.len));
	c->seen = value_octets(span_cut(is, from, is.len));
}

/* A data offset that grew or shrank while the packet did not has turned options into payload or
 * payload into options: the octets are compared where they were sent. */
static void diff_payload(struct diff_pair *pair)
{
	const struct diff_side *sent = &pair->sent, *seen = &pair->seen;
	bool moved = sent->header_len != seen->header_len && sent->claimed == seen->claimed;
	size_t start = moved ? sent->header_len : seen->header_len, claimed, from;
	struct span was = span_cut(sent->transport, sent->header_len, sent->transport.len);
	struct span is = span_cut(seen->transport, start, seen->transport.len);

	if (!sent->has_offset || !seen->has_offset || start > seen->claimed ||
	    seen->header_len < ICMP_FIXED_LEN)
		return;
	claimed = seen->claimed - start;
	pair->d->payload_seen = is.len == claimed && pair->d->complete;
	from = parting(was, is);
	if (from < was.len && from < is.len)
		payload_change(pair, was, is, from, CHANGE_REWRITTEN);
	else if (claimed < was.len)
		payload_change(pair, was, is, from, CHANGE_TRUNCATED);
	else if (is.len > was.len)
		payload_change(pair, was, is, from, CHANGE_REWRITTEN);
}

void diff_packets(struct diff *d, const struct packet *sent, const struct packet *seen)
{
	struct diff_pair pair;

	memset(d, 0, offsetof(struct diff, changes));
	pair.d = d;
	diff_view(&pair, sent, seen);
	diff_ip_fields(&pair);
	if (pair.same_proto && diff_checksum_at(&pair) != 0) {
		diff_transport_fields(&pair);
		diff_options(&pair);
		diff_payload(&pair);
	}
	diff_lengths(&pair);
	diff_checksums(&pair);
}

bool diff_reaches(const struct diff *d, const struct change *c)
{
	if (c->id != FIELD_NONE)
		return d->fields_seen & FIELD_BIT(c->id);
	if (c->option >= 0)
		return d->options_seen >> c->option & 1;
	if (strstr(c->field, ".payload"))
		return d->payload_seen;
	return d->options_complete;
}

const struct change *diff_find(const struct diff *d, const struct change *like)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->changes[i].option == like->option &&
		    strcmp(d->changes[i].field, like->field) == 0)
			return &d->changes[i];
	return NULL;
}

void change_print(struct buf *out, const struct change *c)
{
	buf_printf(out, "%s %s", c->field, change_kind_name(c->kind));
	if (c->sent.kind != VALUE_NONE && !value_equal(&c->sent, &c->seen)) {
		buf_printf(out, " ");
		value_print(out, &c->sent);
	}
	if (c->seen.kind == VALUE_NONE || value_equal(&c->sent, &c->seen))
		return;
	buf_printf(out, c->sent.kind != VALUE_NONE ? " -> " : " ");
	value_print(out, &c->seen);
}
