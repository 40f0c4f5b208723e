/* Data that has to travel again on another subflow: because its own timed out or is gone, because
 * the peer took it on the subflow but not as data, or because it holds up the shared window. */
#include "mptcp/conn_state.h"

#define BURST_MAX   64
#define FUTILE_MAX  6 /* timer rounds in which the subflow took data and the stream did not */
#define BACKOFF_MAX 8
#define ASK_AFTER   2
#define BASE_MAX_NS (3 * NS_PER_S)  /* a time-out after an outage may be far above any RTT */
#define WAIT_MAX_NS (15 * NS_PER_S) /* so that who has to give up does within minutes */
#define STILL_NS    (900 * NS_PER_S)

static void again(struct conn *c, uint64_t from, uint64_t to)
{
	if (dsn_before(from, c->tx.una))
		from = c->tx.una;
	if (dsn_before(from, to))
		ranges_add(&c->tx.again, from, to);
}

/* Queues what the subflow has not delivered, each piece once. */
void reinject_subflow(struct subflow *sf)
{
	struct conn *c = sf->conn;
	const struct tcp_piece *p;

	if (c->plain || sf->stage == STAGE_DEAD)
		return;
	for (size_t i = 0; (p = tcp_unacked(&sf->tcp, i)); i++) {
		uint64_t from = p->mapping.dsn + p->skip;

		if (!p->chunk || !p->mapping.present)
			continue;
		if ((int32_t)(p->mapping.ssn + p->skip - sf->reinject_mark) < 0)
			continue;
		again(c, from, from + p->len);
	}
	sf->reinject_mark = tcp_next_ssn(&sf->tcp);
	conn_touch(c);
}

bool reinject_allowed(const struct conn *c)
{
	return c->tx_verified || c->had_join;
}

static bool outstanding(const struct conn *c)
{
	return c->tx.una != c->tx.next || (c->tx.fin_sent && !c->tx.fin_acked);
}

static int64_t timeout_ns(const struct conn *c)
{
	int64_t longest = NS_PER_S / 5;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		const struct subflow *sf = c->subflow[i];
		int64_t one = sf->tcp.rto_ns + sf->tcp.srtt_ns;

		if (subflow_usable(sf) && !sf->stale && one > longest)
			longest = one;
	}
	if (longest > BASE_MAX_NS)
		longest = BASE_MAX_NS;
	longest <<= c->tx.backoff;
	return longest < WAIT_MAX_NS ? longest : WAIT_MAX_NS;
}

void reinject_arm(struct conn *c)
{
	c->timer[TIMER_DATA] = outstanding(c) && !c->plain ? c->now_ns + timeout_ns(c) : TIME_NEVER;
}

/* The connection's window has room for the oldest octet, the subflow has none, and waits for it
 * with nothing in flight: whoever answers its probes is not the peer, or has a hole for good. */
static bool is_stuck(const struct subflow *sf)
{
	const struct conn *c = sf->conn;

	return sf->tcp.ring.head == sf->tcp.ring.next && tcp_window_blocks(&sf->tcp) &&
	       dsn_before(c->tx.una, c->tx.edge);
}

/* The subflow that has `dsn` in flight, or more of its mapping behind it: the peer may wait for all
 * of that, to check it (RFC 8684 §3.3.1). */
static struct subflow *carrier(const struct conn *c, uint64_t dsn)
{
	const struct tcp_piece *p;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (sf->stage != STAGE_UP || is_stuck(sf))
			continue;
		for (size_t n = 0; (p = tcp_unacked(&sf->tcp, n)); n++)
			if (p->mapping.present && dsn - p->mapping.dsn < p->skip + p->len)
				return sf;
	}
	return NULL;
}

/* A segment that fits every subflow: a crumb behind it could be merged with it on the way, and take
 * its mapping. */
static uint32_t segment(const struct conn *c)
{
	uint32_t least = UINT16_MAX, own;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		own = subflow_usable(c->subflow[i]) ? conn_payload_max(c->subflow[i]) : least;
		least = own < least ? own : least;
	}
	return least;
}

/* One segment is one piece: what lies in two chunks goes in two, and a merger would see both. */
static void queue_burst(struct conn *c)
{
	struct tx *tx = &c->tx;
	uint64_t to = tx->una + (uint64_t)tx->burst * segment(c);
	uint32_t offset, len;

	if (dsn_before(tx->recover, to))
		to = tx->recover;
	if (tx->burst == 1 && tx_find(tx, tx->una, &offset, &len) && dsn_before(tx->una + len, to))
		to = tx->una + len;
	again(c, tx->una, to);
}

/* The stream moved on. While it repairs what the timer found lost, the rest need not wait for the
 * timer as well. */
void reinject_progress(struct conn *c)
{
	struct tx *tx = &c->tx;

	tx->backoff = 0;
	tx->futile = 0;
	tx->progress_ns = c->now_ns;
	c->stalled = false;
	reinject_arm(c);
	if (!dsn_before(tx->una, tx->recover) || tx->again.count || c->plain) {
		tx->burst = 1;
		return;
	}
	if (carrier(c, tx->una))
		return;
	tx->burst = tx->burst < BURST_MAX ? tx->burst * 2 : BURST_MAX;
	queue_burst(c);
}

/* Subflows that take data and give no DATA_ACK are broken (RFC 8684 §3.7). That a box did it is
 * known only of those whose segments come without options: a peer whose DATA_ACK stands still may
 * itself be at fault. */
static void give_up(struct conn *c)
{
	c->stalled = true;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (sf->stage != STAGE_UP)
			continue;
		subflow_reset(sf, sf->bare ? 6 : 1);
		if (sf->bare)
			c->stalled = false;
	}
	c->tx.futile = c->tx.backoff = 0;
}

/* Nothing answers an ACK but a DATA_ACK. If none comes the peer is asked for anything at all: does
 * it live, and the DATA_FIN not reach it? */
static void repeat_fin(struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		if (!subflow_usable(c->subflow[i]))
			continue;
		tcp_ack_now(&c->subflow[i]->tcp);
		if (c->tx.backoff > ASK_AFTER)
			tcp_probe(&c->subflow[i]->tcp);
	}
}

/* Subflows may come and go for ever; the stream must move (RFC 1122 §4.2.3.5: R2), unless it is the
 * peer's window that holds it. */
static bool stands_still(const struct conn *c)
{
	return c->now_ns - c->tx.progress_ns > STILL_NS && dsn_before(c->tx.una, c->tx.edge);
}

/* A subflow that acknowledges data takes it; of a DATA_FIN alone, which travels on an ACK, nothing
 * is known but that the peer spoke since it was sent. */
static bool was_heard(const struct conn *c)
{
	return c->tx.una != c->tx.next || c->heard_ns > c->tx.asked_ns;
}

/* How long a subflow took to carry it over a path that was down is no measure for what follows. */
static void back_off(struct tx *tx, const struct subflow *by)
{
	if (tx->carried && !by)
		tx->backoff = 0;
	else if (tx->backoff < BACKOFF_MAX)
		tx->backoff++;
	tx->carried = by;
}

/* What nobody carries is queued, from the oldest octet on; whoever swallowed it comes last
 * (conn_send.c). One segment alone is merged with no other on the way. */
static void repeat(struct conn *c)
{
	struct tx *tx = &c->tx;

	if (tx->taker)
		tx->taker->swallowed_ns = c->now_ns;
	tx->recover = tx->next;
	tx->burst = 1;
	queue_burst(c);
}

void reinject_timer(struct conn *c)
{
	struct tx *tx = &c->tx;
	struct subflow *sf;

	if (!outstanding(c) || c->plain) {
		c->timer[TIMER_DATA] = TIME_NEVER;
		return;
	}
	if (stands_still(c)) {
		c->stalled = c->heard_ns > tx->asked_ns;
		conn_end(c, OUTCOME_TIMEOUT);
		return;
	}
	sf = tx->una == tx->next ? NULL : carrier(c, tx->una);
	back_off(tx, sf);
	if (tx->una == tx->next)
		repeat_fin(c);
	else if (!sf && conn_any_usable(c) && reinject_allowed(c))
		repeat(c);
	if (!sf && conn_any_usable(c) && was_heard(c))
		tx->futile++;
	tx->asked_ns = c->now_ns;
	if (tx->futile > FUTILE_MAX)
		give_up(c);
	reinject_arm(c);
}

static void penalise(struct conn *c, struct subflow *slow)
{
	struct cc_flow *flow = &slow->tcp.flow;

	if (c->now_ns - slow->penalised_ns < slow->tcp.srtt_ns)
		return;
	slow->penalised_ns = c->now_ns;
	flow->cwnd = flow->cwnd / 2 > 2 * flow->mss ? flow->cwnd / 2 : 2 * flow->mss;
	if (flow->ssthresh > flow->cwnd)
		flow->ssthresh = flow->cwnd;
}

/* Not a backup in place of one that is none (RFC 8684 §3.3.8). */
static struct subflow *fastest_with_room(const struct conn *c, const struct subflow *but)
{
	struct subflow *best = NULL;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (sf == but || !subflow_usable(sf) || sf->stale || !tcp_room(&sf->tcp) ||
		    (subflow_is_backup(sf) && !subflow_is_backup(but)))
			continue;
		if (!best || sf->tcp.srtt_ns < best->tcp.srtt_ns)
			best = sf;
	}
	return best;
}

/* The window is full, and the octet that holds it up is on its way on a slow subflow: it is sent
 * again on a fast one, and the slow one is made to send less (RFC 8041 §2.2). */
bool reinject_opportunistic(struct conn *c)
{
	struct subflow *slow, *fast;
	uint32_t sent;

	if (c->tx.opportunistic == c->tx.una || c->tx.una == c->tx.next || conn_alive(c) < 2)
		return false;
	slow = carrier(c, c->tx.una);
	fast = slow ? fastest_with_room(c, slow) : NULL;
	if (!fast || fast->tcp.srtt_ns >= slow->tcp.srtt_ns)
		return false;
	c->tx.opportunistic = c->tx.una;
	sent = conn_push(c, fast, c->tx.una, 0xffff);
	fast->reinjected += sent;
	penalise(c, slow);
	return sent;
}
