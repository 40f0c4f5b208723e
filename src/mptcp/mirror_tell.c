#include "mptcp/mirror_tell.h"

#include "packet/packet.h"

#define DATA_MAX 48 /* sent segments with data that are told of */
/* Segments without data or a flag beyond those of MIRROR_PURE_FIRST (the third ACK is among them),
 * over all. */
#define PURE_ARRIVED 32
#define PURE_SENT    64

size_t mirror_tell_room(const struct mirror_server *m)
{
	uint64_t spent = m->written + m->walked;

	return spent < m->read ? (size_t)(m->read - spent) : 0;
}

/* Writes all of it or nothing, and leaves enough of the budget for the end. */
static bool tell(struct mirror_server *m, struct conn *conn, int64_t now_ns, const uint8_t *octets,
		 size_t len, size_t reserve)
{
	if (len + reserve > mirror_tell_room(m) || conn_write_space(conn) < len)
		return false;
	conn_write(conn, now_ns, span_of(octets, len));
	m->written += len;
	return true;
}

bool mirror_tell_head(struct mirror_server *m, struct conn *conn, int64_t now_ns)
{
	uint8_t out[MIRROR_HEAD];

	mirror_put_head(MIRROR_SERVER, out);
	return tell(m, conn, now_ns, out, sizeof(out), 0);
}

static bool tell_segment(struct mirror_server *m, struct conn *conn, int64_t now_ns,
			 const struct mirror_segment *s)
{
	uint8_t out[MIRROR_RECORD + MIRROR_HEADERS_MAX];

	if (!m->since_ns)
		m->since_ns = s->time_ns;
	return tell(m, conn, now_ns, out, mirror_put_segment(s, m->since_ns, out), MIRROR_DONE);
}

/* Of this subflow: its headers are then in `p`. */
static bool belongs(const struct mirror_told_flow *f, const struct mirror_segment *s,
		    struct packet *p)
{
	struct mirror_flow flow;

	if (packet_parse(p, span_of(s->header, s->header_len)))
		return false;
	flow = mirror_flow_of(p, s->kind == MIRROR_SENT);
	return mirror_flow_equal(&flow, &f->flow);
}

static bool is_told(struct mirror_server *m, struct mirror_told_flow *f,
		    const struct mirror_segment *s, const struct packet *p)
{
	static const unsigned most[] = {PURE_ARRIVED, PURE_SENT};
	bool sent = s->kind == MIRROR_SENT;

	if (s->payload_len && sent)
		return m->data++ < DATA_MAX;
	if (s->payload_len || p->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return true;
	return f->pure[sent]++ < MIRROR_PURE_FIRST || m->pure[sent]++ < most[sent];
}

static void count_untold(struct mirror_untold *untold, const struct mirror_segment *s)
{
	if (s->kind == MIRROR_SENT && !s->payload_len)
		untold->pure++;
	else if (s->payload_len)
		(*(s->kind == MIRROR_SENT ? &untold->sent : &untold->arrived))++;
}

/* What the log has forgotten may have been anything. */
static void skip_forgotten(struct mirror_server *m, struct mirror_told_flow *f,
			   const struct mirror_log *log)
{
	uint64_t first = mirror_log_first(log);

	if (f->number >= first)
		return;
	if (f->number) {
		m->untold.sent++;
		m->untold.arrived++;
		m->untold.pure++;
		m->untold.gaps = true;
	}
	f->number = first;
}

/* False: there is more, but not now. */
static bool tell_flow(struct mirror_server *m, struct mirror_told_flow *f,
		      const struct mirror_log *log, struct conn *conn, int64_t now_ns)
{
	skip_forgotten(m, f, log);
	for (; f->number < log->count; f->number++) {
		const struct mirror_segment *s = mirror_log_at(log, f->number);
		unsigned data = m->data, pure[2] = {m->pure[0], m->pure[1]};
		struct mirror_told_flow before = *f;
		struct packet p;

		if (!belongs(f, s, &p))
			continue;
		if (!is_told(m, f, s, &p)) {
			count_untold(&m->untold, s);
		} else if (!tell_segment(m, conn, now_ns, s)) {
			*f = before;
			m->data = data;
			m->pure[0] = pure[0];
			m->pure[1] = pure[1];
			return false;
		}
	}
	return true;
}

static bool is_known(const struct mirror_server *m, const struct mirror_flow *flow)
{
	for (size_t i = 0; i < m->flow_count; i++)
		if (mirror_flow_equal(&m->flow[i].flow, flow))
			return true;
	return false;
}

/* SYNs that arrived with the connection's token, whatever the endpoint made of them. */
static void find_joins(struct mirror_server *m, const struct mirror_log *log, uint32_t token)
{
	if (m->searched < mirror_log_first(log))
		m->searched = mirror_log_first(log);
	for (; m->searched < log->count; m->searched++) {
		const struct mirror_segment *s = mirror_log_at(log, m->searched);
		struct mirror_told_flow f = {.number = m->searched};
		struct packet p;
		uint32_t its;

		if (s->kind != MIRROR_ARRIVED || m->flow_count == MIRROR_FLOWS_MAX ||
		    packet_parse(&p, span_of(s->header, s->header_len)) ||
		    !mirror_join_token(&p, &its) || its != token)
			continue;
		f.flow = mirror_flow_of(&p, false);
		if (!is_known(m, &f.flow))
			m->flow[m->flow_count++] = f;
	}
}

/* One by one, as they answer. */
static bool tell_hops(struct mirror_server *m, struct mirror_walk *w, struct conn *conn,
		      int64_t now_ns)
{
	bool under_way = !m->back.done && w == &m->back.walk[m->back.at];
	uint8_t out[MIRROR_HOP_RECORD_MAX];

	for (uint8_t ttl = (uint8_t)(w->told + 1); ttl <= w->ttl; ttl++) {
		if (ttl == w->ttl && !w->hop[ttl].answered && under_way)
			return true;
		if (w->hop[ttl].answered &&
		    !tell(m, conn, now_ns, out, mirror_put_hop(&w->hop[ttl], out), MIRROR_DONE))
			return false;
		w->told = ttl;
	}
	return true;
}

void mirror_tell(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
		 int64_t now_ns)
{
	struct conn_info info;

	if (!m->written && !mirror_tell_head(m, conn, now_ns))
		return;
	conn_info(conn, &info);
	if (info.fallback_stage == FALLBACK_NONE)
		find_joins(m, log, info.local_token);
	for (size_t i = 0; i < m->flow_count; i++)
		if (!tell_flow(m, &m->flow[i], log, conn, now_ns))
			return;
	for (size_t i = 0; i < MIRROR_WALKS; i++)
		if (!tell_hops(m, &m->back.walk[i], conn, now_ns))
			return;
}

/* What there was no budget for is counted. */
bool mirror_tell_done(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
		      int64_t now_ns)
{
	struct mirror_untold untold = m->untold;
	uint8_t out[MIRROR_DONE];

	for (size_t i = 0; i < m->flow_count; i++)
		for (uint64_t n = m->flow[i].number; n < log->count; n++) {
			const struct mirror_segment *s = mirror_log_at(log, n);
			struct packet p;

			if (s && belongs(&m->flow[i], s, &p))
				count_untold(&untold, s);
		}
	return tell(m, conn, now_ns, out, mirror_put_done(&untold, out), 0);
}
