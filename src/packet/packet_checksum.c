#include "packet/checksum.h"
#include "packet/packet.h"
#include "packet/packet_wire.h"
#include "util/octets.h"

int transport_checksum_at(const struct ip_header *ip)
{
	if (ip->proto == IP_PROTO_TCP)
		return 16;
	return ip->proto == (ip->version == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6) ? 2 : -1;
}

/* The final destination that a routing header with segments left names, or NULL (RFC 8200
 * §8.1): the last address of types 0 and 2, the first of a segment list (type 4, RFC 8754). */
static const uint8_t *routing_final(const uint8_t *h, size_t len)
{
	if (h[3] == 0 || len < 24)
		return NULL;
	if (h[2] == 0 || h[2] == 2)
		return h + 8 + (len - 8) / 16 * 16 - 16;
	return h[2] == 4 ? h + 8 : NULL;
}

static const uint8_t *final_destination(const struct ip_header *ip)
{
	uint8_t next = ip->next_header;
	struct span rest = ip->options;

	while (rest.len >= 8 && next != ip->proto) {
		size_t len = ip6_extension_len(next, rest);

		if (len > rest.len)
			break;
		if (next == IP_PROTO_ROUTING && routing_final(rest.at, len))
			return routing_final(rest.at, len);
		next = rest.at[0];
		rest = span_cut(rest, len, rest.len);
	}
	return ip->dst.octets;
}

static uint64_t pseudo_header(const struct ip_header *ip, size_t len)
{
	size_t addr = ip->version == 4 ? 4 : 16;
	uint64_t sum = ip->proto + (uint64_t)len;
	const uint8_t *dst = ip->dst.octets;

	if (ip->version == 4 && ip->proto == IP_PROTO_ICMP)
		return 0;
	if (ip->version == 6 && ip->options.len)
		dst = final_destination(ip);
	return checksum_add(checksum_add(sum, ip->src.octets, addr), dst, addr);
}

uint16_t transport_checksum(const struct ip_header *ip, struct span transport, size_t at)
{
	uint64_t sum = pseudo_header(ip, transport.len);
	struct span rest = span_cut(transport, at + 2, transport.len);

	return checksum_finish(
	    checksum_add(checksum_add(sum, transport.at, at), rest.at, rest.len));
}

uint16_t ip4_header_checksum(struct span header)
{
	struct span rest = span_cut(header, IP4_CHECKSUM_AT + 2, header.len);

	return checksum_finish(
	    checksum_add(checksum_add(0, header.at, IP4_CHECKSUM_AT), rest.at, rest.len));
}

uint16_t packet_transport_checksum(const struct packet *p)
{
	int at = transport_checksum_at(&p->ip);

	if (at < 0 || p->ip.frag_offset || p->transport.len < (size_t)at + 2)
		return 0;
	return transport_checksum(&p->ip, p->transport, (size_t)at);
}

uint16_t packet_ip_checksum(const struct packet *p)
{
	if (p->ip.version != 4)
		return 0;
	return ip4_header_checksum(span_cut(p->octets, 0, p->ip.header_len));
}

void packet_fix_checksums(uint8_t *octets, size_t len)
{
	struct packet p;
	int at;

	if (packet_parse_ip(&p, span_of(octets, len)) || !(p.have & PACKET_HAS_IP))
		return;
	if (p.ip.version == 4)
		store_u16(octets + IP4_CHECKSUM_AT, packet_ip_checksum(&p));
	at = transport_checksum_at(&p.ip);
	if (at < 0 || !(p.have & PACKET_HAS_ALL) || packet_is_fragment(&p.ip) ||
	    p.transport.len < (size_t)at + 2)
		return;
	store_u16(octets + p.ip.header_len + at,
		  transport_checksum(&p.ip, p.transport, (size_t)at));
}
