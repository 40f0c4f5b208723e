/* The target's TCP: a listener as Linux has one, as far as a SYN, its SYN/ACK and closing go.
 * Data is acknowledged and forgotten. */
#include <string.h>

#include "lab/lab_syn_ack.h"
#include "lab/lab_target.h"
#include "util/seq.h"

#define WINDOW 65160

static struct connection *find(struct target *t, const struct packet *p)
{
	for (size_t i = 0; i < t->connection_count; i++) {
		struct connection *c = &t->connections[i];

		if (c->remote_port == p->tcp.src_port && c->local_port == p->tcp.dst_port &&
		    ip_addr_equal(&c->remote, &p->ip.src) && ip_addr_equal(&c->local, &p->ip.dst))
			return c;
	}
	return NULL;
}

static void forget(struct target *t, struct connection *c)
{
	*c = t->connections[--t->connection_count];
}

static struct connection *remember(struct target *t)
{
	if (t->connection_count < TARGET_CONNECTIONS_MAX)
		return &t->connections[t->connection_count++];
	t->oldest = (t->oldest + 1) % TARGET_CONNECTIONS_MAX;
	return &t->connections[t->oldest];
}

static void send_segment(struct lab *lab, struct target *t, const struct lab_packet *cause,
			 const struct packet *to, const struct tcp_header *tcp, struct span options)
{
	struct packet reply = {
	    .have = PACKET_HAS_IP | PACKET_HAS_PORTS | PACKET_HAS_TCP | PACKET_HAS_OPTIONS |
		    PACKET_HAS_ALL,
	    .tcp = *tcp,
	};

	reply.tcp.src_port = to->tcp.dst_port;
	reply.tcp.dst_port = to->tcp.src_port;
	reply.tcp.header_len = (uint8_t)(20 + options.len);
	reply.tcp.option_area = options;
	tcp_options_parse(&reply.tcp.options, options);
	target_reply(lab, t, cause, &reply, to);
}

/* RFC 9293 §3.10.7.1: what belongs to no connection is reset. */
static void send_reset(struct lab *lab, struct target *t, const struct lab_packet *cause,
		       const struct packet *to, struct span options)
{
	struct tcp_header tcp = {.flags = TCP_RST};

	if (to->tcp.flags & TCP_RST)
		return;
	if (to->tcp.flags & TCP_ACK) {
		tcp.seq = to->tcp.ack;
	} else {
		tcp.flags |= TCP_ACK;
		tcp.ack = to->tcp.seq + (uint32_t)to->payload.len + !!(to->tcp.flags & TCP_SYN) +
			  !!(to->tcp.flags & TCP_FIN);
	}
	send_segment(lab, t, cause, to, &tcp, options);
}

static void send_ack(struct lab *lab, struct target *t, const struct lab_packet *cause,
		     const struct packet *to, const struct connection *c, uint16_t more_flags)
{
	struct tcp_header tcp = {
	    .seq = c->isn + 1,
	    .ack = c->next,
	    .flags = TCP_ACK | more_flags,
	    .window = WINDOW,
	};

	send_segment(lab, t, cause, to, &tcp, (struct span){0});
}

static void send_syn_ack(struct lab *lab, struct target *t, const struct lab_packet *cause,
			 const struct packet *to, const struct connection *c)
{
	struct tcp_header tcp = {
	    .seq = c->isn,
	    .ack = c->remote_isn + 1,
	    .flags = (uint16_t)(TCP_SYN | TCP_ACK | (c->ecn ? TCP_ECE : 0)),
	    .window = WINDOW,
	};

	send_segment(lab, t, cause, to, &tcp, span_of(c->options, c->options_len));
}

/* An MP_JOIN names a connection; this host has none (RFC 8684 §3.2: reason 1, MPTCP error). */
static bool refuses_join(const struct target *t, const struct packet *p)
{
	const struct tcp_option_list *list = &p->tcp.options;

	return t->spec.mptcp != LAB_MPTCP_NONE &&
	       tcp_option_find(list, TCP_OPT_MPTCP, MPTCP_JOIN) &&
	       !tcp_option_find(list, TCP_OPT_MPTCP, MPTCP_CAPABLE);
}

static void refuse_join(struct lab *lab, struct target *t, const struct lab_packet *cause,
			const struct packet *p)
{
	static const uint8_t mptcp_error[] = {TCP_OPT_MPTCP, 4, MPTCP_TCPRST << 4, 1};
	bool v1 = t->spec.mptcp == LAB_MPTCP_V1;

	send_reset(lab, t, cause, p, span_of(mptcp_error, v1 ? sizeof(mptcp_error) : 0));
}

static void accept_syn(struct lab *lab, struct target *t, const struct lab_packet *cause,
		       const struct packet *p)
{
	struct connection *c = remember(t);
	struct syn_ack_host host = {
	    .mss = p->ip.version == 6 ? 1440 : 1460,
	    .wscale = 7,
	    .sack = true,
	    .timestamp = true,
	    .mptcp = t->spec.mptcp,
	};

	host.tsval = (uint32_t)(lab->seed * 2654435761u) + (uint32_t)(lab->now_ns / NS_PER_MS);
	host.key = rng_u64(&lab->rng);
	*c = (struct connection){
	    .local = p->ip.dst,
	    .remote = p->ip.src,
	    .local_port = p->tcp.dst_port,
	    .remote_port = p->tcp.src_port,
	    .remote_isn = p->tcp.seq,
	    .isn = rng_u32(&lab->rng),
	    .next = p->tcp.seq + 1,
	    /* RFC 3168 §6.1.1: an ECN-setup SYN is itself not marked. */
	    .ecn = (p->tcp.flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) && !p->ip.ecn,
	};
	c->options_len = syn_ack_options(&host, p, c->options);
	send_syn_ack(lab, t, cause, p, c);
}

static void listener_segment(struct lab *lab, struct target *t, const struct lab_packet *cause,
			     const struct packet *p)
{
	bool listens = !t->spec.port || t->spec.port == p->tcp.dst_port;

	if (!listens || (p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
		send_reset(lab, t, cause, p, (struct span){0});
	else if (refuses_join(t, p))
		refuse_join(lab, t, cause, p);
	else
		accept_syn(lab, t, cause, p);
}

static bool in_window(const struct connection *c, const struct packet *p)
{
	return !seq_before(p->tcp.seq, c->next) && seq_before(p->tcp.seq, c->next + WINDOW);
}

static void established_segment(struct lab *lab, struct target *t, const struct lab_packet *cause,
				struct connection *c, const struct packet *p)
{
	bool fin = p->tcp.flags & TCP_FIN;

	if (c->closing) { /* their ACK of our FIN */
		forget(t, c);
		return;
	}
	if (p->tcp.seq != c->next || (!p->payload.len && !fin))
		return;
	c->next += (uint32_t)p->payload.len + fin;
	send_ack(lab, t, cause, p, c, fin ? TCP_FIN : 0);
	c->closing = fin;
}

static void connection_segment(struct lab *lab, struct target *t, const struct lab_packet *cause,
			       struct connection *c, const struct packet *p)
{
	if (p->tcp.flags & TCP_RST) {
		if (in_window(c, p))
			forget(t, c);
	} else if (p->tcp.flags & TCP_SYN) {
		if (p->tcp.seq == c->remote_isn && !c->established)
			send_syn_ack(lab, t, cause, p, c);
		else
			send_ack(lab, t, cause, p, c, 0);
	} else if (!in_window(c, p)) {
		send_ack(lab, t, cause, p, c, 0);
	} else if (p->tcp.flags & TCP_ACK) {
		if (!c->established && p->tcp.ack != c->isn + 1) {
			send_reset(lab, t, cause, p, (struct span){0});
			return;
		}
		c->established = true;
		established_segment(lab, t, cause, c, p);
	}
}

void target_segment(struct lab *lab, struct target *t, const struct lab_packet *cause,
		    const struct packet *p)
{
	struct connection *c = find(t, p);

	if (p->ip.proto != IP_PROTO_TCP)
		return;
	if (c)
		connection_segment(lab, t, cause, c, p);
	else
		listener_segment(lab, t, cause, p);
}
