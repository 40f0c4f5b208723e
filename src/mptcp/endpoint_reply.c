/* Answers to what belongs to no connection. */
#include "mptcp/endpoint_state.h"

struct packet reply_to(const struct packet *p)
{
	struct packet r = {0};

	r.ip.version = p->ip.version;
	r.ip.proto = IP_PROTO_TCP;
	r.ip.ttl = 64;
	r.ip.flags = p->ip.version == 4 ? 2 : 0;
	r.ip.src = p->ip.dst;
	r.ip.dst = p->ip.src;
	r.tcp.src_port = p->tcp.dst_port;
	r.tcp.dst_port = p->tcp.src_port;
	return r;
}

bool reply_packet(struct endpoint *e, const struct packet *p)
{
	const unsigned max = sizeof(e->reply) / sizeof(e->reply[0]);
	struct reply *r = &e->reply[(e->reply_head + e->reply_count) % max];
	int len;

	if (e->reply_count == max)
		return false;
	len = packet_build(p, PACKET_FIX_ALL, r->octets, sizeof(r->octets));
	if (len < 0)
		return false;
	r->len = (uint16_t)len;
	e->reply_count++;
	return true;
}

/* RFC 9293 §3.10.7.1. */
static void rst_numbers(const struct packet *p, struct packet *r)
{
	uint32_t len = (uint32_t)p->payload.len;

	if (p->tcp.flags & TCP_ACK) {
		r->tcp.seq = p->tcp.ack;
		r->tcp.flags = TCP_RST;
		return;
	}
	len += (p->tcp.flags & TCP_SYN ? 1 : 0) + (p->tcp.flags & TCP_FIN ? 1 : 0);
	r->tcp.ack = p->tcp.seq + len;
	r->tcp.flags = TCP_RST | TCP_ACK;
}

void reply_rst(struct endpoint *e, const struct packet *p, int reason)
{
	struct mptcp_option o = {.subtype = MPTCP_TCPRST};
	struct packet r = reply_to(p);
	uint8_t octets[8];
	int len;

	if (e->config.quiet || (p->tcp.flags & TCP_RST))
		return;
	rst_numbers(p, &r);
	if (reason >= 0) {
		o.tcprst.reason = (uint8_t)reason;
		o.tcprst.flags = reason == 0 || reason == 2 ? MPTCP_TCPRST_T : 0;
		len = mptcp_option_build(&o, octets, sizeof(octets));
		tcp_options_parse(&r.tcp.options, span_of(octets, len > 0 ? (size_t)len : 0));
	}
	reply_packet(e, &r);
}
