/* What is written looks like a conversation: a short segment, longer ones once that was answered,
 * in the end several at once. Its octets are no text that a box would look for anything in. */
#include <string.h>

#include "mptcp/mirror.h"
#include "packet/packet.h"

#define STEP_WAIT_NS (1 * NS_PER_S) /* for an answer, before the next piece */
#define JOIN_WAIT_NS (3 * NS_PER_S) /* for further subflows, before the bulk */

static const size_t pieces[] = {1200, 200, 1100, 3000, 6000, 500, 24000};
#define PIECES	  (sizeof(pieces) / sizeof(*pieces))
#define BULK_STEP 3 /* here the bulk begins */
#define HOLE_STEP 5 /* a segment of the piece before this is lost on purpose */

bool mirror_client_init(struct mirror_client *m)
{
	memset(m, 0, sizeof(*m));
	return mirror_log_init(&m->log, MIRROR_LOG_CLIENT);
}

void mirror_client_fini(struct mirror_client *m)
{
	mirror_log_fini(&m->log);
}

static void keep_octets(struct mirror_octets *o, const struct packet *p)
{
	uint32_t from = p->tcp.seq - o->isn - 1;

	if (p->tcp.flags & TCP_SYN) {
		o->syn = true;
		o->isn = p->tcp.seq;
	}
	if (!o->syn || p->tcp.flags & (TCP_SYN | TCP_RST) || from > MIRROR_OCTETS_MAX ||
	    p->payload.len > MIRROR_OCTETS_MAX - from)
		return;
	if (p->payload.len)
		memcpy(o->at + from, p->payload.at, p->payload.len);
	for (size_t i = from; i < from + p->payload.len; i++)
		o->have[i / 8] |= (uint8_t)(1 << i % 8);
	if (from + p->payload.len > o->len)
		o->len = from + p->payload.len;
}

/* A SYN of ours opens one; NULL: none. */
static struct mirror_subflow *subflow_of(struct mirror_client *m, const struct packet *p, bool sent)
{
	struct mirror_flow flow = mirror_flow_of(p, sent);

	for (size_t i = 0; i < m->subflow_count; i++)
		if (mirror_flow_equal(&m->subflow[i].flow, &flow))
			return &m->subflow[i];
	if (!sent || !(p->tcp.flags & TCP_SYN) || m->subflow_count == MIRROR_FLOWS_MAX)
		return NULL;
	m->subflow[m->subflow_count].flow = flow;
	return &m->subflow[m->subflow_count++];
}

void mirror_client_note(struct mirror_client *m, enum mirror_kind kind, int64_t time_ns,
			struct span packet)
{
	bool sent = kind == MIRROR_SENT;
	struct mirror_subflow *s;
	struct packet p;

	if (!mirror_log_note(&m->log, kind, time_ns, packet) || packet_parse(&p, packet))
		return;
	s = subflow_of(m, &p, sent);
	if (s)
		keep_octets(sent ? &s->sent : &s->received, &p);
}

bool mirror_client_loses(struct mirror_client *m, struct span packet)
{
	struct packet p;

	if (m->has_hole || m->step < HOLE_STEP || packet_parse(&p, packet) ||
	    p.ip.proto != IP_PROTO_TCP || !p.payload.len ||
	    subflow_of(m, &p, true) != &m->subflow[0])
		return false;
	return m->has_hole = true;
}

/* Pseudo-random, by place. */
static void fill(const struct mirror_client *m, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((m->written + i) * 2654435761u >> 13 | 0x80);
	if (!m->written && len >= MIRROR_HEAD)
		mirror_put_head(MIRROR_CLIENT, out);
}

static void write_piece(struct mirror_client *m, struct conn *conn, int64_t now_ns)
{
	uint8_t out[1024];

	while (m->left) {
		size_t len = m->left < sizeof(out) ? m->left : sizeof(out);
		long taken;

		fill(m, out, len);
		if (!m->written && conn_write_space(conn) < len)
			return;
		taken = conn_write(conn, now_ns, span_of(out, len));
		if (taken <= 0)
			return;
		m->left -= (size_t)taken;
		m->written += (uint64_t)taken;
	}
}

static void accept_record(struct mirror_client *m, const struct mirror_record *r)
{
	if (r->kind == MIRROR_FINISHED) {
		m->finished = true;
		m->untold = r->untold;
	} else if (r->kind == MIRROR_HOP) {
		if (m->hop_count < MIRROR_WALKS * MIRROR_HOPS_MAX)
			m->hop[m->hop_count++] = r->hop;
	} else if (m->told_count < MIRROR_TOLD_MAX) {
		m->told[m->told_count++] = r->segment;
	}
}

/* Takes what `rest` holds as far as it goes. */
static void take_rest(struct mirror_client *m)
{
	struct span rest = span_of(m->rest, m->rest_len);
	struct mirror_record record;
	int rc = 1;

	if (!m->mirrors) {
		enum mirror_match match = mirror_match_head(MIRROR_SERVER, rest);

		m->alien = match == MIRROR_IS_NOT || match == MIRROR_IS_OTHER;
		if (match == MIRROR_IS_OTHER)
			m->version = mirror_head_version(rest);
		if (match != MIRROR_IS)
			return;
		m->mirrors = true;
		rest = span_cut(rest, MIRROR_HEAD, rest.len);
	}
	while (!m->finished && (rc = mirror_read_record(&record, &rest)) > 0)
		accept_record(m, &record);
	m->alien = rc < 0;
	memmove(m->rest, rest.at, rest.len);
	m->rest_len = rest.len;
}

static void read_records(struct mirror_client *m, struct conn *conn)
{
	struct span octets;

	while ((octets = conn_peek(conn)).len) {
		size_t len = sizeof(m->rest) - m->rest_len;

		m->heard = true;
		if (octets.len < len)
			len = octets.len;
		if (!m->alien && !m->finished) {
			memcpy(m->rest + m->rest_len, octets.at, len);
			m->rest_len += len;
			take_rest(m);
		}
		conn_consume(conn, len ? len : octets.len);
	}
	m->ended = conn_read_ended(conn);
}

static unsigned standing(const struct conn *conn)
{
	struct conn_info info;
	unsigned count = 0;

	conn_info(conn, &info);
	if (info.fallback_stage != FALLBACK_NONE)
		return UINT8_MAX;
	for (size_t i = 0; i < info.subflow_count; i++)
		count += info.subflow[i].state == TCP_ESTABLISHED;
	return count;
}

/* How long the bulk is to wait for the subflows; 0: no longer. */
static int64_t joins_due_ns(struct mirror_client *m, const struct conn *conn, int64_t now_ns)
{
	if (m->step != BULK_STEP || standing(conn) >= m->wanted)
		return 0;
	if (!m->patient_ns)
		m->patient_ns = now_ns + JOIN_WAIT_NS;
	return now_ns < m->patient_ns ? m->patient_ns : 0;
}

/* 0: the next piece may be written; else when to look again. */
static int64_t next_due_ns(struct mirror_client *m, const struct conn *conn, int64_t now_ns)
{
	if (m->step && !m->heard && now_ns < m->stepped_ns + STEP_WAIT_NS)
		return m->stepped_ns + STEP_WAIT_NS;
	return joins_due_ns(m, conn, now_ns);
}

static void next_piece(struct mirror_client *m, int64_t now_ns)
{
	m->heard = false;
	m->stepped_ns = now_ns;
	m->left = pieces[m->step++];
}

static int64_t shut(struct mirror_client *m, struct conn *conn, int64_t now_ns)
{
	conn_shutdown(conn, now_ns);
	m->shut = true;
	return TIME_NEVER;
}

int64_t mirror_client_pump(struct mirror_client *m, struct conn *conn, int64_t now_ns)
{
	read_records(m, conn);
	if (conn_state(conn) == CONN_OPENING || conn_state(conn) == CONN_CLOSED || m->shut)
		return TIME_NEVER;
	if (m->alien && !m->mirrors)
		return shut(m, conn, now_ns); /* to whom does not mirror nothing more is said */
	write_piece(m, conn, now_ns);
	while (!m->left && m->step < PIECES) {
		int64_t due_ns = next_due_ns(m, conn, now_ns);

		if (due_ns)
			return due_ns;
		next_piece(m, now_ns);
		write_piece(m, conn, now_ns);
	}
	if (m->left)
		return TIME_NEVER; /* until there is room */
	/* The last is answered before the end, so that its segments are told of. */
	if (!m->heard && now_ns < m->stepped_ns + STEP_WAIT_NS)
		return m->stepped_ns + STEP_WAIT_NS;
	return shut(m, conn, now_ns);
}
