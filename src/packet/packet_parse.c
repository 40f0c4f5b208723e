#include "packet/packet.h"

#include <string.h>

#include "packet/packet_wire.h"
#include "util/octets.h"

/* Splits what lies behind the fixed IP header: `claimed` octets, counted from the start of the
 * packet, belong to it; the rest is trailer. A length that is zero (segmentation offload) or
 * too short for the header tells nothing, so everything is taken. */
static void bound_by_length(struct packet *p, size_t claimed, size_t header)
{
	size_t given = p->octets.len;

	if (claimed >= header && claimed <= given)
		p->have |= PACKET_HAS_ALL;
	if (claimed < header || claimed > given)
		claimed = given;
	p->transport = span_cut(p->octets, header, claimed - (header < claimed ? header : claimed));
	p->trailer = span_cut(p->octets, claimed, given);
}

static int parse_ip4(struct packet *p)
{
	const uint8_t *o = p->octets.at;
	struct ip_header *ip = &p->ip;

	if ((o[0] & 15) < 5)
		return ERR_MALFORMED;
	ip->version = 4;
	ip->dscp = o[1] >> 2;
	ip->ecn = o[1] & 3;
	ip->length = load_u16(o + 2);
	ip->id = load_u16(o + 4);
	ip->flags = o[6] >> 5;
	ip->frag_offset = load_u16(o + 6) & 0x1fff;
	ip->ttl = o[8];
	ip->proto = ip->next_header = o[9];
	ip->checksum = load_u16(o + IP4_CHECKSUM_AT);
	ip->flow_label = 0;
	ip->src = ip_addr_v4(o + 12);
	ip->dst = ip_addr_v4(o + 16);
	ip->header_len = (uint16_t)((o[0] & 15) * 4);
	ip->options = span_cut(p->octets, IP4_HEADER, ip->header_len - IP4_HEADER);
	if (p->octets.len >= ip->header_len)
		p->have |= PACKET_HAS_IP;
	bound_by_length(p, ip->length ? ip->length : p->octets.len, ip->header_len);
	return 0;
}

size_t ip6_extension_len(uint8_t kind, struct span at)
{
	switch (kind) {
	case IP_PROTO_FRAGMENT: return 8;
	case IP_PROTO_AH: return at.len < 2 ? 8 : (at.at[1] + 2u) * 4;
	default: return at.len < 2 ? 8 : (at.at[1] + 1u) * 8;
	}
}

static bool is_extension(uint8_t next)
{
	return next == IP_PROTO_HOPOPTS || next == IP_PROTO_ROUTING || next == IP_PROTO_FRAGMENT ||
	       next == IP_PROTO_DSTOPTS || next == IP_PROTO_AH;
}

/* Walks the extension headers at the front of `transport`; a cut or lying one takes it all. */
static void take_extensions(struct packet *p)
{
	struct ip_header *ip = &p->ip;
	struct span rest = p->transport;

	while (is_extension(ip->proto) && ip->frag_offset == 0) {
		size_t len = ip6_extension_len(ip->proto, rest);

		if (len > rest.len) {
			p->have &= ~(unsigned)PACKET_HAS_IP;
			rest = span_cut(rest, rest.len, 0);
			break;
		}
		if (ip->proto == IP_PROTO_FRAGMENT) {
			ip->frag_offset = load_u16(rest.at + 2) >> 3;
			ip->flags = rest.at[3] & 1;
		}
		ip->proto = rest.at[0];
		rest = span_cut(rest, len, rest.len);
	}
	ip->options = span_of(p->transport.at, p->transport.len - rest.len);
	ip->header_len = (uint16_t)(IP6_HEADER + ip->options.len);
	p->transport = rest;
}

static int parse_ip6(struct packet *p)
{
	const uint8_t *o = p->octets.at;
	struct ip_header *ip = &p->ip;
	size_t claimed;

	if (p->octets.len < IP6_HEADER)
		return ERR_TRUNCATED;
	ip->version = 6;
	ip->dscp = (uint8_t)((o[0] & 15) << 2 | o[1] >> 6);
	ip->ecn = o[1] >> 4 & 3;
	ip->flow_label = load_u32(o) & 0xfffff;
	ip->length = load_u16(o + 4);
	ip->proto = ip->next_header = o[6];
	ip->ttl = o[7];
	ip->id = ip->checksum = ip->frag_offset = 0;
	ip->flags = 0;
	ip->src = ip_addr_v6(o + 8);
	ip->dst = ip_addr_v6(o + 24);
	p->have |= PACKET_HAS_IP;
	claimed =
	    ip->length || ip->proto == IP_PROTO_NONE ? IP6_HEADER + ip->length : p->octets.len;
	bound_by_length(p, claimed, IP6_HEADER);
	take_extensions(p);
	return 0;
}

int packet_parse_ip(struct packet *p, struct span octets)
{
	int err;

	p->octets = octets;
	p->have = PACKET_HAS_FIXED;
	if (octets.len < IP4_HEADER)
		return ERR_TRUNCATED;
	switch (octets.at[0] >> 4) {
	case 4: err = parse_ip4(p); break;
	case 6: err = parse_ip6(p); break;
	default: return ERR_MALFORMED;
	}
	p->payload = p->transport;
	return err;
}

/* What stands behind the ports and the sequence number. */
static void parse_tcp_fixed(struct tcp_header *tcp, const uint8_t *at)
{
	tcp->ack = load_u32(at + 8);
	tcp->header_len = (uint8_t)(at[12] >> 4 << 2);
	tcp->flags = load_u16(at + 12) & 0x0fff;
	tcp->window = load_u16(at + 14);
	tcp->checksum = load_u16(at + 16);
	tcp->urgent = load_u16(at + 18);
}

static void parse_tcp(struct packet *p)
{
	struct span t = p->transport;
	struct tcp_header *tcp = &p->tcp;
	size_t options;

	memset(tcp, 0, offsetof(struct tcp_header, options.item));
	tcp->options.tail = span_cut(t, t.len, 0);
	tcp->src_port = load_u16(t.at);
	tcp->dst_port = load_u16(t.at + 2);
	tcp->seq = load_u32(t.at + 4);
	p->have |= PACKET_HAS_PORTS;
	p->payload = span_cut(t, TCP_PORTS, t.len);
	if (t.len < TCP_HEADER)
		return;
	parse_tcp_fixed(tcp, t.at);
	options = tcp->header_len < TCP_HEADER ? 0 : tcp->header_len - TCP_HEADER;
	tcp->option_area = span_cut(t, TCP_HEADER, options);
	p->have |= PACKET_HAS_TCP;
	if (tcp->header_len >= TCP_HEADER && tcp->header_len <= t.len)
		p->have |= PACKET_HAS_OPTIONS;
	p->payload = span_cut(t, TCP_HEADER + options, t.len);
	tcp_options_parse(&tcp->options, tcp->option_area);
}

static void parse_icmp(struct packet *p)
{
	struct span t = p->transport;

	p->icmp.type = t.at[0];
	p->icmp.code = t.at[1];
	p->icmp.checksum = load_u16(t.at + 2);
	p->icmp.rest = load_u32(t.at + 4);
	p->have |= PACKET_HAS_ICMP;
	p->payload = span_cut(t, ICMP_HEADER, t.len);
}

int packet_parse(struct packet *p, struct span octets)
{
	int err = packet_parse_ip(p, octets);
	uint8_t icmp = p->ip.version == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6;

	if (err || !(p->have & PACKET_HAS_IP) || p->ip.frag_offset)
		return err;
	if (p->ip.proto == IP_PROTO_TCP && p->transport.len >= TCP_PORTS)
		parse_tcp(p);
	else if (p->ip.proto == icmp && p->transport.len >= ICMP_HEADER)
		parse_icmp(p);
	return 0;
}
