/* How much of the peer's window, which all subflows share (RFC 8684 §3.3.5), new data may take. */
#include "mptcp/conn_state.h"

/* One part in so many of a window stays free for what fills a hole, if it is worth a segment. */
#define HOLES_SHARE 8
#define SPARE_MIN   536

/* The subflow is about to send [dsn, end): does that continue what it sent last, and all else? */
void window_used(struct conn *c, const struct subflow *sf, uint64_t dsn, uint64_t end)
{
	if (sf->tx_next != dsn || c->tx.next != dsn)
		c->tx.mixed = dsn_before(c->tx.next, end) ? end : c->tx.next;
}

/* What the peer keeps behind a hole may take more memory than it offered octets, short segments
 * above all; Linux, once that is full, no longer takes even what fills the hole. Within one subflow
 * the TCP at the other end sees to that; what lies on several leaves room. */
static uint64_t window_edge(const struct tx *tx)
{
	uint64_t spare = (tx->edge - tx->una) / HOLES_SHARE;
	bool holes = dsn_before(tx->una, tx->mixed) && dsn_before(tx->una, tx->edge);

	return holes && spare >= SPARE_MIN ? tx->edge - spare : tx->edge;
}

/* How far new data may go: the peer's window; and one segment if only that is in the way, for the
 * TCP to probe with. */
uint64_t window_left(const struct conn *c)
{
	const struct tx *tx = &c->tx;
	uint64_t edge = window_edge(tx);

	if (dsn_before(tx->next, edge))
		return edge - tx->next;
	return tx->una == tx->next && !c->rx.known ? UINT32_MAX : tx->una == tx->next;
}

/* A window that leaves less than a segment is waited for while anything is in flight whose ACK will
 * open it (RFC 9293 §3.8.6.2.1). Each TCP does so by itself, but to a slow subflow that has not
 * heard of the window yet such a crumb would look welcome, and then hold up all the others. */
uint64_t window_awaited(const struct conn *c, uint64_t window, uint32_t unit)
{
	return window < unit && c->tx.una != c->tx.next ? 0 : window;
}
