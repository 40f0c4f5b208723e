#include <string.h>

#include "mptcp/mirror.h"
#include "util/cursor.h"
#include "util/octets.h"

void mirror_put_head(enum mirror_role role, uint8_t out[MIRROR_HEAD])
{
	const uint8_t head[MIRROR_HEAD] = {'m', 'b', 'o', 'x', 'm', 'i', 'r', 'r', MIRROR_VERSION,
					   role};

	memcpy(out, head, MIRROR_HEAD);
}

int mirror_match_head(enum mirror_role role, struct span octets)
{
	uint8_t head[MIRROR_HEAD];
	size_t len = octets.len < MIRROR_HEAD ? octets.len : MIRROR_HEAD;

	mirror_put_head(role, head);
	if (len && memcmp(octets.at, head, len) != 0)
		return -1;
	return len == MIRROR_HEAD;
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
	uint8_t rest[MIRROR_RECORD + MIRROR_HEADERS_MAX];

	memcpy(rest, record, at);
	memcpy(rest + at, record + at + 4, len - at - 4);
	return (uint32_t)mirror_hash(span_of(rest, len - 4));
}

#define CHECK_AT      16 /* of a segment's record */
#define DONE_CHECK_AT 12

size_t mirror_put_segment(const struct mirror_segment *s, int64_t since_ns, uint8_t *out)
{
	out[0] = (uint8_t)s->kind;
	out[1] = s->header_len;
	store_u16(out + 2, s->payload_len);
	store_u32(out + 4, (uint32_t)((s->time_ns - since_ns) / NS_PER_US));
	store_u64(out + 8, s->hash);
	memcpy(out + MIRROR_RECORD, s->header, s->header_len);
	store_u32(out + CHECK_AT, check_of(out, MIRROR_RECORD + s->header_len, CHECK_AT));
	return MIRROR_RECORD + s->header_len;
}

size_t mirror_put_done(uint32_t arrived, uint32_t sent, uint8_t out[MIRROR_DONE])
{
	store_u32(out, (uint32_t)MIRROR_FINISHED << 24);
	store_u32(out + 4, arrived);
	store_u32(out + 8, sent);
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

static int read_done(struct mirror_record *out, struct cursor *c)
{
	const uint8_t *record = c->at - 2;
	uint32_t check;

	cursor_u16(c);
	out->arrived_untold = cursor_u32(c);
	out->sent_untold = cursor_u32(c);
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
		rc = read_done(out, &c);
	else if ((kind == MIRROR_ARRIVED || kind == MIRROR_SENT) && len <= MIRROR_HEADERS_MAX)
		rc = read_segment(out, &c, len);
	else
		rc = ERR_MALFORMED;
	if (rc > 0)
		*rest = span_cut(*rest, (size_t)(c.at - rest->at), rest->len);
	return rc;
}
