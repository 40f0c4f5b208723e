/* One connection of a server that mirrors: its stream, and the walk back. */
#include "mptcp/mirror.h"

#include <string.h>

#include "mptcp/mirror_tell.h"
#include "packet/mptcp_option.h"
#include "packet/packet.h"

#define COPY_GAP_NS (5 * NS_PER_MS)
#define HOLE_AT	    12500 /* octets read: then enough follows for a hole to be noticed */

static struct mirror_flow initial_flow(const struct conn *conn)
{
	struct conn_info info;

	conn_info(conn, &info);
	return (struct mirror_flow){.local = info.subflow[0].local,
				    .remote = info.subflow[0].remote,
				    .local_port = info.subflow[0].local_port,
				    .remote_port = info.subflow[0].remote_port};
}

static bool announces(const struct packet *p)
{
	return tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_ADD_ADDR) != NULL;
}

/* What went before the client could wish for anything: without data the headers are all of it. */
static void give_earlier(struct mirror_server *m, const struct mirror_log *log, int64_t now_ns)
{
	uint64_t n = m->flow[0].number ? m->flow[0].number : mirror_log_first(log);

	for (; n < log->count; n++) {
		const struct mirror_segment *s = mirror_log_at(log, n);
		struct span header = span_of(s->header, s->header_len);
		struct mirror_flow flow;
		struct packet p;

		if (s->kind != MIRROR_SENT || s->payload_len || packet_parse(&p, header))
			continue;
		flow = mirror_flow_of(&p, true);
		if (!mirror_flow_equal(&flow, &m->flow[0].flow))
			continue;
		if (p.tcp.flags & TCP_SYN)
			mirror_back_sent(&m->back, now_ns, MIRROR_WALKED_SYN_ACK, header);
		else if (announces(&p))
			mirror_back_sent(&m->back, now_ns, MIRROR_WALKED_ANNOUNCE, header);
	}
}

static void begin(struct mirror_server *m, bool may_walk, const struct mirror_log *log,
		  const struct conn *conn, int64_t now_ns)
{
	uint8_t wishes = mirror_head_wishes(span_of(m->head, MIRROR_HEAD));

	m->phase = MIRROR_TELLS;
	m->flow[0].flow = initial_flow(conn);
	m->flow[0].number = mirror_log_start(log, &m->flow[0].flow);
	m->flow_count = 1;
	m->wants_hole = wishes & MIRROR_WISH_HOLE;
	m->back.wanted = may_walk && wishes & MIRROR_WISH_WALK;
	give_earlier(m, log, now_ns);
}

static enum mirror_match read_head(struct mirror_server *m, struct conn *conn)
{
	enum mirror_match match = MIRROR_MAY_BE;
	struct span octets;

	while (match == MIRROR_MAY_BE && (octets = conn_peek(conn)).len) {
		octets = span_cut(octets, 0, (size_t)(MIRROR_HEAD - m->head_len));
		memcpy(m->head + m->head_len, octets.at, octets.len);
		m->head_len = (uint8_t)(m->head_len + octets.len);
		conn_consume(conn, octets.len);
		match = mirror_match_head(MIRROR_CLIENT, span_of(m->head, m->head_len));
	}
	m->read = m->head_len;
	return match == MIRROR_MAY_BE && conn_read_ended(conn) ? MIRROR_IS_NOT : match;
}

static void meet(struct mirror_server *m, bool may_walk, const struct mirror_log *log,
		 struct conn *conn, int64_t now_ns)
{
	switch (read_head(m, conn)) {
	case MIRROR_IS_NOT: m->phase = MIRROR_ECHOES; break;
	case MIRROR_IS: begin(m, may_walk, log, conn, now_ns); break;
	case MIRROR_IS_OTHER:
		m->phase = MIRROR_TOLD;
		mirror_tell_head(m, conn, now_ns);
		break;
	case MIRROR_MAY_BE: break;
	}
}

static bool echo(struct mirror_server *m, struct conn *conn, int64_t now_ns)
{
	struct span octets;
	long taken;

	while (m->head_echoed < m->head_len) {
		octets = span_cut(span_of(m->head, m->head_len), m->head_echoed, MIRROR_HEAD);
		taken = conn_write(conn, now_ns, octets);
		if (taken <= 0)
			return false;
		m->head_echoed = (uint8_t)(m->head_echoed + taken);
	}
	while ((octets = conn_peek(conn)).len) {
		taken = conn_write(conn, now_ns, octets);
		if (taken <= 0)
			return false;
		conn_consume(conn, (size_t)taken);
	}
	return conn_read_ended(conn);
}

static void discard(struct mirror_server *m, struct conn *conn)
{
	struct span octets;

	while ((octets = conn_peek(conn)).len) {
		m->read += octets.len;
		conn_consume(conn, octets.len);
	}
}

static bool walks(const struct mirror_server *m)
{
	return m->phase == MIRROR_TELLS && m->back.wanted && !m->back.done;
}

bool mirror_server_pump(struct mirror_server *m, bool may_walk, const struct mirror_log *log,
			struct conn *conn, int64_t now_ns)
{
	if (m->phase == MIRROR_ASKED)
		meet(m, may_walk, log, conn, now_ns);
	if (m->phase == MIRROR_ECHOES)
		return echo(m, conn, now_ns);
	if (m->phase == MIRROR_ASKED)
		return false;
	discard(m, conn);
	m->back.last_words = conn_read_ended(conn);
	if (m->phase == MIRROR_TOLD)
		return true;
	mirror_tell(m, log, conn, now_ns);
	/* Who has nothing more to say cannot pay for a longer walk either. */
	if (walks(m) &&
	    !(conn_read_ended(conn) && mirror_tell_room(m) < m->back.walk[m->back.at].len))
		return false;
	m->back.done = true;
	if (conn_read_ended(conn) && mirror_tell_done(m, log, conn, now_ns))
		m->phase = MIRROR_TOLD;
	/* With too little read even for the end, that it is missing says so. */
	return m->phase == MIRROR_TOLD ||
	       (conn_read_ended(conn) && mirror_tell_room(m) < MIRROR_DONE);
}

static bool is_of(const struct mirror_server *m, const struct packet *p, bool sent)
{
	struct mirror_flow flow = mirror_flow_of(p, sent);

	return p->ip.proto == IP_PROTO_TCP && p->have & PACKET_HAS_ALL && m->flow_count &&
	       mirror_flow_equal(&flow, &m->flow[0].flow);
}

void mirror_server_packet(struct mirror_server *m, bool sent, int64_t time_ns, struct span packet)
{
	struct packet p;

	if (!walks(m) || packet_parse(&p, packet))
		return;
	if (!sent && !(p.have & PACKET_HAS_PORTS && p.ip.proto == IP_PROTO_TCP))
		mirror_back_error(&m->back, time_ns, packet);
	else if (is_of(m, &p, sent) && !sent)
		mirror_back_arrived(&m->back, p.ip.ttl);
	else if (is_of(m, &p, sent) && (p.payload.len || announces(&p)))
		mirror_back_sent(&m->back, time_ns,
				 p.payload.len ? MIRROR_WALKED_DATA : MIRROR_WALKED_ANNOUNCE,
				 packet);
}

bool mirror_server_loses(struct mirror_server *m, struct span packet)
{
	struct packet p;

	if (m->phase != MIRROR_TELLS || !m->wants_hole || m->has_hole || m->read < HOLE_AT ||
	    packet_parse(&p, packet) || !is_of(m, &p, true) || !p.payload.len)
		return false;
	return m->has_hole = true;
}

size_t mirror_server_copy(struct mirror_server *m, struct mirror_rate *rate, int64_t now_ns,
			  uint8_t out[MIRROR_SEGMENT_MAX])
{
	size_t len;

	if (now_ns < mirror_server_expiry_ns(m, rate))
		return 0;
	len = mirror_back_next(&m->back, now_ns, mirror_tell_room(m), out);
	if (len)
		rate->due_ns = now_ns + COPY_GAP_NS;
	m->walked += len;
	return len;
}

int64_t mirror_server_expiry_ns(const struct mirror_server *m, const struct mirror_rate *rate)
{
	int64_t due_ns = walks(m) ? mirror_back_expiry_ns(&m->back) : TIME_NEVER;

	return due_ns < rate->due_ns ? rate->due_ns : due_ns;
}
