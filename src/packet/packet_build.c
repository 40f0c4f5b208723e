#include <string.h>

#include "packet/packet.h"
#include "packet/packet_wire.h"
#include "util/octets.h"

/* Which transport header is decoded in a packet, and so has to be written. */
enum body { BODY_RAW, BODY_PORTS, BODY_TCP, BODY_ICMP };

struct plan {
	const struct packet *p;
	enum body body;
	unsigned fix;
	size_t ip, transport; /* octets of the headers and of all behind them, without trailer */
	size_t options;	      /* octets of the TCP option area */
};

static enum body body_of(const struct packet *p)
{
	uint8_t icmp = p->ip.version == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6;

	if (p->have & PACKET_HAS_TCP)
		return BODY_TCP;
	if (p->have & PACKET_HAS_PORTS)
		return BODY_PORTS;
	if (p->have & PACKET_HAS_ICMP)
		return BODY_ICMP;
	if (p->have != 0 || p->ip.frag_offset)
		return BODY_RAW;
	/* Made by hand. */
	return p->ip.proto == IP_PROTO_TCP ? BODY_TCP : p->ip.proto == icmp ? BODY_ICMP : BODY_RAW;
}

static size_t options_len(const struct tcp_option_list *list)
{
	size_t len = list->tail.len;

	for (size_t i = 0; i < list->count; i++)
		len += list->item[i].len;
	return len;
}

static int plan_lengths(const struct plan *b)
{
	const struct ip_header *ip = &b->p->ip;
	size_t unit = ip->version == 4 ? 4 : 8;
	size_t total = ip->version == 4 ? b->ip + b->transport : ip->options.len + b->transport;

	if (b->options > TCP_OPTIONS_MAX || (ip->version == 4 && ip->options.len > 40))
		return ERR_MALFORMED;
	if (!(b->fix & PACKET_FIX_LENGTHS))
		return ip->length > 0xffff ? ERR_MALFORMED : 0;
	if (b->options % 4 || ip->options.len % unit || total > 0xffff)
		return ERR_MALFORMED;
	return 0;
}

static int plan_init(struct plan *b, const struct packet *p, unsigned fix)
{
	static const uint8_t header[] = {
	    [BODY_RAW] = 0, [BODY_PORTS] = TCP_PORTS, [BODY_TCP] = TCP_HEADER, [BODY_ICMP] = 8};

	*b = (struct plan){.p = p, .body = body_of(p), .fix = fix};
	if (p->ip.version != 4 && p->ip.version != 6)
		return ERR_MALFORMED;
	b->ip = (p->ip.version == 4 ? IP4_HEADER : IP6_HEADER) + p->ip.options.len;
	b->options = b->body == BODY_TCP ? options_len(&p->tcp.options) : 0;
	b->transport = header[b->body] + b->options + p->payload.len;
	return plan_lengths(b);
}

/* A payload may already lie in its place. */
static uint8_t *put(uint8_t *out, struct span s)
{
	if (s.len && s.at != out)
		memcpy(out, s.at, s.len);
	return out + s.len;
}

static uint8_t *put_ip4(const struct plan *b, uint8_t *out)
{
	const struct ip_header *ip = &b->p->ip;
	bool fix = b->fix & PACKET_FIX_LENGTHS;
	size_t header = fix ? b->ip : ip->header_len;
	size_t total = fix ? b->ip + b->transport : ip->length;

	out[0] = (uint8_t)(4 << 4 | (header / 4 & 15));
	out[1] = (uint8_t)(ip->dscp << 2 | (ip->ecn & 3));
	store_u16(out + 2, (uint16_t)total);
	store_u16(out + 4, ip->id);
	store_u16(out + 6, (uint16_t)(ip->flags << 13 | (ip->frag_offset & 0x1fff)));
	out[8] = ip->ttl;
	out[9] = ip->proto;
	store_u16(out + IP4_CHECKSUM_AT, ip->checksum);
	memcpy(out + 12, ip->src.octets, 4);
	memcpy(out + 16, ip->dst.octets, 4);
	put(out + IP4_HEADER, ip->options);
	if (b->fix & PACKET_FIX_CHECKSUMS)
		store_u16(out + IP4_CHECKSUM_AT, ip4_header_checksum(span_of(out, b->ip)));
	return out + b->ip;
}

static uint8_t *put_ip6(const struct plan *b, uint8_t *out)
{
	const struct ip_header *ip = &b->p->ip;
	bool fix = b->fix & PACKET_FIX_LENGTHS;
	size_t length = fix ? ip->options.len + b->transport : ip->length;
	uint32_t tclass = (uint32_t)(ip->dscp & 63) << 2 | (ip->ecn & 3);

	store_u32(out, 6u << 28 | tclass << 20 | (ip->flow_label & 0xfffff));
	store_u16(out + 4, (uint16_t)length);
	out[6] = ip->options.len ? ip->next_header : ip->proto;
	out[7] = ip->ttl;
	memcpy(out + 8, ip->src.octets, 16);
	memcpy(out + 24, ip->dst.octets, 16);
	return put(out + IP6_HEADER, ip->options);
}

static uint8_t *put_tcp(const struct plan *b, uint8_t *out)
{
	const struct tcp_header *tcp = &b->p->tcp;
	bool fix = b->fix & PACKET_FIX_LENGTHS;
	size_t header = fix ? TCP_HEADER + b->options : tcp->header_len;

	store_u16(out, tcp->src_port);
	store_u16(out + 2, tcp->dst_port);
	store_u32(out + 4, tcp->seq);
	if (b->body == BODY_PORTS)
		return out + TCP_PORTS;
	store_u32(out + 8, tcp->ack);
	store_u16(out + 12, (uint16_t)(header / 4 << 12 | (tcp->flags & 0x0fff)));
	store_u16(out + 14, tcp->window);
	store_u16(out + 16, tcp->checksum);
	store_u16(out + 18, tcp->urgent);
	out += TCP_HEADER;
	for (size_t i = 0; i < tcp->options.count; i++)
		out = put(out, span_of(tcp->options.item[i].at, tcp->options.item[i].len));
	return put(out, tcp->options.tail);
}

static uint8_t *put_icmp(const struct icmp_header *icmp, uint8_t *out)
{
	out[0] = icmp->type;
	out[1] = icmp->code;
	store_u16(out + 2, icmp->checksum);
	store_u32(out + 4, icmp->rest);
	return out + ICMP_HEADER;
}

static void fix_transport(const struct plan *b, uint8_t *transport)
{
	int at = transport_checksum_at(&b->p->ip);

	if (at < 0 || packet_is_fragment(&b->p->ip) || b->transport < (size_t)at + 2)
		return;
	store_u16(transport + at,
		  transport_checksum(&b->p->ip, span_of(transport, b->transport), (size_t)at));
}

int packet_build(const struct packet *p, unsigned fix, uint8_t *out, size_t cap)
{
	struct plan b;
	uint8_t *at, *transport;
	int err = plan_init(&b, p, fix);

	if (err)
		return err;
	if (b.ip + b.transport + p->trailer.len > cap)
		return ERR_NOSPACE;
	transport = at = p->ip.version == 4 ? put_ip4(&b, out) : put_ip6(&b, out);
	if (b.body == BODY_TCP || b.body == BODY_PORTS)
		at = put_tcp(&b, at);
	else if (b.body == BODY_ICMP)
		at = put_icmp(&p->icmp, at);
	at = put(at, p->payload);
	if (fix & PACKET_FIX_CHECKSUMS)
		fix_transport(&b, transport);
	at = put(at, p->trailer);
	return (int)(at - out);
}
