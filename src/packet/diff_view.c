/* What of a packet is in sight. An ICMP error may cut it anywhere, and routers garble what they
 * quote: lengths, fragment offsets and identifications in host order or less the header length
 * (old BSD), zeros in place of what they did not keep. None of that happened on the path. */
#include <string.h>

#include "packet/diff_parts.h"
#include "util/octets.h"

#define IP4_LEN_AT  2
#define IP4_ID_AT   4
#define IP4_FRAG_AT 6
#define TCP_OFF_AT  12

static uint16_t swapped(uint16_t v)
{
	return (uint16_t)(v >> 8 | v << 8);
}

static size_t ip_fixed_len(const struct packet *p)
{
	return p->ip.version == 4 ? 20 : 40;
}

/* The transport octets that an IP length claims; all there are if it cannot be true. */
static size_t transport_claim(const struct packet *p, uint32_t length)
{
	size_t total = length + (p->ip.version == 4 ? 0 : 40);

	if (total < p->ip.header_len)
		total = p->octets.len;
	return total > p->ip.header_len ? total - p->ip.header_len : 0;
}

static void side_cut(struct diff_side *s)
{
	s->claimed = transport_claim(s->p, s->length);
	s->transport = span_cut(s->p->octets, s->p->ip.header_len, s->claimed);
	if (s->p->ip.frag_offset != 0 && !s->frag_garbled)
		s->transport.len = 0;
}

static void side_tcp(struct diff_side *s)
{
	s->has_offset = s->transport.len > TCP_OFF_AT;
	if (!s->has_offset)
		return;
	s->header_len = (size_t)(s->transport.at[TCP_OFF_AT] >> 4) * 4;
	if (s->header_len < TCP_FIXED_LEN)
		return;
	s->area = span_cut(s->transport, TCP_FIXED_LEN, s->header_len - TCP_FIXED_LEN);
	s->area_whole = s->transport.len >= s->header_len;
}

static void side_transport(struct diff_side *s)
{
	s->has_offset = s->area_whole = false;
	s->area = span_of(NULL, 0);
	if (s->p->ip.proto == IP_PROTO_TCP) {
		side_tcp(s);
		return;
	}
	s->header_len = ICMP_FIXED_LEN;
	s->has_offset = s->transport.len >= ICMP_FIXED_LEN;
}

static void side_init(struct diff_side *s, const struct packet *p)
{
	memset(s, 0, sizeof *s);
	s->p = p;
	s->ip = span_cut(p->octets, 0, ip_fixed_len(p));
	s->length = p->ip.length;
	side_cut(s);
	side_transport(s);
}

static bool length_garbled(uint16_t found, uint16_t right, uint16_t header_len)
{
	uint16_t less = (uint16_t)(right - header_len), more = (uint16_t)(right + header_len);

	return found == swapped(right) || found == less || found == swapped(less) || found == more;
}

/* An IP length that neither the sent packet nor its data offset explains, but a router's habit
 * does, or that has no room for its own header, is put right before anything is measured by it. */
static void correct_length(struct diff_pair *pair)
{
	struct diff_side *sent = &pair->sent, *seen = &pair->seen;
	uint16_t found = load_u16(seen->ip.at + IP4_LEN_AT);
	uint16_t same = load_u16(sent->ip.at + IP4_LEN_AT), follows = same;
	uint16_t ihl = (uint16_t)((seen->ip.at[0] & 15) * 4);
	const struct span all =
	    span_cut(seen->p->octets, seen->p->ip.header_len, seen->p->octets.len);

	if (pair->same_proto && sent->p->ip.proto == IP_PROTO_TCP && all.len > TCP_OFF_AT)
		follows = (uint16_t)(same + (all.at[TCP_OFF_AT] >> 4) * 4 - (int)sent->header_len);
	follows = (uint16_t)(follows + seen->p->ip.header_len - sent->p->ip.header_len);
	if (found == same || found == follows)
		return;
	if (length_garbled(found, follows, ihl) || found < ihl)
		seen->length = follows;
	else if (length_garbled(found, same, ihl))
		seen->length = same;
	seen->len_garbled = seen->length != found;
}

static void correct_ip4(struct diff_pair *pair)
{
	const uint8_t *sent = pair->sent.ip.at, *seen = pair->seen.ip.at;
	uint16_t frag = load_u16(sent + IP4_FRAG_AT), id = load_u16(sent + IP4_ID_AT);

	pair->seen.frag_garbled =
	    load_u16(seen + IP4_FRAG_AT) != frag && load_u16(seen + IP4_FRAG_AT) == swapped(frag);
	pair->seen.id_garbled =
	    load_u16(seen + IP4_ID_AT) != id && load_u16(seen + IP4_ID_AT) == swapped(id);
	correct_length(pair);
	side_cut(&pair->seen);
	side_transport(&pair->seen);
}

static bool zeros_in(struct span s, size_t from, size_t len)
{
	s = span_cut(s, from, len);
	while (s.len > 0 && s.at[s.len - 1] == 0)
		s.len--;
	return s.len == 0;
}

/* How much of a quote that ends in zeros is more than zeros; what was sent as zeros within the
 * eight octets that every router quotes counts as quoted. */
static size_t filling_start(const struct diff_pair *pair)
{
	const struct span sent = pair->sent.transport, seen = pair->seen.transport;
	size_t end = seen.len;

	while (end > 0 && seen.at[end - 1] == 0)
		end--;
	while (end < 8 && end < sent.len && end < seen.len && sent.at[end] == 0)
		end++;
	return end;
}

/* Are the zeros from `start` on more than values of fields may be? */
static bool swallows_header(const struct diff_pair *pair, size_t start, size_t sum_at)
{
	size_t len = pair->seen.transport.len;

	return sum_at > TCP_OFF_AT && len > (start <= TCP_OFF_AT ? TCP_OFF_AT : sum_at + 1);
}

/* Some routers keep less than they quote and fill up with zeros. Zeros at the end where something
 * else was sent, counted from the front and from the back, are such a filling if they swallow the
 * data offset, which no packet can be without, or the checksum, or if the checksum does not know of
 * them. */
static void cut_filling(struct diff_pair *pair)
{
	const struct span sent = pair->sent.transport, seen = pair->seen.transport;
	size_t sum_at = diff_checksum_at(pair), start = filling_start(pair), from = start;

	if (from > sum_at && from < sum_at + 2)
		from = sum_at + 2; /* may as well be a checksum that ends in a zero */
	if (from >= seen.len || zeros_in(sent, from, seen.len - from) ||
	    zeros_in(sent, sent.len - (pair->seen.claimed - from), seen.len - from))
		return;
	if (start >= sum_at + 2 ? diff_checksum_delta(pair, start) != 0
				: !swallows_header(pair, start, sum_at))
		return;
	pair->seen.transport.len = start > sum_at && start < sum_at + 2 ? sum_at : start;
	side_transport(&pair->seen);
}

void diff_view(struct diff_pair *pair, const struct packet *sent, const struct packet *seen)
{
	bool transport;

	side_init(&pair->sent, sent);
	side_init(&pair->seen, seen);
	pair->same_family = sent->ip.version == seen->ip.version;
	pair->same_proto = sent->ip.proto == seen->ip.proto;
	if (pair->same_family && sent->ip.version == 4)
		correct_ip4(pair);
	transport = pair->same_family && pair->same_proto && diff_checksum_at(pair) != 0;
	if (transport && pair->seen.transport.len > 0 &&
	    pair->seen.transport.at[pair->seen.transport.len - 1] == 0)
		cut_filling(pair);
	pair->d->complete = (seen->have & PACKET_HAS_IP) &&
			    pair->seen.transport.len == pair->seen.claimed &&
			    (seen->ip.frag_offset == 0 || pair->seen.frag_garbled);
}
