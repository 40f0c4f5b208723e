/* What drives a connection: a packet, a timer, the wish to send. */
#include "mptcp/conn_state.h"

#define PROBES_MAX 9

void conn_touch(struct conn *c)
{
	if (!c->is_ready)
		endpoint_ready(c->endpoint, c);
}

unsigned conn_alive(const struct conn *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->subflow_count; i++)
		count += subflow_alive(c->subflow[i]);
	return count;
}

struct subflow *conn_initial(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->initial)
			return c->subflow[i];
	return NULL;
}

/* For a signal: one that is not stale if there is one. */
struct subflow *conn_any_usable(const struct conn *c)
{
	struct subflow *any = NULL;

	for (unsigned i = 0; i < c->subflow_count; i++) {
		if (!subflow_usable(c->subflow[i]))
			continue;
		if (!c->subflow[i]->stale)
			return c->subflow[i];
		any = c->subflow[i];
	}
	return any;
}

static void settle_subflow(struct subflow *sf)
{
	if (sf->stage == STAGE_DEAD)
		return;
	if (sf->reset_wanted && sf->tcp.state != TCP_CLOSED) {
		reinject_subflow(sf);
		tcp_abort(&sf->tcp);
		conn_touch(sf->conn);
	}
	if (sf->tcp.state == TCP_CLOSED && !sf->tcp.rst_due)
		subflow_bury(sf);
}

/* While the peer tried a path long enough in vain and others carry on, it is given up
 * (RFC 8041 §2.2). */
static void give_up_stale(struct subflow *sf)
{
	struct conn *c = sf->conn;

	if (!sf->stale || sf->tcp.timeouts < 6 || sf->reset_wanted)
		return;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		if (subflow_usable(c->subflow[i]) && !c->subflow[i]->stale) {
			subflow_reset(sf, 5);
			return;
		}
	}
}

static enum conn_outcome lost_outcome(const struct conn *c)
{
	if (c->refused)
		return OUTCOME_REFUSED;
	return c->last_was_reset && !c->stalled ? OUTCOME_RESET : OUTCOME_TIMEOUT;
}

/* No subflow is left. An MPTCP connection may live on: whoever opens subflows tries again, and the
 * other side waits for that. */
static void all_gone(struct conn *c)
{
	if (c->plain || c->state == CONN_OPENING || !c->dss_heard) {
		conn_end(c, lost_outcome(c));
	} else if (c->tx.fin_acked && c->rx.fin_taken) {
		conn_end(c, OUTCOME_MPTCP);
	} else if (c->client || !c->config.idle_timeout_ns) {
		conn_manage(c);
		if (!conn_alive(c) && c->timer[TIMER_RETRY] == TIME_NEVER)
			conn_end(c, lost_outcome(c));
	}
}

/* Even a subflow that is on its way out may still be heard of. */
static bool any_left(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->stage != STAGE_DEAD && c->subflow[i]->tcp.state != TCP_CLOSED)
			return true;
	return false;
}

static bool any_up(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->stage == STAGE_UP && c->subflow[i]->tcp.state != TCP_CLOSED)
			return true;
	return false;
}

/* However many joins are being tried: one must come up, and the stream go on, in time. */
static void watch_rejoin(struct conn *c)
{
	bool armed = c->timer[TIMER_REJOIN] != TIME_NEVER, up = any_up(c);

	if (c->plain || c->state == CONN_OPENING || c->state == CONN_CLOSED)
		return;
	if (!armed && !up) {
		c->timer[TIMER_REJOIN] = c->now_ns + c->config.idle_timeout_ns;
		c->gone_una = c->tx.una;
		c->gone_next = c->rx.next;
	} else if (armed && up && (c->tx.una != c->gone_una || c->rx.next != c->gone_next)) {
		c->timer[TIMER_REJOIN] = TIME_NEVER;
	}
}

static void settle_once(struct conn *c)
{
	c->settle_due = false;
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->stale)
			give_up_stale(c->subflow[i]);
	for (unsigned i = 0; i < c->subflow_count; i++)
		settle_subflow(c->subflow[i]);
	close_progress(c);
	if (c->pm_due) {
		c->pm_due = false;
		conn_manage(c);
	}
	if (c->state != CONN_CLOSED && !any_left(c))
		all_gone(c);
	watch_rejoin(c);
}

void conn_settle(struct conn *c)
{
	for (unsigned round = 0; (c->settle_due || c->pm_due) && round < 8; round++)
		settle_once(c);
}

/* Data behind a hole would need memory that the endpoint has not: a window was promised to others
 * as well. It is lost; what fills the hole is not. */
static bool is_too_far(const struct subflow *sf, const struct packet *p)
{
	uint32_t span = p->tcp.seq + (uint32_t)p->payload.len - sf->tcp.rcv_nxt;

	if (!p->payload.len || p->tcp.seq == sf->tcp.rcv_nxt || span > INT32_MAX)
		return false;
	return 2 * (size_t)span > endpoint_memory_left(sf->conn->endpoint) + sf->tcp.reorder.size;
}

void conn_input(struct subflow *sf, int64_t now_ns, const struct packet *p)
{
	struct conn *c = sf->conn;

	if (sf->stage == STAGE_UP && is_too_far(sf, p))
		return;
	c->now_ns = now_ns;
	tcp_receive(&sf->tcp, now_ns, p);
	subflow_account(sf);
	if (c->state == CONN_CLOSING)
		c->settle_due = true; /* the last ACK of a FIN is no event */
	if (c->settle_due || c->pm_due)
		conn_settle(c);
	conn_touch(c);
}

/* A failed checksum was not answered by an infinite mapping; or octets waited in vain for a
 * mapping: the options are gone (RFC 8684 §3.7). */
static void fail_timer(struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (sf->stage != STAGE_UP || (!sf->failing && !sf->hold.len))
			continue;
		if (!sf->failing && map_find(&sf->map, sf->hold.ssn))
			continue; /* the rest of a checksummed mapping is on its way */
		sf->reset_fail = sf->failing;
		subflow_reset(sf, 6);
	}
}

/* Nothing was heard for long: the peer is asked, and given up if it does not answer. */
static void keepalive_timer(struct conn *c)
{
	int64_t due = c->heard_ns + c->config.keepalive_ns;

	if (due > c->now_ns) {
		c->probes = 0;
		c->timer[TIMER_KEEPALIVE] = due;
		return;
	}
	if (c->probes++ == PROBES_MAX) { /* it may be joined again, and be silent again */
		c->timer[TIMER_KEEPALIVE] = c->now_ns + c->config.keepalive_ns;
		c->probes = 0;
		c->last_was_reset = false;
		conn_reset_all(c, 0);
		return;
	}
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->stage == STAGE_UP)
			tcp_probe(&c->subflow[i]->tcp);
	c->timer[TIMER_KEEPALIVE] = c->now_ns + c->config.keepalive_ns / 100;
}

static bool has_more(const struct conn *c)
{
	return c->tx.una != c->tx.end || (c->tx.fin_sent && !c->tx.fin_acked);
}

/* Rejoined, and the stream goes on or has nothing to go on with; or not. */
static void rejoin_timer(struct conn *c)
{
	bool any = conn_any_usable(c) != NULL;

	if (any && (c->tx.una != c->gone_una || !has_more(c)))
		return;
	c->stalled = c->stalled || (any && c->heard_ns > c->tx.asked_ns);
	conn_end(c, lost_outcome(c));
}

static void fire(struct conn *c, enum conn_timer timer)
{
	c->timer[timer] = TIME_NEVER;
	switch (timer) {
	case TIMER_DATA: reinject_timer(c); return;
	case TIMER_CLOSE: close_timer(c); return;
	case TIMER_REJOIN: rejoin_timer(c); return;
	case TIMER_ANNOUNCE: addr_timer(c); return;
	case TIMER_ASK: addr_ask_timer(c); return;
	case TIMER_FAIL: fail_timer(c); return;
	case TIMER_TRIM: rx_trim(c); return;
	case TIMER_FORGIVE: pm_forgive(c); return;
	case TIMER_RETRY: pm_retry(c); return;
	case TIMER_KEEPALIVE: keepalive_timer(c); return;
	case CONN_TIMERS: return;
	}
}

static void run_timers(struct conn *c)
{
	for (unsigned i = 0; i < CONN_TIMERS; i++)
		if (c->timer[i] <= c->now_ns)
			fire(c, (enum conn_timer)i);
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->stage == STAGE_PRE)
			join_timer(c->subflow[i]);
}

static bool send_one(struct conn *c, uint8_t *out, size_t cap, size_t *len)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[(c->send_turn + i) % c->subflow_count];

		if (sf->stage == STAGE_DEAD || !tcp_send(&sf->tcp, c->now_ns, out, cap, len))
			continue;
		c->send_turn = sf->id;
		subflow_account(sf);
		if (c->signal_again)
			addr_ask(sf);
		c->signal_again = false;
		return true;
	}
	return false;
}

bool conn_output(struct conn *c, int64_t now_ns, uint8_t *out, size_t cap, size_t *len)
{
	bool sent;

	c->now_ns = now_ns;
	run_timers(c);
	conn_settle(c);
	conn_pump(c);
	sent = send_one(c, out, cap, len);
	if (c->settle_due || c->pm_due) {
		conn_settle(c);
		if (!sent) {
			conn_pump(c);
			sent = send_one(c, out, cap, len);
		}
	}
	return sent;
}

int64_t conn_expiry_ns(const struct conn *c)
{
	int64_t next = TIME_NEVER, one;

	for (unsigned i = 0; i < CONN_TIMERS; i++)
		next = c->timer[i] < next ? c->timer[i] : next;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		const struct subflow *sf = c->subflow[i];

		if (sf->stage == STAGE_DEAD)
			continue;
		one = tcp_expiry_ns(&sf->tcp);
		next = one < next ? one : next;
		if (sf->stage == STAGE_PRE && sf->join_ack_ns < next)
			next = sf->join_ack_ns;
	}
	return next;
}

bool conn_finished(const struct conn *c)
{
	if (!c->released && (c->told_open || c->client))
		return false;
	if (c->state != CONN_CLOSED)
		return false;
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->stage != STAGE_DEAD)
			return false;
	return true;
}
