#include "mptcp/subflow.h"

#include <stdlib.h>

#include "mptcp/conn_state.h"

#define HANGS 3 /* time-outs in a row */

/* A closed subflow's place is used again when all are taken. */
static int free_place(struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++) {
		struct subflow *sf = c->subflow[i];

		if (c->subflow_count == CONN_SUBFLOWS_MAX && sf->stage == STAGE_DEAD) {
			if (c->tx.taker == sf)
				c->tx.taker = NULL;
			subflow_free(sf);
			c->subflow[i] = NULL;
			return (int)i;
		}
	}
	return c->subflow_count < CONN_SUBFLOWS_MAX ? c->subflow_count++ : -1;
}

struct subflow *subflow_new(struct conn *c)
{
	struct subflow *sf = calloc(1, sizeof(*sf));
	int place = sf ? free_place(c) : -1;

	if (place < 0) {
		free(sf);
		return NULL;
	}
	endpoint_account(c->endpoint, sizeof(*sf), 0);
	sf->conn = c;
	sf->id = (uint8_t)place;
	sf->close_reason = -1;
	sf->join_ack_ns = TIME_NEVER;
	c->subflow[place] = sf;
	return sf;
}

static void release(struct subflow *sf)
{
	struct conn *c = sf->conn;

	endpoint_tuple_remove(c->endpoint, sf);
	tcp_fini(&sf->tcp);
	endpoint_account(c->endpoint, 0, sf->hold.capacity + sf->accounted);
	sf->accounted = 0;
	free(sf->map.at);
	free(sf->hold.at);
	c->rx.spare -= sf->hold.len;
	sf->map = (struct mappings){0};
	sf->hold = (struct hold){0};
}

void subflow_free(struct subflow *sf)
{
	if (sf->stage != STAGE_DEAD)
		release(sf);
	endpoint_account(sf->conn->endpoint, 0, sizeof(*sf));
	free(sf);
}

size_t subflow_memory(const struct subflow *sf)
{
	size_t tcp = sf->stage == STAGE_DEAD ? 0 : tcp_memory(&sf->tcp);

	return sizeof(*sf) + tcp + sf->hold.capacity + sf->map.capacity * sizeof(*sf->map.at);
}

void subflow_account(struct subflow *sf)
{
	size_t now = tcp_memory(&sf->tcp) + sf->map.capacity * sizeof(*sf->map.at);

	if (sf->stage == STAGE_DEAD || now == sf->accounted)
		return;
	endpoint_account(sf->conn->endpoint, now, sf->accounted);
	sf->accounted = now;
}

void subflow_announce_end(struct subflow *sf)
{
	struct conn *c = sf->conn;

	if (sf->closed_told)
		return;
	sf->closed_told = true;
	if (!sf->initial && sf->opened_told && c->joins)
		c->joins--;
	if (sf->opened_told)
		endpoint_tell(c, EVENT_SUBFLOW_CLOSED, sf);
	c->pm_due = c->settle_due = true;
}

/* Of time-outs or a RST, and not because its address went. */
static bool died(const struct subflow *sf)
{
	return (sf->conn->client || sf->client) && sf->close != SUBFLOW_FIN &&
	       sf->close != SUBFLOW_FASTCLOSE && !(sf->reset_wanted && sf->reset_reason == 0);
}

void subflow_bury(struct subflow *sf)
{
	struct conn *c = sf->conn;
	bool known = sf->closed_told; /* the peer ended it, and does not answer any more */

	reinject_subflow(sf);
	subflow_announce_end(sf);
	if (!known && died(sf))
		pm_failed(c, sf);
	release(sf);
	sf->stage = STAGE_DEAD;
}

bool subflow_alive(const struct subflow *sf)
{
	return sf->stage != STAGE_DEAD && !sf->reset_wanted && !sf->closed_told &&
	       sf->tcp.state != TCP_CLOSED;
}

bool subflow_usable(const struct subflow *sf)
{
	return sf->stage == STAGE_UP && !sf->reset_wanted && !sf->failing &&
	       (sf->tcp.state == TCP_ESTABLISHED || sf->tcp.state == TCP_CLOSE_WAIT) &&
	       !sf->tcp.fin_queued;
}

bool subflow_is_backup(const struct subflow *sf)
{
	return sf->backup_asked || sf->backup_set;
}

bool subflow_hangs(const struct subflow *sf)
{
	return sf->stale && sf->tcp.timeouts >= HANGS;
}

/* Only noted: the callbacks of a TCP are no place to abort it. */
void subflow_reset(struct subflow *sf, int reason)
{
	if (sf->reset_wanted || sf->stage == STAGE_DEAD)
		return;
	sf->reset_wanted = true;
	sf->reset_reason = (uint8_t)reason;
	sf->close = SUBFLOW_RST;
	sf->close_reason = reason;
	sf->conn->last_was_reset = sf->conn->last_was_reset || reason > 0;
	sf->conn->settle_due = true;
}

void subflow_up(struct subflow *sf)
{
	struct conn *c = sf->conn;

	if (sf->stage == STAGE_UP)
		return;
	/* It comes too late: the peer will send on one subflow alone (RFC 8684 §3.7), and may have
	 * said so before it hears that this one is there. */
	if (!sf->initial && fallback_pending(c)) {
		subflow_reset(sf, 6);
		return;
	}
	sf->stage = STAGE_UP;
	sf->opened_told = true;
	sf->up_ns = c->now_ns;
	sf->tcp.shared_window = !c->plain;
	sf->rx_end = c->rx.next;
	sf->tx_from = sf->tx_next = c->tx.next;
	sf->copied = sf->tx_high = sf->tx_again = c->tx.una;
	if (!sf->initial) {
		c->joins++;
		c->had_join = true;
		c->tx.backoff = 0; /* what was waited for is there */
		reinject_arm(c);
	}
	endpoint_tell(c, EVENT_SUBFLOW_OPENED, sf);
	c->pm_due = c->settle_due = true;
}

static void on_connected(struct subflow *sf)
{
	if (sf->initial) {
		conn_opened(sf->conn);
		subflow_up(sf);
	} else if (!sf->client) {
		subflow_up(sf);
		tcp_ack_now(&sf->tcp); /* the fourth ACK (RFC 8684 §3.2) */
	}
}

/* After a fallback, subflow ACKs alone clear the send buffer (RFC 8684 §3.7). */
static void on_acked(struct subflow *sf)
{
	struct conn *c = sf->conn;

	sf->stale = false;
	if (c->plain)
		tx_acked(c, c->plain_base + tcp_acked_ssn(&sf->tcp));
}

/* A FIN ends a subflow, not the connection; unless there is nothing but the subflow. */
static void on_fin(struct subflow *sf)
{
	struct conn *c = sf->conn;

	if (c->plain) {
		rx_fin(c, c->rx.next);
		return;
	}
	if (sf->close == SUBFLOW_OPEN)
		sf->close = SUBFLOW_FIN;
	c->settle_due = true;
}

static void on_gone(struct subflow *sf, bool reset)
{
	if (sf->close == SUBFLOW_OPEN && reset)
		sf->close = SUBFLOW_RST;
	sf->conn->last_was_reset = reset;
	if (sf->initial && sf->stage == STAGE_SYN && sf->client && reset)
		sf->conn->refused = true;
	reinject_subflow(sf);
	sf->conn->settle_due = true;
}

static void on_timeout(struct subflow *sf)
{
	if (sf->stage != STAGE_UP || sf->conn->plain)
		return;
	sf->stale = true;
	sf->heard = false;
	if (conn_alive(sf->conn) > 1)
		reinject_subflow(sf);
	sf->conn->settle_due = true;
	if (sf->tcp.timeouts != HANGS || sf->closed_told)
		return;
	pm_failed(sf->conn, sf); /* other pairs of addresses come first now */
	sf->conn->pm_due = true;
}

static void on_event(struct tcp *t, enum tcp_event event)
{
	struct subflow *sf = subflow_of(t);

	switch (event) {
	case TCP_EVENT_CONNECTED: on_connected(sf); break;
	case TCP_EVENT_ACKED: on_acked(sf); break;
	case TCP_EVENT_FIN: on_fin(sf); break;
	case TCP_EVENT_RESET: on_gone(sf, true); break;
	case TCP_EVENT_TIMEOUT: on_timeout(sf); break;
	case TCP_EVENT_FAILED: on_gone(sf, false); break;
	case TCP_EVENT_CLOSED:
		on_acked(sf); /* the ACK of a last FIN is no event of its own */
		reinject_subflow(sf);
		if (sf->conn->plain)
			on_acked(sf); /* the last ACK, of our FIN */
		sf->conn->settle_due = true;
		break;
	}
}

static uint32_t on_window(struct tcp *t)
{
	return rx_window(subflow_of(t)->conn);
}

static void on_data(struct tcp *t, uint32_t ssn, struct span octets)
{
	subflow_data(subflow_of(t), ssn, octets);
}

const struct tcp_owner_ops subflow_ops = {
    .options = subflow_options,
    .segment = subflow_segment,
    .data = on_data,
    .event = on_event,
    .window = on_window,
};
