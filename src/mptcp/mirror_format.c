#include <string.h>

#include "mptcp/mirror.h"
#include "util/cursor.h"
#include "util/octets.h"

#define VERSION_AT 8
#define ROLE_AT	   9
#define WISHES_AT  10
#define FAMILY	   0x0f /* of a hop's octet, and: */
#define KIND_SHIFT 4

void mirror_put_head(enum mirror_role role, uint8_t out[MIRROR_HEAD])
{
	uint8_t head[MIRROR_HEAD] = {'m', 'b', 'o', 'x', 'm', 'i', 'r', 'r', MIRROR_VERSION, role};

	if (role == MIRROR_CLIENT)
		head[WISHES_AT] = MIRROR_WISH_WALK | MIRROR_WISH_HOLE;
	memcpy(out, head, MIRROR_HEAD);
}

/* What another version says behind its role is not ours to judge. */
enum mirror_match mirror_match_head(enum mirror_role role, struct span octets)
{
	size_t len = octets.len < MIRROR_HEAD ? octets.len : MIRROR_HEAD;
	bool other = len > VERSION_AT && octets.at[VERSION_AT] != MIRROR_VERSION;
	uint8_t head[MIRROR_HEAD];

	mirror_put_head(role, head);
	for (size_t i = 0; i < len; i++)
		if (octets.at[i] != head[i] && i != VERSION_AT && i != WISHES_AT &&
		    !(other && i > ROLE_AT))
			return MIRROR_IS_NOT;
	if (len < MIRROR_HEAD)
		return MIRROR_MAY_BE;
	return other ? MIRROR_IS_OTHER : MIRROR_IS;
}

uint8_t mirror_head_version(struct span head)
{
	return head.at[VERSION_AT];
}

uint8_t mirror_head_wishes(struct span head)
{
	return head.at[WISHES_AT];
}

uint64_t mirror_hash(struct span payload)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < payload.len; i++)
		hash = (hash ^ payload.at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Of a record but its octets `at` to at + 3, where the check itself stands. */
static uint32_t check_of(const uint8_t *record, size_t len, size_t at)
{
	uint8_t rest[MIRROR_HOP_RECORD_MAX];

	memcpy(rest, record, at);
	memcpy(rest + at, record + at + 4, len - at - 4);
	return (uint32_t)mirror_hash(span_of(rest, len - 4));
}

#define CHECK_AT      16 /* of a segment's record */
#define DONE_CHECK_AT 12

size_t mirror_put_segment(const struct mirror_segment *s, int64_t since_ns, uint8_t *out)
{
	int64_t later_ns = s->time_ns > since_ns ? s->time_ns - since_ns : 0;

	out[0] = (uint8_t)s->kind;
	out[1] = s->header_len;
	store_u16(out + 2, s->payload_len);
	store_u32(out + 4, (uint32_t)(later_ns / NS_PER_US));
	store_u64(out + 8, s->hash);
	memcpy(out + MIRROR_RECORD, s->header, s->header_len);
	store_u32(out + CHECK_AT, check_of(out, MIRROR_RECORD + s->header_len, CHECK_AT));
	return MIRROR_RECORD + s->header_len;
}

size_t mirror_put_done(const struct mirror_untold *untold, uint8_t out[MIRROR_DONE])
{
	uint16_t pure = untold->pure > UINT16_MAX ? UINT16_MAX : (uint16_t)untold->pure;

	store_u32(out, (uint32_t)MIRROR_FINISHED << 24 | (uint32_t)untold->gaps << 16 | pure);
	store_u32(out + 4, untold->arrived);
	store_u32(out + 8, untold->sent);
	store_u32(out + DONE_CHECK_AT, check_of(out, MIRROR_DONE, DONE_CHECK_AT));
	return MIRROR_DONE;
}

/* Whoever reads headers relies on this. */
static bool is_segment(const struct mirror_segment *s)
{
	struct packet p;

	return !packet_parse(&p, span_of(s->header, s->header_len)) && p.ip.proto == IP_PROTO_TCP &&
	       p.have & PACKET_HAS_OPTIONS && p.ip.header_len + p.tcp.header_len == s->header_len;
}

#define HOP_CHECK_AT 4

size_t mirror_put_hop(const struct mirror_hop *hop, uint8_t *out)
{
	memset(out, 0, MIRROR_HOP_RECORD);
	out[0] = MIRROR_HOP;
	out[1] = hop->quote_len;
	out[2] = hop->ttl;
	out[3] = (uint8_t)(hop->from.family | (unsigned)hop->of << KIND_SHIFT);
	memcpy(out + 8, hop->from.octets, hop->from.family == 4 ? 4 : 16);
	memcpy(out + MIRROR_HOP_RECORD, hop->quote, hop->quote_len);
	store_u32(out + HOP_CHECK_AT,
		  check_of(out, (size_t)MIRROR_HOP_RECORD + hop->quote_len, HOP_CHECK_AT));
	return (size_t)MIRROR_HOP_RECORD + hop->quote_len;
}

static int read_hop(struct mirror_record *out, struct cursor *c, uint8_t len)
{
	struct mirror_hop *hop = &out->hop;
	const uint8_t *record = c->at - 2;
	struct span from, quote;
	uint32_t check;
	uint8_t what;

	hop->ttl = cursor_u8(c);
	what = cursor_u8(c);
	hop->from.family = what & FAMILY;
	hop->of = (enum mirror_walked)(what >> KIND_SHIFT);
	check = cursor_u32(c);
	from = cursor_take(c, 16);
	quote = cursor_take(c, len);
	if (c->failed)
		return 0;
	if (check != check_of(record, (size_t)MIRROR_HOP_RECORD + len, HOP_CHECK_AT) ||
	    hop->of >= MIRROR_WALKS || (hop->from.family != 4 && hop->from.family != 6))
		return ERR_MALFORMED;
	memcpy(hop->from.octets, from.at, hop->from.family == 4 ? 4 : 16);
	memcpy(hop->quote, quote.at, len);
	hop->quote_len = len;
	hop->answered = true;
	return 1;
}

static int read_segment(struct mirror_record *out, struct cursor *c, uint8_t header_len)
{
	struct mirror_segment *s = &out->segment;
	const uint8_t *record = c->at - 2;
	struct span headers;
	uint32_t check;

	s->kind = out->kind;
	s->header_len = header_len;
	s->payload_len = cursor_u16(c);
	s->time_ns = (int64_t)cursor_u32(c) * NS_PER_US;
	s->hash = cursor_u64(c);
	check = cursor_u32(c);
	headers = cursor_take(c, header_len);
	if (c->failed)
		return 0;
	memcpy(s->header, headers.at, headers.len);
	return check == check_of(record, MIRROR_RECORD + headers.len, CHECK_AT) && is_segment(s)
		   ? 1
		   : ERR_MALFORMED;
}

static int read_done(struct mirror_record *out, struct cursor *c, uint8_t gaps)
{
	const uint8_t *record = c->at - 2;
	uint32_t check;

	out->untold.gaps = gaps;
	out->untold.pure = cursor_u16(c);
	out->untold.arrived = cursor_u32(c);
	out->untold.sent = cursor_u32(c);
	check = cursor_u32(c);
	if (c->failed)
		return 0;
	return check == check_of(record, MIRROR_DONE, DONE_CHECK_AT) ? 1 : ERR_MALFORMED;
}

int mirror_read_record(struct mirror_record *out, struct span *rest)
{
	struct cursor c = cursor_over(*rest);
	uint8_t kind = cursor_u8(&c), len = cursor_u8(&c);
	int rc;

	if (c.failed)
		return 0;
	*out = (struct mirror_record){.kind = (enum mirror_kind)kind};
	if (kind == MIRROR_FINISHED)
		rc = read_done(out, &c, len);
	else if (kind == MIRROR_HOP && len && len <= MIRROR_QUOTE_MAX)
		rc = read_hop(out, &c, len);
	else if ((kind == MIRROR_ARRIVED || kind == MIRROR_SENT) && len <= MIRROR_HEADERS_MAX)
		rc = read_segment(out, &c, len);
	else
		rc = ERR_MALFORMED;
	if (rc > 0)
		*rest = span_cut(*rest, (size_t)(c.at - rest->at), rest->len);
	return rc;
}
