/* Packets in and out. */
#include "packet/mptcp_option.h"
#include "packet/notation.h"
#include "support/script_player.h"

void script_in(struct script_player *p, const char *text, unsigned flow)
{
	const struct script_flow *f = &p->flow[flow];
	uint8_t octets[PROBE_OCTETS_MAX], out[PROBE_OCTETS_MAX];
	struct packet packet;
	int built;

	if (!script_packet(p, text, true, octets, sizeof(octets), &packet))
		return;
	packet.ip.src = f->remote;
	packet.ip.dst = f->local;
	packet.tcp.src_port = f->remote_port;
	packet.tcp.dst_port = f->local_port;
	packet.tcp.seq += PEER_ISS;
	if (packet.tcp.flags & TCP_ACK)
		packet.tcp.ack += f->iss;
	built = packet_build(&packet, PACKET_FIX_ALL, out, sizeof(out));
	endpoint_receive(p->endpoint, p->now_ns, span_of(out, (size_t)built));
}

/* The nonce and the ISN of what opens a flow. */
static void learn(struct script_player *p, const struct packet *packet)
{
	const struct tcp_option_list *list = &packet->tcp.options;
	const struct tcp_option *o = tcp_option_find(list, TCP_OPT_MPTCP, MPTCP_JOIN);
	const struct tcp_option *key = tcp_option_find(list, TCP_OPT_MPTCP, MPTCP_CAPABLE);
	struct script_flow *f = &p->flow[0];
	struct mptcp_option join, capable;

	if (!(packet->tcp.flags & TCP_SYN))
		return;
	if (key && !mptcp_option_parse(&capable, key))
		p->key = capable.capable.sender_key;
	if (o && !mptcp_option_parse(&join, o)) {
		f = &p->flow[1];
		if (join.join.nonce == p->nonce &&
		    (f->iss != packet->tcp.seq || f->local_port != packet->tcp.src_port))
			script_wrong(p, "a nonce for the second time", NULL);
		p->nonce = join.join.nonce;
	}
	*f = (struct script_flow){.iss = packet->tcp.seq,
				  .local = packet->ip.src,
				  .remote = packet->ip.dst,
				  .local_port = packet->tcp.src_port,
				  .remote_port = packet->tcp.dst_port};
}

/* What is sent up to a time; the clock goes on with it. */
static bool next_packet(struct script_player *p, int64_t until_ns, struct packet *out)
{
	struct span octets;

	for (;;) {
		int64_t next;

		if (endpoint_send(p->endpoint, p->now_ns, &octets)) {
			packet_parse(out, octets);
			learn(p, out);
			return true;
		}
		next = endpoint_expiry_ns(p->endpoint);
		if (next > until_ns)
			return false;
		p->now_ns = next > p->now_ns ? next : p->now_ns;
	}
}

static void unexpected(struct script_player *p, const char *what, const struct packet *got)
{
	struct buf text = {0};

	notation_print(&text, got);
	script_wrong(p, what, buf_text(&text));
	buf_fini(&text);
}

void script_out(struct script_player *p, const char *text, unsigned flow, int64_t due_ns)
{
	uint8_t octets[PROBE_OCTETS_MAX];
	struct packet got, want;

	if (!next_packet(p, due_ns, &got)) {
		script_wrong(p, "nothing was sent", NULL);
		return;
	}
	if (!script_packet(p, text, false, octets, sizeof(octets), &want))
		return;
	if (p->now_ns < due_ns - NS_PER_MS)
		unexpected(p, "it was sent too early", &got);
	else if (!script_same(p, &p->flow[flow], &got, &want))
		unexpected(p, "something else was sent", &got);
}

void script_silent(struct script_player *p, const char *text, int64_t until_ns)
{
	struct packet got;

	(void)text;
	if (next_packet(p, until_ns, &got))
		unexpected(p, "it was not silent", &got);
	p->now_ns = until_ns > p->now_ns ? until_ns : p->now_ns;
}

void script_skip(struct script_player *p, const char *text, int64_t until_ns)
{
	struct packet got;

	(void)text;
	while (next_packet(p, until_ns, &got))
		;
}
