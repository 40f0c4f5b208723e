/* Segments are written straight into the caller's buffer: the constant part of the checksum is
 * there since the start, that of the payload since the first time. */
#include <string.h>

#include "mptcp/tcp_parts.h"
#include "packet/checksum.h"
#include "util/octets.h"

#define IP_DF 0x4000
#define ECT_0 2

uint32_t tcp_stamp_at(const struct tcp *t, int64_t time_ns)
{
	return (uint32_t)(time_ns / NS_PER_MS) + t->config.ts_offset;
}

void tcp_header_init(struct tcp *t)
{
	size_t octets = t->config.local.family == 4 ? 4 : 16;
	uint64_t sum = checksum_add(IP_PROTO_TCP, t->config.local.octets, octets);

	sum = checksum_add(sum, t->config.remote.octets, octets);
	t->pseudo_sum = sum;
	t->ip_sum = sum - IP_PROTO_TCP + 0x4500 + (uint64_t)(t->config.dscp << 2) + IP_DF +
		    (uint64_t)(t->config.ttl << 8) + IP_PROTO_TCP;
}

static size_t put_ipv4(struct tcp *t, uint8_t *out, size_t len, uint8_t ecn)
{
	out[0] = 0x45;
	out[1] = (uint8_t)(t->config.dscp << 2 | ecn);
	store_u16(out + 2, (uint16_t)(20 + len));
	store_u16(out + 4, t->ip_id);
	store_u16(out + 6, IP_DF);
	out[8] = t->config.ttl;
	out[9] = IP_PROTO_TCP;
	store_u16(out + 10, checksum_finish(t->ip_sum + ecn + 20 + len + t->ip_id));
	memcpy(out + 12, t->config.local.octets, 4);
	memcpy(out + 16, t->config.remote.octets, 4);
	t->ip_id++;
	return 20;
}

static size_t put_ipv6(const struct tcp *t, uint8_t *out, size_t len, uint8_t ecn)
{
	uint32_t class = (uint32_t)(t->config.dscp << 2 | ecn);

	store_u32(out, 6u << 28 | class << 20 | (t->config.flow_label & 0xfffff));
	store_u16(out + 4, (uint16_t)len);
	out[6] = IP_PROTO_TCP;
	out[7] = t->config.ttl;
	memcpy(out + 8, t->config.local.octets, 16);
	memcpy(out + 24, t->config.remote.octets, 16);
	return 40;
}

static void put_fixed(struct tcp *t, const struct tcp_segment *segment, unsigned flags,
		      uint8_t *tcp, size_t header)
{
	store_u16(tcp, t->config.local_port);
	store_u16(tcp + 2, t->config.remote_port);
	store_u32(tcp + 4, segment->seq);
	store_u32(tcp + 8, segment->ack_seq);
	store_u16(tcp + 12, (uint16_t)(header / 4 << 12 | flags));
	store_u16(tcp + 14, segment->rst ? 0 : tcp_window_announce(t, segment->syn));
	store_u32(tcp + 16, 0);
}

static uint32_t payload_sum(struct tcp_sent *s)
{
	const struct tcp_piece *piece = &s->piece;

	if (!s->summed && piece->len)
		s->sum = checksum_fold(
		    checksum_add(0, piece->chunk->octets + piece->offset, piece->len));
	s->summed = true;
	return s->sum;
}

size_t tcp_build(struct tcp *t, const struct tcp_segment *segment, unsigned flags,
		 struct tcp_sent *s, uint8_t *out, size_t cap)
{
	size_t payload = s ? s->piece.len : 0, ip = t->config.local.family == 4 ? 20 : 40;
	uint8_t *tcp = out + ip,
		ecn = t->ecn_on && !t->ecn_mute && payload && !segment->retransmission ? ECT_0 : 0;
	size_t header, len;
	uint64_t sum;

	if (cap < ip + 60 + payload)
		return 0;
	header = 20 + tcp_options_write(t, segment, tcp + 20);
	put_fixed(t, segment, flags, tcp, header);
	len = header + payload;
	sum = checksum_add(t->pseudo_sum + len, tcp, header);
	if (payload) {
		memcpy(tcp + header, s->piece.chunk->octets + s->piece.offset, payload);
		sum += payload_sum(s);
	}
	store_u16(tcp + 16, checksum_finish(sum));
	if (ip == 20)
		put_ipv4(t, out, len, ecn);
	else
		put_ipv6(t, out, len, ecn);
	return ip + len;
}
