/* Finding whom a packet is for: by 4-tuple, by token, by listener, by the packet that an ICMP error
 * quotes. */
#include <string.h>

#include "mptcp/endpoint_state.h"
#include "packet/icmp.h"

struct tuple packet_tuple(const struct packet *p)
{
	struct tuple t;

	memset(&t, 0, sizeof(t));
	t.local = p->ip.dst;
	t.remote = p->ip.src;
	t.local_port = p->tcp.dst_port;
	t.remote_port = p->tcp.src_port;
	return t;
}

/* uthash's own hash is no secret, and most of a tuple is the peer's choice. */
static unsigned hash_of(const struct endpoint *e, const void *at, size_t len)
{
	return (unsigned)siphash(&e->table_key, at, len);
}

struct subflow *tuple_find(const struct endpoint *e, const struct tuple *t)
{
	struct subflow *found;

	HASH_FIND_BYHASHVALUE(by_tuple, e->by_tuple, t, sizeof(*t), hash_of(e, t, sizeof(*t)),
			      found);
	return found;
}

bool endpoint_tuple_add(struct endpoint *e, struct subflow *sf)
{
	size_t before = HASH_CNT(by_tuple, e->by_tuple);

	if (tuple_find(e, &sf->tuple))
		return false;
	HASH_ADD_BYHASHVALUE(by_tuple, e->by_tuple, tuple, sizeof(sf->tuple),
			     hash_of(e, &sf->tuple, sizeof(sf->tuple)), sf);
	sf->listed = HASH_CNT(by_tuple, e->by_tuple) > before;
	return sf->listed;
}

void endpoint_tuple_remove(struct endpoint *e, struct subflow *sf)
{
	if (sf->listed)
		HASH_DELETE(by_tuple, e->by_tuple, sf);
	if (e->last == sf)
		e->last = NULL;
	sf->listed = false;
}

struct conn *token_find(const struct endpoint *e, uint32_t token)
{
	struct conn *found;

	HASH_FIND_BYHASHVALUE(by_token, e->by_token, &token, sizeof(token),
			      hash_of(e, &token, sizeof(token)), found);
	return found;
}

bool endpoint_token_add(struct endpoint *e, struct conn *c)
{
	size_t before = HASH_CNT(by_token, e->by_token);

	if (token_find(e, c->local_token))
		return false;
	HASH_ADD_BYHASHVALUE(by_token, e->by_token, local_token, sizeof(c->local_token),
			     hash_of(e, &c->local_token, sizeof(c->local_token)), c);
	return HASH_CNT(by_token, e->by_token) > before;
}

void endpoint_token_remove(struct endpoint *e, struct conn *c)
{
	HASH_DELETE(by_token, e->by_token, c);
}

uint16_t endpoint_port(struct endpoint *e, const struct tuple *t)
{
	uint32_t first = e->config.port_first, count = e->config.port_last - first + 1u;
	uint32_t start = (uint32_t)(endpoint_random(e) % count);
	struct tuple one;

	memset(&one, 0, sizeof(one));
	one.local = t->local;
	one.remote = t->remote;
	one.remote_port = t->remote_port;
	for (uint32_t i = 0; i < count; i++) {
		one.local_port = (uint16_t)(first + (start + i) % count);
		if (!tuple_find(e, &one) && !listener_find(e, &one.local, one.local_port))
			return one.local_port;
	}
	return 0;
}

/* A join may come to the port of its listener, to that of the connection, or to an announced one
 * (RFC 8041 §3.5). */
static bool is_port_of(struct endpoint *e, const struct conn *c, const struct packet *p)
{
	if (p->tcp.dst_port == c->local_port || listener_find(e, &p->ip.dst, p->tcp.dst_port))
		return true;
	for (size_t i = 0; i < c->config.local_count; i++)
		if (c->config.local[i].port == p->tcp.dst_port)
			return true;
	return false;
}

static void take_join(struct endpoint *e, const struct packet *p, const struct mptcp_join *join,
		      int64_t now_ns)
{
	struct conn *c = token_find(e, join->token);
	uint8_t refusal = 1;

	if (c && !is_port_of(e, c, p))
		reply_rst(e, p, 3);
	else if (!c || !conn_join_accept(c, p, join, now_ns, &refusal))
		reply_rst(e, p, refusal);
}

static void take_syn(struct endpoint *e, const struct packet *p, int64_t now_ns)
{
	struct listener *l = listener_find(e, &p->ip.dst, p->tcp.dst_port);
	struct arrived a;

	arrived_parse(&a, p, 0);
	if (a.has_join && a.join.len == 12 && !a.has_capable && !a.capable_mangled)
		take_join(e, p, &a.join, now_ns);
	else if (l)
		listener_syn(e, l, p, now_ns);
	else
		reply_rst(e, p, -1);
}

static bool is_whole(const struct packet *p)
{
	const unsigned all = PACKET_HAS_TCP | PACKET_HAS_OPTIONS | PACKET_HAS_ALL;

	return (p->have & all) == all && !p->ip.frag_offset &&
	       !(p->ip.flags & 1 && p->ip.version == 4) &&
	       p->tcp.checksum == packet_transport_checksum(p);
}

static void take_stray(struct endpoint *e, const struct packet *p, int64_t now_ns)
{
	struct listener *l;
	uint16_t kind = p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST);

	if (!is_whole(p) || (kind & TCP_RST))
		return;
	if (kind == TCP_SYN) {
		take_syn(e, p, now_ns);
		return;
	}
	l = listener_find(e, &p->ip.dst, p->tcp.dst_port);
	if (l && kind == TCP_ACK && cookie_ack(e, l, p, now_ns))
		return;
	reply_rst(e, p, -1);
}

static void take_error(struct subflow *sf, const struct icmp_error *error, uint32_t quoted_seq)
{
	if (error->kind == ICMP_KIND_TOO_BIG)
		tcp_receive_too_big(&sf->tcp, quoted_seq, error->mtu);
	else if (sf->tcp.state == TCP_SYN_SENT && quoted_seq == sf->tcp.iss)
		sf->unreachable =
		    (struct conn_unreachable){.from = error->from, .code = error->code};
}

/* An error quotes what we sent: its source is our end. */
static void take_icmp(struct endpoint *e, const struct packet *p)
{
	struct icmp_error error;
	struct subflow *sf;
	struct packet quoted;
	struct tuple t;

	if (icmp_error_parse(&error, p) ||
	    (error.kind != ICMP_KIND_TOO_BIG && error.kind != ICMP_KIND_UNREACHABLE) ||
	    packet_parse(&quoted, error.quote) || quoted.ip.proto != IP_PROTO_TCP ||
	    !(quoted.have & PACKET_HAS_PORTS))
		return;
	memset(&t, 0, sizeof(t));
	t.local = quoted.ip.src;
	t.remote = quoted.ip.dst;
	t.local_port = quoted.tcp.src_port;
	t.remote_port = quoted.tcp.dst_port;
	sf = tuple_find(e, &t);
	if (!sf || sf->stage == STAGE_DEAD)
		return;
	take_error(sf, &error, quoted.tcp.seq);
	conn_touch(sf->conn);
}

static struct subflow *receiver_of(struct endpoint *e, const struct packet *p)
{
	struct tuple t = packet_tuple(p);

	if (!e->last || memcmp(&e->last->tuple, &t, sizeof(t)) != 0)
		e->last = tuple_find(e, &t);
	return e->last;
}

/* The place of what is over but for TIME-WAIT is free for who comes again, to a listener. */
static bool makes_room(struct endpoint *e, struct subflow *sf, int64_t now_ns,
		       const struct packet *p)
{
	if (!(p->tcp.flags & TCP_SYN) || sf->stage == STAGE_DEAD || !is_whole(p) ||
	    !listener_find(e, &p->ip.dst, p->tcp.dst_port) || !tcp_reopened(&sf->tcp, now_ns, p))
		return false;
	sf->conn->now_ns = now_ns;
	conn_settle(sf->conn);
	conn_touch(sf->conn);
	return true;
}

void endpoint_receive(struct endpoint *e, int64_t now_ns, struct span octets)
{
	struct subflow *sf;
	struct packet p;

	if (packet_parse(&p, octets))
		return;
	if (p.have & PACKET_HAS_ICMP) {
		take_icmp(e, &p);
		return;
	}
	if (p.ip.proto != IP_PROTO_TCP || !(p.have & PACKET_HAS_PORTS))
		return;
	sf = receiver_of(e, &p);
	if (sf && !makes_room(e, sf, now_ns, &p))
		conn_input(sf, now_ns, &p);
	else
		take_stray(e, &p, now_ns);
}
