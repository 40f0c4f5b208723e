#include "mptcp/mirror_back.h"

#include <string.h>

#include "packet/icmp.h"
#include "util/octets.h"

#define GAP_NS	   (20 * NS_PER_MS)  /* behind an answer */
#define WAIT_NS	   (400 * NS_PER_MS) /* for one */
#define SILENT_MAX 3		     /* hops in a row: then nobody answers */
/* Where copies cannot be told apart an answer must not be late. */
#define WAIT6_NS (1 * NS_PER_S)

void mirror_back_sent(struct mirror_back *b, int64_t now_ns, enum mirror_walked kind,
		      struct span packet)
{
	struct mirror_walk *w = &b->walk[kind];

	if (!b->wanted || w->len || packet.len > MIRROR_SEGMENT_MAX)
		return;
	memcpy(w->segment, packet.at, packet.len);
	w->len = packet.len;
	b->due_ns = now_ns + GAP_NS;
}

/* Hosts begin with 64, 128 or 255. */
void mirror_back_arrived(struct mirror_back *b, uint8_t ttl)
{
	unsigned first = ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;

	if (!b->last && first - ttl <= MIRROR_HOPS_MAX)
		b->last = (uint8_t)(first - ttl);
}

static size_t build(const struct mirror_walk *w, uint8_t ttl, uint8_t *out)
{
	memcpy(out, w->segment, w->len);
	if (out[0] >> 4 == 6) {
		out[7] = ttl;
		return w->len;
	}
	out[8] = ttl;
	store_u16(out + 4, (uint16_t)(load_u16(out + 4) + 0x100 * ttl));
	packet_fix_checksums(out, w->len);
	return w->len;
}

static uint8_t ttl_of(const struct mirror_walk *w, const struct packet *quote,
		      const struct packet *sent)
{
	uint16_t delta = (uint16_t)(quote->ip.id - sent->ip.id);

	if (sent->ip.version == 6)
		return w->ttl;
	return delta % 0x100 || delta / 0x100 > w->ttl ? 0 : (uint8_t)(delta / 0x100);
}

/* Boxes may have changed all but one of these. */
static bool is_copy(const struct packet *quote, const struct packet *sent)
{
	return quote->ip.version == sent->ip.version && quote->ip.proto == IP_PROTO_TCP &&
	       quote->have & PACKET_HAS_PORTS && quote->tcp.src_port == sent->tcp.src_port &&
	       ip_addr_equal(&quote->ip.src, &sent->ip.src) &&
	       (quote->tcp.dst_port == sent->tcp.dst_port || quote->tcp.seq == sent->tcp.seq);
}

void mirror_back_error(struct mirror_back *b, int64_t now_ns, struct span packet)
{
	struct mirror_walk *w = &b->walk[b->at];
	struct packet p, quote, sent;
	struct icmp_error e;
	struct mirror_hop *hop;
	uint8_t ttl;

	if (!w->ttl || b->done || packet_parse(&p, packet) || icmp_error_parse(&e, &p) ||
	    e.kind != ICMP_KIND_TIME_EXCEEDED || packet_parse(&quote, e.quote) ||
	    packet_parse(&sent, span_of(w->segment, w->len)) || !is_copy(&quote, &sent))
		return;
	ttl = ttl_of(w, &quote, &sent);
	hop = &w->hop[ttl];
	if (!ttl || hop->answered)
		return;
	*hop = (struct mirror_hop){.answered = true, .of = b->at, .ttl = ttl, .from = e.from};
	hop->quote_len = (uint8_t)(e.quote.len < MIRROR_QUOTE_MAX ? e.quote.len : MIRROR_QUOTE_MAX);
	memcpy(hop->quote, e.quote.at, hop->quote_len);
	if (ttl == w->ttl)
		b->due_ns = now_ns + GAP_NS;
}

int64_t mirror_back_expiry_ns(const struct mirror_back *b)
{
	bool waits = b->at == MIRROR_WALKED_SYN_ACK && !b->last_words;

	return !b->wanted || b->done || waits || !b->walk[0].len || !b->last ? TIME_NEVER
									     : b->due_ns;
}

/* On to the next of those that there are; NULL: not now, or there is none. */
static struct mirror_walk *next_walk(struct mirror_back *b)
{
	do
		b->at++;
	while (b->at < MIRROR_WALKS && !b->walk[b->at].len);
	b->done = b->at == MIRROR_WALKS;
	b->at = (uint8_t)(b->at - b->done);
	return mirror_back_expiry_ns(b) == TIME_NEVER ? NULL : &b->walk[b->at];
}

size_t mirror_back_next(struct mirror_back *b, int64_t now_ns, size_t cap, uint8_t *out)
{
	struct mirror_walk *w = &b->walk[b->at];

	if (now_ns < mirror_back_expiry_ns(b))
		return 0;
	if (w->ttl)
		w->silent = w->hop[w->ttl].answered ? 0 : (uint8_t)(w->silent + 1);
	if (w->ttl >= b->last || w->silent == SILENT_MAX) {
		w = next_walk(b);
		if (!w)
			return 0;
	}
	if (w->len > cap) { /* looked at again when there is more room, or none to come */
		b->due_ns = now_ns + GAP_NS;
		w->silent -= w->silent > 0;
		return 0;
	}
	w->ttl++;
	b->due_ns = now_ns + (w->segment[0] >> 4 == 6 ? WAIT6_NS : WAIT_NS);
	return build(w, w->ttl, out);
}
