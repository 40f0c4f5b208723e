/* Which subflow carries which part of the stream: the scheduler's wishes, carried out. */
#include <string.h>

#include "mptcp/conn_state.h"
#include "mptcp/key.h"
#include "packet/checksum.h"

/* A DSS with everything, its data sequence number of 8 or 4 octets; an MP_CAPABLE with data fits
 * too. */
#define DSS_MAX	     28
#define DSS_MAX4     24
#define INFINITE_LEN 16

uint32_t conn_payload_max(const struct subflow *sf)
{
	const struct conn *c = sf->conn;
	size_t infinite = c->infinite_due ? INFINITE_LEN : 0;
	size_t dss = tx_whole_dsn(c) ? DSS_MAX : DSS_MAX4;

	return tcp_payload_max(&sf->tcp, c->plain ? infinite : dss);
}

/* The throughput that segments of `mss` octets would give: a subflow of a smaller segment size
 * needs several, the last of them short (RFC 8041 §3.8). */
static uint64_t throughput(const struct conn *c, uint32_t mss)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		const struct subflow *sf = c->subflow[i];
		uint32_t own, segments;

		if (!subflow_usable(sf))
			continue;
		own = conn_payload_max(sf);
		segments = (mss + own - 1) / own;
		sum += (uint64_t)sf->tcp.flow.cwnd * 1000 / (uint64_t)(1 + sf->tcp.srtt_ns / 1000) *
		       mss / ((uint64_t)segments * own);
	}
	return sum;
}

/* The length of the segments that the stream is cut into; 0: each subflow its own. */
static uint32_t segment_size(const struct conn *c)
{
	uint32_t low = UINT32_MAX, high = 0, best = 0;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		uint32_t own = subflow_usable(c->subflow[i]) ? conn_payload_max(c->subflow[i]) : 0;

		low = own && own < low ? own : low;
		high = own > high ? own : high;
	}
	if (low >= high || c->config.mss_policy == MSS_MAX)
		return high;
	if (c->config.mss_policy == MSS_MIN)
		return low;
	best = low;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		uint32_t own = subflow_usable(c->subflow[i]) ? conn_payload_max(c->subflow[i]) : 0;

		if (own && throughput(c, own) > throughput(c, best))
			best = own;
	}
	return best;
}

static bool is_first_data(const struct conn *c, const struct subflow *sf, uint64_t dsn)
{
	return c->client && sf->initial && c->version == 1 && !c->confirmed && dsn == c->tx.first &&
	       tcp_next_ssn(&sf->tcp) == 1;
}

static void map_piece(struct conn *c, struct subflow *sf, struct tcp_piece *piece, uint64_t dsn)
{
	struct tcp_mapping *m = &piece->mapping;

	m->present = true;
	m->dsn = dsn;
	m->ssn = tcp_next_ssn(&sf->tcp);
	m->capable = is_first_data(c, sf, dsn);
	m->data_fin =
	    c->tx.fin_wanted && dsn + piece->len == c->tx.end && !m->capable && piece->len < 0xffff;
	m->len = (uint16_t)(piece->len + m->data_fin);
	m->has_checksum = c->checksum;
	if (c->checksum)
		m->checksum = key_dss_checksum(
		    m->dsn, m->ssn, m->len,
		    checksum_add(0, piece->chunk->octets + piece->offset, piece->len));
}

static void pushed(struct conn *c, struct subflow *sf, const struct tcp_piece *piece, uint64_t dsn)
{
	uint64_t end = dsn + piece->len;

	window_used(c, sf, dsn, end);
	if (!dsn_before(c->tx.una, dsn) && dsn_before(c->tx.una, end))
		c->tx.taker = sf;
	if (sf->tx_next != dsn)
		sf->tx_from = dsn;
	sf->tx_next = end;
	if (dsn_before(dsn, sf->tx_high) && dsn_before(sf->tx_again, end))
		sf->tx_again = end;
	if (dsn_before(sf->tx_high, end))
		sf->tx_high = end;
	if (piece->mapping.data_fin)
		c->tx.fin_sent = true;
	if (dsn_before(c->tx.next, end)) {
		c->tx.next = end;
		dsn_passed(&c->tx.pace, end, c->now_ns);
	}
	if (c->timer[TIMER_DATA] == TIME_NEVER) {
		c->tx.progress_ns = c->now_ns;
		reinject_arm(c);
	}
}

uint32_t conn_push(struct conn *c, struct subflow *sf, uint64_t dsn, uint32_t max)
{
	struct tcp_piece piece = {0};
	struct chunk *chunk = tx_find(&c->tx, dsn, &piece.offset, &piece.len);
	uint32_t own = conn_payload_max(sf);

	if (!chunk)
		return 0;
	piece.len = piece.len < max ? piece.len : max;
	piece.len = piece.len < own ? piece.len : own;
	piece.chunk = chunk_ref(chunk);
	if (!c->plain)
		map_piece(c, sf, &piece, dsn);
	if (tcp_push(&sf->tcp, &piece)) {
		chunk_unref(chunk);
		return 0;
	}
	pushed(c, sf, &piece, dsn);
	return piece.len;
}

static void pump_plain(struct conn *c)
{
	struct tx *tx = &c->tx;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];
		uint32_t room, len;

		while (subflow_usable(sf) && tx->next != tx->end && (room = tcp_room(&sf->tcp))) {
			len = conn_push(c, sf, tx->next, room);
			if (!len)
				return;
		}
	}
}

static void view_one(const struct subflow *sf, struct sched_subflow *v, bool all_stale)
{
	const struct cc_flow *flow = &sf->tcp.flow;

	*v = (struct sched_subflow){.usable = subflow_usable(sf) && (!sf->stale || all_stale)};
	if (!v->usable)
		return;
	v->backup = subflow_is_backup(sf);
	v->room = tcp_room(&sf->tcp);
	v->in_flight = flow->in_flight;
	v->cwnd = flow->cwnd;
	v->mss = conn_payload_max(sf);
	v->srtt_ns = sf->tcp.srtt_ns;
	v->rttvar_ns = sf->tcp.rttvar_ns;
}

static void view_all(const struct conn *c, struct sched_subflow *subflow)
{
	bool all_stale = true;

	for (unsigned i = 0; i < c->subflow_count; i++)
		if (subflow_usable(c->subflow[i]) && !c->subflow[i]->stale)
			all_stale = false;
	for (unsigned i = 0; i < c->subflow_count; i++)
		view_one(c->subflow[i], &subflow[i], all_stale);
}

struct next {
	uint64_t dsn;
	uint64_t len;
	bool again;
};

/* What is to be sent next: what is lost elsewhere, or else new data. */
static bool find_next(const struct conn *c, struct next *n, uint32_t unit)
{
	const struct tx *tx = &c->tx;
	const struct range *r = ranges_first(&tx->again);
	uint64_t window = window_left(c);

	*n = (struct next){.dsn = tx->next, .len = tx->end - tx->next};
	if (r && reinject_allowed(c))
		*n = (struct next){.dsn = r->from, .len = r->to - r->from, .again = true};
	else if (n->len > window)
		n->len = window_awaited(c, window, unit);
	return n->len;
}

/* It has room, or an ACK to wait for that makes some. */
static bool will_take(const struct sched_subflow *s)
{
	return s->usable && (s->room || s->in_flight);
}

/* What was lost goes where octets were swallowed longest ago, if ever: not back to the fastest. */
static void spare_swallowers(const struct conn *c, struct sched_subflow *view)
{
	int64_t least = INT64_MAX;

	for (unsigned i = 0; i < c->subflow_count; i++)
		if (will_take(&view[i]) && c->subflow[i]->swallowed_ns < least)
			least = c->subflow[i]->swallowed_ns;
	for (unsigned i = 0; i < c->subflow_count; i++)
		view[i].usable = will_take(&view[i]) && c->subflow[i]->swallowed_ns == least;
}

static int pick(struct conn *c, const struct sched_subflow *subflow, const struct next *n)
{
	struct sched_subflow spared[CONN_SUBFLOWS_MAX];
	struct sched_view view = {.subflow = subflow,
				  .count = c->subflow_count,
				  .unsent = c->tx.end - c->tx.next,
				  .window_left = window_left(c)};

	if (n->again) {
		memcpy(spared, subflow, c->subflow_count * sizeof(*subflow));
		spare_swallowers(c, spared);
		view.subflow = spared;
	}
	return c->sched->pick(&c->sched_state, &view);
}

/* One segment of the stream; on a subflow of smaller segments it takes two pieces. */
static uint32_t send_segment(struct conn *c, struct subflow *sf, const struct next *n,
			     uint32_t unit)
{
	uint32_t want = n->len < unit ? (uint32_t)n->len : unit;
	uint32_t own = conn_payload_max(sf), sent = conn_push(c, sf, n->dsn, want);

	if (sent && sent == own && sent < want)
		sent += conn_push(c, sf, n->dsn + sent, want - sent);
	if (n->again && sent) {
		sf->reinjected += sent;
		ranges_trim(&c->tx.again, n->dsn + sent);
	}
	return sent;
}

static void pump(struct conn *c)
{
	struct sched_subflow subflow[CONN_SUBFLOWS_MAX];
	uint32_t unit = segment_size(c);
	struct next n;
	int i;

	view_all(c, subflow);
	while (find_next(c, &n, unit)) {
		i = pick(c, subflow, &n);
		if (i < 0 || !send_segment(c, c->subflow[i], &n, unit))
			return;
		subflow[i].room = tcp_room(&c->subflow[i]->tcp);
		subflow[i].in_flight = c->subflow[i]->tcp.flow.in_flight;
	}
}

/* The oldest octets, which the subflows that have nothing in flight took for nothing. */
static void copy_again(struct conn *c)
{
	const struct range *r = ranges_first(&c->tx.again);

	for (unsigned i = 0; r && i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];
		uint64_t at = r->from;
		uint32_t sent = 1;

		if (at != c->tx.una || !subflow_usable(sf) || tcp_unacked(&sf->tcp, 0))
			continue;
		for (; sent && dsn_before(at, r->to); at += sent)
			sent = conn_push(c, sf, at, (uint32_t)(r->to - at));
		if (dsn_before(sf->copied, at))
			sf->copied = at;
	}
}

/* Every subflow sends all of the stream, each at its own pace (redundant scheduler). */
static void pump_redundant(struct conn *c)
{
	struct tx *tx = &c->tx;

	if (reinject_allowed(c))
		copy_again(c);
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];
		uint32_t room, len;

		if (dsn_before(sf->copied, tx->una))
			sf->copied = tx->una;
		while (subflow_usable(sf) && (room = tcp_room(&sf->tcp))) {
			uint64_t left = tx->next - sf->copied + window_left(c);

			if (left > tx->end - sf->copied)
				left = tx->end - sf->copied;
			len =
			    left ? conn_push(c, sf, sf->copied, room < left ? room : (uint32_t)left)
				 : 0;
			if (!len)
				break;
			sf->copied += len;
		}
	}
	ranges_trim(&tx->again, tx->next);
}

/* A DATA_FIN that found no data to travel with goes alone, on an ACK. */
static void pump_fin(struct conn *c)
{
	struct tx *tx = &c->tx;
	struct subflow *sf;

	if (!tx->fin_wanted || tx->fin_sent || tx->next != tx->end || !c->remote_known)
		return;
	sf = conn_any_usable(c);
	if (!sf)
		return;
	tx->fin_sent = true;
	tx->progress_ns = c->now_ns;
	tcp_ack_now(&sf->tcp);
	reinject_arm(c);
}

void conn_pump(struct conn *c)
{
	if (c->state == CONN_OPENING || c->state == CONN_CLOSED)
		return;
	if (c->plain) {
		pump_plain(c);
		if (c->tx.fin_wanted && !c->tx.fin_sent && c->tx.next == c->tx.end)
			c->settle_due = true;
		return;
	}
	if (c->sched->redundant)
		pump_redundant(c);
	else if (c->tx.again.count || c->tx.next != c->tx.end)
		pump(c);
	if (c->tx.next != c->tx.end && window_left(c) < segment_size(c))
		reinject_opportunistic(c);
	pump_fin(c);
}
