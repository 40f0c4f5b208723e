#include "probe/inside_state.h"

#include <string.h>

#include "packet/mptcp_option.h"
#include "util/octets.h"
#include "util/seq.h"

int64_t inside_now_ns(const struct inside *in)
{
	return (in->frozen ? in->since_ns : net_now_ns(in->net)) - in->frozen_ns;
}

bool inside_stopped(const struct inside *in)
{
	return in->run->stop && *in->run->stop;
}

struct conn_info *inside_info(struct inside *in)
{
	if (in->conn)
		conn_info(in->conn, &in->result.connection.info);
	return &in->result.connection.info;
}

static bool has_data(struct inside *in, struct span octets)
{
	struct packet p;

	if (packet_parse(&p, octets) || !(p.have & PACKET_HAS_TCP))
		return false;
	inside_note_sent(in, &p);
	inside_back_send(&in->back, &p);
	return p.payload.len;
}

static void keep(struct inside *in, struct span octets)
{
	struct inside_segment *s = &in->held[in->count];
	struct packet p;

	packet_parse(&p, octets);
	s->role = tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, MPTCP_CAPABLE) ? ROLE_DATA_CAPABLE
										: ROLE_DATA_DSS;
	s->len = octets.len;
	memcpy(s->octets, octets.at, octets.len);
	in->first = in->count ? in->first : p.tcp.seq;
	in->end = p.tcp.seq + (uint32_t)p.payload.len;
	in->count++;
}

/* A segment with data is kept back while they are collected. */
static int put_out(struct inside *in, struct span octets, struct error *err)
{
	bool data = has_data(in, octets);

	in->result.data_sent += data && !in->collecting;
	if (!data || !in->collecting || in->count == 2 || octets.len > PROBE_OCTETS_MAX)
		return net_send(in->net, octets, err);
	keep(in, octets);
	return 0;
}

static void take_event(struct inside *in, const struct endpoint_event *e)
{
	in->established |= e->kind == EVENT_ESTABLISHED;
	in->result.connection.established = in->established;
	if (e->kind == EVENT_READABLE)
		conn_consume(e->conn, conn_peek(e->conn).len);
	if (e->kind != EVENT_CLOSED || !in->conn)
		return;
	inside_info(in);
	in->closed = true;
	in->conn = NULL;
	endpoint_release(in->endpoint, e->conn, inside_now_ns(in));
}

int inside_send(struct inside *in, struct error *err)
{
	struct endpoint_event event;
	struct span packet;
	int rc = 0;

	while (rc >= 0 && !in->frozen && endpoint_send(in->endpoint, inside_now_ns(in), &packet))
		rc = put_out(in, packet, err);
	while (endpoint_event(in->endpoint, &event))
		take_event(in, &event);
	for (size_t i = 0; i < in->joins_count; i++)
		while (rc >= 0 && trace_send(in->joins[i].trace, net_now_ns(in->net), &packet))
			rc = net_send(in->net, packet, err);
	return rc;
}

/* Sooner, by a fifth, than the target ever answered a SYN, and the last hops before it a copy: a
 * host that has to wake first may take longer for its SYN/ACK than for all that follows. (What is
 * acknowledged while it is held has come as far as copies of it go: not to the target.) */
static bool is_too_soon(const struct inside *in, int64_t rtt_ns)
{
	const struct trace_result *r = trace_result(in->trace);
	int64_t shortest_ns = TIME_NEVER;

	for (size_t i = 0; i < r->reply_count; i++)
		if (r->replies[i].ttl + 1 >= r->path_length && r->replies[i].rtt_ns < shortest_ns)
			shortest_ns = r->replies[i].rtt_ns;
	return r->path_length && shortest_ns != TIME_NEVER &&
	       rtt_ns < shortest_ns - shortest_ns / 5;
}

static void observe_bare(struct inside *in, int64_t now_ns)
{
	in->bare_acks++;
	if (in->heard || in->result.bare_ack)
		return;
	in->result.bare_ack = true;
	in->result.unsent = in->frozen;
	in->result.too_soon = in->frozen || is_too_soon(in, now_ns - in->released_ns);
}

/* Did the peer acknowledge the data, and did MPTCP say anything along with it? */
static void observe(struct inside *in, const struct packet *p, int64_t now_ns)
{
	bool dss = tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_DSS);
	bool some = in->end && p->tcp.flags & TCP_ACK && seq_before(in->first, p->tcp.ack);

	if (p->tcp.flags & (TCP_SYN | TCP_RST) || !some)
		return;
	if (!dss)
		observe_bare(in, now_ns);
	in->result.dss_later |= dss && in->result.bare_ack;
	in->heard |= dss;
	in->result.gap_kept |= in->result.gap_asked && !in->result.gap_acked &&
			       in->result.data_sent == 1 && !in->frozen && p->tcp.ack == in->end;
}

static struct value number(uint32_t n)
{
	return (struct value){.kind = VALUE_DEC, .number = n};
}

/* Of all our data only those behind the gap are out: they alone can be acknowledged selectively. */
static void observe_gap(struct inside *in, const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_SACK, -1);
	struct packet sent;

	if (p->tcp.flags & (TCP_SYN | TCP_RST) || p->tcp.ack != in->first)
		return;
	in->result.gap_acked = true;
	packet_parse(&sent, span_of(in->held[1].octets, in->held[1].len));
	if (!o || o->malformed || o->len < 10 || load_u32(o->at + 2) == sent.tcp.seq)
		return;
	in->result.sack_wrong = true;
	in->result.sack_sent = number(sent.tcp.seq);
	in->result.sack_seen = number(load_u32(o->at + 2));
}

static void take_segment(struct inside *in, const struct packet *p, const struct net_packet *packet)
{
	observe(in, p, packet->time_ns);
	inside_note_segment(in, p);
	inside_back_receive(&in->back, p, packet->time_ns);
	inside_note_add_addr(in, p);
	if (in->gapping)
		observe_gap(in, p);
	inside_take(in, p);
}

static void take_packet(struct inside *in, const struct net_packet *packet)
{
	struct packet p;

	bool tcp = !packet_parse(&p, packet->octets) && p.ip.proto == IP_PROTO_TCP &&
		   p.have & PACKET_HAS_TCP;

	if (tcp && p.tcp.dst_port == in->config->local_port &&
	    ip_addr_equal(&p.ip.dst, &trace_result(in->trace)->config.source)) {
		take_segment(in, &p, packet);
		return;
	}
	if (tcp)
		inside_note_answer(in, &p);
	for (size_t i = 0; i < in->joins_count; i++) /* each takes what comes to its address */
		trace_receive(in->joins[i].trace, packet->time_ns, packet->octets);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t wait_until(struct inside *in, int64_t deadline_ns)
{
	int64_t due_ns = in->frozen ? TIME_NEVER : endpoint_expiry_ns(in->endpoint);

	if (due_ns != TIME_NEVER)
		due_ns += in->frozen_ns;
	if (in->run->idle)
		due_ns = earlier(due_ns, in->run->idle(in->run->context, net_now_ns(in->net)));
	for (size_t i = 0; i < in->joins_count; i++)
		if (!trace_finished(in->joins[i].trace))
			due_ns = earlier(due_ns, trace_expiry_ns(in->joins[i].trace));
	return earlier(due_ns, deadline_ns);
}

/* Until `done`, or the time is over. */
int inside_pump(struct inside *in, int64_t limit_ns, bool (*done)(struct inside *in),
		struct error *err)
{
	int64_t deadline_ns = net_now_ns(in->net) + limit_ns;
	struct net_packet packet;
	int rc = inside_send(in, err);

	while (rc >= 0 && !done(in) && !inside_stopped(in) && net_now_ns(in->net) < deadline_ns) {
		rc = net_receive(in->net, wait_until(in, deadline_ns), &packet, err);
		if (rc > 0)
			take_packet(in, &packet);
		if (rc >= 0)
			rc = inside_send(in, err);
	}
	return rc < 0 ? rc : 0;
}
