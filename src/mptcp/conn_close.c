/* The end: DATA_FIN both ways, then the subflows (RFC 8684 §3.3.3), or all at once (§3.5). */
#include "mptcp/conn_state.h"

#define LINGER_NS      (10 * NS_PER_S)
#define LINGER_LONG_NS (60 * NS_PER_S)

static bool is_over(const struct subflow *sf)
{
	return sf->stage == STAGE_DEAD || sf->tcp.state == TCP_CLOSED ||
	       sf->tcp.state == TCP_TIME_WAIT;
}

void conn_end(struct conn *c, enum conn_outcome outcome)
{
	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_CLOSED;
	c->outcome = outcome == OUTCOME_MPTCP && c->plain ? OUTCOME_FALLBACK : outcome;
	for (unsigned i = 0; i < CONN_TIMERS; i++)
		c->timer[i] = TIME_NEVER;
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (!is_over(c->subflow[i]))
			subflow_reset(c->subflow[i], 0);
	endpoint_accepted(c);
	if (!c->told_closed && (c->told_open || c->client))
		endpoint_tell(c, EVENT_CLOSED, NULL);
	c->told_closed = true;
}

void conn_reset_all(struct conn *c, int reason)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (!is_over(c->subflow[i]))
			subflow_reset(c->subflow[i], reason);
}

void conn_shutdown(struct conn *c, int64_t now_ns)
{
	if (c->tx.fin_wanted || c->state == CONN_CLOSED)
		return;
	c->now_ns = now_ns;
	c->tx.fin_wanted = true;
	c->active_close = !c->rx.fin_taken;
	c->settle_due = true;
	conn_touch(c);
}

void conn_fastclose(struct conn *c, int64_t now_ns)
{
	if (c->state == CONN_CLOSED)
		return;
	c->now_ns = now_ns;
	c->fastclosed = true;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (is_over(sf))
			continue;
		subflow_reset(sf, 0);
		sf->reset_fastclose = !c->plain;
		sf->close = c->plain ? SUBFLOW_RST : SUBFLOW_FASTCLOSE;
		sf->close_reason = -1; /* MP_FASTCLOSE goes without MP_TCPRST */
	}
	conn_end(c, OUTCOME_RESET);
	conn_touch(c);
}

/* MP_FASTCLOSE with our key: every subflow is answered with a RST. */
void close_peer_fast(struct conn *c, struct subflow *sf)
{
	int heard;

	(void)sf;
	c->fastclosed = true;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		if (is_over(c->subflow[i]))
			continue;
		heard = c->subflow[i]->close_reason;
		subflow_reset(c->subflow[i], 0);
		c->subflow[i]->close = SUBFLOW_FASTCLOSE;
		c->subflow[i]->close_reason = heard;
	}
	conn_end(c, OUTCOME_RESET);
}

/* One that the peer will hear on: the last DATA_ACK has to reach it. */
static bool any_fresh(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		const struct subflow *sf = c->subflow[i];

		if (sf->stage == STAGE_UP && !sf->stale && !sf->reset_wanted && !is_over(sf))
			return true;
	}
	return false;
}

/* Nobody is there to close with, and somebody elsewhere. */
static bool is_deserted(const struct subflow *sf, bool fresh)
{
	return sf->tcp.state == TCP_SYN_SENT ||
	       (sf->stale && !sf->heard && fresh && !sf->conn->plain);
}

static void shut_subflows(struct conn *c)
{
	bool fresh = any_fresh(c);

	c->closing_subflows = true;
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (is_over(sf))
			continue;
		if (is_deserted(sf, fresh)) {
			subflow_reset(sf, 0);
			continue;
		}
		if (sf->close == SUBFLOW_OPEN)
			sf->close = SUBFLOW_FIN;
		tcp_shutdown(&sf->tcp);
	}
	/* Everything is said: subflows that do not answer do not keep the connection. */
	if (!c->plain)
		c->timer[TIMER_CLOSE] = c->now_ns + LINGER_NS;
}

static bool all_over(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (!is_over(c->subflow[i]))
			return false;
	return true;
}

static void plain_progress(struct conn *c)
{
	struct tx *tx = &c->tx;

	if (tx->fin_wanted && tx->next == tx->end && !tx->fin_sent) {
		tx->fin_sent = true;
		shut_subflows(c);
	}
	if (tx->fin_acked && c->rx.fin_taken && all_over(c))
		conn_end(c, OUTCOME_MPTCP);
}

/* A subflow that the peer has ended is ended from here as well. */
static void answer_fins(struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (sf->stage == STAGE_DEAD || sf->tcp.state != TCP_CLOSE_WAIT ||
		    sf->tcp.fin_queued)
			continue;
		tcp_shutdown(&sf->tcp);
		subflow_announce_end(sf);
		if (c->client || sf->client)
			pm_closed_by_peer(c, sf);
	}
}

/* Joins that were not answered yet: nobody is there to close with. */
static void drop_joins(struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->tcp.state == TCP_SYN_SENT)
			subflow_reset(c->subflow[i], 0);
}

/* Who closed first sends FINs; the other waits for them, that TIME-WAIT be where it belongs
 * (RFC 8041 §3.6). */
static void both_closed(struct conn *c)
{
	drop_joins(c);
	if (c->active_close && !c->closing_subflows)
		shut_subflows(c);
	else if (!c->closing_subflows && c->timer[TIMER_CLOSE] == TIME_NEVER)
		c->timer[TIMER_CLOSE] = c->now_ns + c->config.close_wait_ns;
	if (all_over(c))
		conn_end(c, OUTCOME_MPTCP);
}

/* The peer has our FIN, and the DATA_ACKs before it. */
static bool any_fin_arrived(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		const struct subflow *sf = c->subflow[i];

		if (sf->close == SUBFLOW_FIN &&
		    (sf->stage == STAGE_DEAD || sf->tcp.state == TCP_FIN_WAIT_2 || is_over(sf)))
			return true;
	}
	return false;
}

/* Subflows that hang do not keep a connection whose peer knows that all is said. If no FIN was
 * acknowledged, it may not: it would take a RST for an early end. */
void close_timer(struct conn *c)
{
	if (!c->closing_subflows) {
		shut_subflows(c);
	} else if (any_fin_arrived(c) || c->lingered) {
		conn_end(c, OUTCOME_MPTCP);
	} else {
		c->lingered = true;
		c->timer[TIMER_CLOSE] = c->now_ns + LINGER_LONG_NS - LINGER_NS;
	}
}

void close_progress(struct conn *c)
{
	if (c->state == CONN_CLOSED || c->state == CONN_OPENING)
		return;
	if (c->rx.fin_taken && c->state == CONN_ESTABLISHED && !c->plain) {
		struct subflow *sf = conn_any_usable(c);

		if (sf)
			tcp_ack_now(&sf->tcp);
	}
	if (c->tx.fin_wanted || c->rx.fin_taken)
		c->state = CONN_CLOSING;
	if (c->plain) {
		plain_progress(c);
		return;
	}
	answer_fins(c);
	if (c->tx.fin_acked && c->rx.fin_taken)
		both_closed(c);
}
