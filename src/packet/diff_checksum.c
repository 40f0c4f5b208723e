/* Do the checksums of a quote fit what it shows? A translator that puts addresses, ports or
 * sequence numbers back into a quote on the return path rarely puts the checksums back as well.
 * All arithmetic is on one's complement sums (RFC 1071, RFC 1624), so that a quote which lacks
 * octets can be judged by what it changes against the packet as sent. */
#include <string.h>

#include "packet/checksum.h"
#include "packet/diff_parts.h"
#include "util/octets.h"

static uint16_t normal(uint16_t sum)
{
	return sum == 0xffff ? 0 : sum;
}

static uint16_t minus(uint16_t a, uint16_t b)
{
	return normal(checksum_fold((uint64_t)a + (uint16_t)~b));
}

size_t diff_checksum_at(const struct diff_pair *pair)
{
	switch (pair->sent.p->ip.proto) {
	case IP_PROTO_TCP: return 16;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6: return 2;
	}
	return 0;
}

/* Addresses, protocol and length; ICMP over IPv4 has none. */
static uint64_t pseudo_sum(const struct diff_side *s)
{
	bool v4 = s->p->ip.version == 4;

	if (s->p->ip.proto == IP_PROTO_ICMP)
		return 0;
	return checksum_add((uint64_t)s->p->ip.proto + s->claimed, s->ip.at + (v4 ? 12 : 8),
			    v4 ? 8 : 32);
}

/* The sum of octets that stand at an odd offset of what is summed. */
static uint64_t tail_sum(struct span tail, bool odd)
{
	uint16_t sum = checksum_fold(checksum_add(0, tail.at, tail.len));

	return odd ? (uint16_t)(sum << 8 | sum >> 8) : sum;
}

/* Is all that the checksum covers, as far as it is in sight, as it was sent? */
static bool nothing_changed(const struct diff_pair *pair, size_t prefix_len)
{
	bool v4 = pair->sent.p->ip.version == 4;
	size_t addr = v4 ? 12 : 8;

	return pair->sent.claimed == pair->seen.claimed && prefix_len <= pair->sent.transport.len &&
	       memcmp(pair->sent.ip.at + addr, pair->seen.ip.at + addr, v4 ? 8 : 32) == 0 &&
	       memcmp(pair->sent.transport.at, pair->seen.transport.at, prefix_len) == 0;
}

uint16_t diff_checksum_delta(const struct diff_pair *pair, size_t prefix_len)
{
	const struct span sent = pair->sent.transport;
	size_t tail_len = pair->seen.claimed - prefix_len;
	struct span tail = span_cut(sent, sent.len - tail_len, tail_len);
	uint64_t was, is;

	if (nothing_changed(pair, prefix_len))
		return 0; /* as nearly always */
	if (prefix_len > pair->seen.claimed || tail_len > sent.len)
		return DIFF_NO_DELTA;
	was = checksum_add(pseudo_sum(&pair->sent), sent.at, sent.len);
	is = checksum_add(pseudo_sum(&pair->seen), pair->seen.transport.at, prefix_len);
	is += tail_sum(tail, prefix_len % 2);
	return minus(checksum_fold(is), checksum_fold(was));
}

/* A complete quote is judged by itself: its checksum is right, or wrong as it was sent. */
static bool verifies(const struct diff_side *s)
{
	return checksum_fold(checksum_add(pseudo_sum(s), s->transport.at, s->transport.len)) ==
	       0xffff;
}

/* Is something that the checksum covers different in the addresses or the fixed header? Options
 * may change places without a trace in the checksum. */
static bool covered_change(const struct diff_pair *pair, size_t sum_at)
{
	const struct span sent = pair->sent.transport, seen = pair->seen.transport;
	size_t fixed = sum_at == 16 ? TCP_FIXED_LEN : ICMP_FIXED_LEN, rest = sum_at + 2;
	bool v4 = pair->sent.p->ip.version == 4;
	size_t addr = v4 ? 12 : 8, both = seen.len < fixed ? seen.len : fixed;

	return (pair->sent.p->ip.proto != IP_PROTO_ICMP &&
		memcmp(pair->sent.ip.at + addr, pair->seen.ip.at + addr, v4 ? 8 : 32) != 0) ||
	       memcmp(sent.at, seen.at, sum_at) != 0 ||
	       memcmp(sent.at + rest, seen.at + rest, both - rest) != 0;
}

static enum checksum_state transport_state(struct diff_pair *pair, uint16_t delta, size_t sum_at)
{
	const uint8_t *sent = pair->sent.transport.at, *seen = pair->seen.transport.at;

	if (delta == 0 || (pair->d->complete && verifies(&pair->seen)))
		return CHECKSUM_CONSISTENT;
	if (pair->d->complete)
		return CHECKSUM_BETRAYED;
	/* Somebody edited and left the checksum: not a box whose packets arrive. (A changed size
	 * says that there are edits out of sight as well.) */
	if (pair->sent.claimed == pair->seen.claimed &&
	    load_u16(sent + sum_at) == load_u16(seen + sum_at) && covered_change(pair, sum_at))
		return CHECKSUM_BETRAYED;
	return CHECKSUM_UNSEEN;
}

/* Of the ways in which routers leave the IP header of what they quote: TTL already lowered or
 * not, length and fragment offset garbled before or after the checksum was made. */
#define IP_READINGS 4

static void ip_deltas(const struct diff_pair *pair, uint16_t out[IP_READINGS])
{
	const struct diff_side *seen = &pair->seen;
	const uint8_t *ip = seen->ip.at;
	uint64_t as_found = checksum_add(0, ip, seen->p->ip.header_len), corrected = as_found;

	if (seen->len_garbled)
		corrected += (uint64_t)(uint16_t)~load_u16(ip + 2) + seen->length;
	if (seen->id_garbled)
		corrected += (uint64_t)(uint16_t)~load_u16(ip + 4) + pair->sent.p->ip.id;
	if (seen->frag_garbled)
		corrected += (uint64_t)(uint16_t)~load_u16(ip + 6) + load_u16(pair->sent.ip.at + 6);
	out[0] = normal(checksum_fold(as_found));
	out[1] = normal(checksum_fold(as_found + 0x0100));
	out[2] = normal(checksum_fold(corrected));
	out[3] = normal(checksum_fold(corrected + 0x0100));
}

static void judge_ip(struct diff_pair *pair, uint16_t delta)
{
	const struct diff_side *seen = &pair->seen;
	uint16_t deltas[IP_READINGS];
	bool same = false;

	if (seen->p->ip.version != 4 || !(seen->p->have & PACKET_HAS_IP) ||
	    seen->p->ip.checksum == 0)
		return;
	ip_deltas(pair, deltas);
	for (size_t i = 0; i < IP_READINGS; i++) {
		if (deltas[i] == 0)
			return;
		same |= deltas[i] == delta;
	}
	pair->d->ip_checksum_bad = true;
	pair->d->same_delta = same;
}

void diff_checksums(struct diff_pair *pair)
{
	size_t sum_at = diff_checksum_at(pair);
	size_t fixed = sum_at == 16 ? TCP_FIXED_LEN : ICMP_FIXED_LEN;
	bool reached = pair->same_family && pair->same_proto && sum_at > 0 &&
		       pair->sent.transport.len >= fixed && pair->seen.transport.len >= sum_at + 2;
	uint16_t delta = DIFF_NO_DELTA;

	if (reached) {
		delta = diff_checksum_delta(pair, pair->seen.transport.len);
		pair->d->checksum = transport_state(pair, delta, sum_at);
	}
	judge_ip(pair, delta);
	/* What nothing in sight explains, the IP header explains as well: it is the address. */
	if (pair->d->same_delta)
		pair->d->checksum = CHECKSUM_BETRAYED;
}
