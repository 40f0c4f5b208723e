/* What is told of is bounded thrice: by the octets read, by the room in the send buffer, and, of
 * what we send ourselves, in number: else telling of what tells would never end. */
#include <string.h>

#include "mptcp/mirror.h"

#define DATA_MAX 48 /* sent segments with data that are told of */
#define PURE_MAX 6  /* segments without data or a flag, both ways: the third ACK is the first */

static bool find_flow(struct mirror_server *m, const struct conn *conn)
{
	struct conn_info info;

	if (m->flow_known)
		return true;
	conn_info(conn, &info);
	if (!info.subflow_count)
		return false;
	m->flow = (struct mirror_flow){.local = info.subflow[0].local,
				       .remote = info.subflow[0].remote,
				       .local_port = info.subflow[0].local_port,
				       .remote_port = info.subflow[0].remote_port};
	return m->flow_known = true;
}

static bool same_end(const struct ip_addr *a, uint16_t port, const struct ip_addr *b, uint16_t of)
{
	return port == of && ip_addr_equal(a, b);
}

static bool belongs(const struct mirror_flow *f, const struct mirror_segment *s,
		    const struct packet *p)
{
	bool sent = s->kind == MIRROR_SENT;
	const struct ip_addr *here = sent ? &p->ip.src : &p->ip.dst;
	const struct ip_addr *there = sent ? &p->ip.dst : &p->ip.src;
	uint16_t here_port = sent ? p->tcp.src_port : p->tcp.dst_port;
	uint16_t there_port = sent ? p->tcp.dst_port : p->tcp.src_port;

	return same_end(here, here_port, &f->local, f->local_port) &&
	       same_end(there, there_port, &f->remote, f->remote_port);
}

static bool is_told(struct mirror_server *m, const struct mirror_segment *s, const struct packet *p)
{
	if (s->payload_len && s->kind == MIRROR_SENT)
		return m->data++ < DATA_MAX;
	if (s->payload_len || p->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return true;
	return m->pure++ < PURE_MAX;
}

/* Writes all of it or nothing, and leaves enough of the budget for the end. */
static bool tell(struct mirror_server *m, struct conn *conn, int64_t now_ns, const uint8_t *octets,
		 size_t len, size_t reserve)
{
	if (m->written + len + reserve > m->read || conn_write_space(conn) < len)
		return false;
	conn_write(conn, now_ns, span_of(octets, len));
	m->written += len;
	return true;
}

/* False: not now. */
static bool tell_segment(struct mirror_server *m, struct conn *conn, int64_t now_ns,
			 const struct mirror_segment *s)
{
	uint8_t out[MIRROR_RECORD + MIRROR_HEADERS_MAX];

	if (!m->since_ns)
		m->since_ns = s->time_ns;
	return tell(m, conn, now_ns, out, mirror_put_segment(s, m->since_ns, out), MIRROR_DONE);
}

static bool tell_head(struct mirror_server *m, struct conn *conn, int64_t now_ns)
{
	uint8_t out[MIRROR_HEAD];

	mirror_put_head(MIRROR_SERVER, out);
	return tell(m, conn, now_ns, out, sizeof(out), 0);
}

static void tell_log(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
		     int64_t now_ns)
{
	uint64_t end = log->count;

	if (end - m->number > log->size)
		m->number = end - log->size;
	for (; m->number < end; m->number++) {
		const struct mirror_segment *s = mirror_log_at(log, m->number);
		struct mirror_server before = *m;
		struct packet p;

		if (packet_parse(&p, span_of(s->header, s->header_len)) ||
		    !belongs(&m->flow, s, &p))
			continue;
		if (!is_told(m, s, &p)) {
			m->untold[s->kind == MIRROR_SENT] += s->payload_len > 0;
		} else if (!tell_segment(m, conn, now_ns, s)) {
			*m = before;
			return;
		}
	}
}

/* What there was no budget for is counted. */
static bool tell_done(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
		      int64_t now_ns)
{
	uint32_t untold[2] = {m->untold[0], m->untold[1]};
	uint8_t out[MIRROR_DONE];

	for (uint64_t n = m->number; n < log->count; n++) {
		const struct mirror_segment *s = mirror_log_at(log, n);
		struct packet p;

		if (s && !packet_parse(&p, span_of(s->header, s->header_len)) &&
		    belongs(&m->flow, s, &p))
			untold[s->kind == MIRROR_SENT]++;
	}
	return tell(m, conn, now_ns, out, mirror_put_done(untold[0], untold[1], out), 0);
}

static void read_head(struct mirror_server *m, struct conn *conn)
{
	struct span octets;
	int match = 0;

	while (!match && (octets = conn_peek(conn)).len) {
		octets = span_cut(octets, 0, (size_t)(MIRROR_HEAD - m->head_len));
		memcpy(m->head + m->head_len, octets.at, octets.len);
		m->head_len = (uint8_t)(m->head_len + octets.len);
		conn_consume(conn, octets.len);
		match = mirror_match_head(MIRROR_CLIENT, span_of(m->head, m->head_len));
	}
	if (match > 0)
		m->phase = MIRROR_TELLS;
	else if (match < 0 || conn_read_ended(conn))
		m->phase = MIRROR_ECHOES;
	m->read = m->head_len;
}

static bool echo(struct mirror_server *m, struct conn *conn, int64_t now_ns)
{
	struct span octets;
	long taken;

	while (m->head_echoed < m->head_len) {
		taken = conn_write(
		    conn, now_ns,
		    span_cut(span_of(m->head, m->head_len), m->head_echoed, MIRROR_HEAD));
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

bool mirror_server_pump(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
			int64_t now_ns)
{
	if (m->phase == MIRROR_ASKED)
		read_head(m, conn);
	if (m->phase == MIRROR_ECHOES)
		return echo(m, conn, now_ns);
	if (m->phase == MIRROR_ASKED || !find_flow(m, conn))
		return false;
	discard(m, conn);
	if (m->phase == MIRROR_TELLS && !m->written && !tell_head(m, conn, now_ns))
		return false;
	if (m->phase == MIRROR_TELLS)
		tell_log(m, log, conn, now_ns);
	if (m->phase == MIRROR_TELLS && conn_read_ended(conn) && tell_done(m, log, conn, now_ns))
		m->phase = MIRROR_TOLD;
	/* With too little read even for the end, that it is missing says so. */
	return m->phase == MIRROR_TOLD ||
	       (conn_read_ended(conn) && m->written + MIRROR_DONE > m->read);
}
