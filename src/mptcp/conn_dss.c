/* The DSS option as it arrives, and the way of octets from a subflow into the stream. */
#include <stdlib.h>
#include <string.h>

#include "mptcp/conn_state.h"
#include "mptcp/key.h"
#include "packet/checksum.h"
#include "util/seq.h"

#define UNMAPPED_MAX	 (64 * 1024) /* octets kept for a mapping that has not come yet */
#define UNMAPPED_WAIT_NS (10 * NS_PER_S)

/* The peer's window is the connection's: relative to the DATA_ACK (RFC 8684 §3.3.4). */
static void take_window(struct subflow *sf, uint64_t ack, uint32_t window)
{
	struct conn *c = sf->conn;

	if (!dsn_before(c->tx.edge, ack + window))
		return;
	c->tx.edge = ack + window;
	for (unsigned i = 0; i < c->subflow_count && c->joins; i++) {
		struct subflow *other = c->subflow[i];

		if (other != sf && other->stage == STAGE_UP)
			tcp_window_heard(&other->tcp, window);
	}
}

static void take_ack(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	uint64_t ack = dsn_expand(a->dss.ack, a->dss.flags & MPTCP_DSS_ACK8, c->tx.una);
	uint64_t limit = c->tx.next + (c->tx.fin_sent ? 1 : 0);

	if (dsn_before(limit, ack))
		return;
	take_window(sf, ack, tcp_window_of(&sf->tcp, a->packet));
	if (ack != c->tx.first && !dsn_before(ack, c->tx.first))
		c->tx_verified = true;
	if (dsn_before(c->tx.una, ack))
		tx_acked(c, ack);
}

/* A DATA_FIN without data: it has no place in the subflow's space. */
static void take_lone_fin(struct subflow *sf, const struct mptcp_dss *dss, uint64_t dsn)
{
	struct conn *c = sf->conn;

	if (c->checksum &&
	    (!dss->has_checksum || dss->checksum != key_dss_checksum(dsn, dss->ssn, 1, 0)))
		return;
	sf->fin_heard = c->rx.fin_known;
	rx_fin(c, dsn);
	tcp_ack_now(&sf->tcp);
}

/* In the subflow's window, and not yet behind us. */
static bool ssn_in_window(const struct subflow *sf, const struct mapping *m)
{
	uint32_t next = sf->hold.len ? sf->hold.ssn : sf->tcp.rcv_nxt - sf->tcp.irs;

	return seq_before(next, m->ssn + m->len) &&
	       seq_before(m->ssn, sf->tcp.rcv_edge - sf->tcp.irs + 1);
}

static void take_mapping(struct subflow *sf, const struct mptcp_dss *dss)
{
	struct conn *c = sf->conn;
	bool fin = dss->flags & MPTCP_DSS_FIN, is64 = dss->flags & MPTCP_DSS_DSN8;
	struct mapping m = {.dsn = dsn_expand(dss->dsn, is64, c->rx.next),
			    .ssn = dss->ssn,
			    .len = (uint16_t)(dss->data_len - fin),
			    .total = dss->data_len,
			    .checksum = dss->checksum,
			    .has_checksum = dss->has_checksum};

	c->rx.ack8 = c->rx.ack8 || is64;
	if (!m.len) {
		take_lone_fin(sf, dss, m.dsn);
		return;
	}
	if (c->checksum && !m.has_checksum)
		return;
	m.has_checksum = c->checksum;
	if (!ssn_in_window(sf, &m))
		return;
	if (map_add(&sf->map, &m) == MAP_CONFLICT)
		subflow_reset(sf, 1);
	else if (sf->hold.len)
		subflow_deliver_held(sf);
}

static void first_dss(struct subflow *sf)
{
	struct conn *c = sf->conn;

	sf->dss_heard = true;
	if (c->dss_heard)
		return;
	c->confirmed = c->dss_heard = true;
	c->pm_due = c->settle_due = true;
}

/* We fell back for want of options, or because the peer asked for it, but it may not have heard of
 * it yet, and sends octets of the stream again under new sequence numbers: their place is not where
 * a plain stream has them. */
static bool contradicts_plain(const struct subflow *sf, const struct mptcp_dss *dss)
{
	const struct conn *c = sf->conn;
	uint32_t next = sf->tcp.rcv_nxt - sf->tcp.irs, end = dss->ssn + dss->data_len;
	uint64_t dsn;

	if ((c->fallback_reason != FALLBACK_BECAUSE_NO_DSS &&
	     c->fallback_reason != FALLBACK_BECAUSE_MP_FAIL) ||
	    sf->failing || !dss->ssn || !seq_before(next, end))
		return false;
	dsn = dsn_expand(dss->dsn, dss->flags & MPTCP_DSS_DSN8, c->rx.next);
	return dsn != c->rx.next + (uint64_t)(int64_t)seq_diff(dss->ssn, next);
}

void dss_take(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	const struct mptcp_dss *dss = &a->dss;

	if (!c->remote_known || sf->plain)
		return;
	if ((dss->flags & MPTCP_DSS_DSN) && !dss->data_len) {
		fallback_infinite(sf, dss);
		return;
	}
	if (c->plain && (dss->flags & MPTCP_DSS_DSN) && contradicts_plain(sf, dss))
		subflow_reset(sf, 6);
	if (c->plain || sf->failing)
		return;
	if (!sf->dss_heard)
		first_dss(sf);
	if (dss->flags & MPTCP_DSS_DSN)
		take_mapping(sf, dss);
	if (dss->flags & MPTCP_DSS_ACK)
		take_ack(sf, a);
}

/* The very first data, without a mapping: the stream is taken as it comes. Later, it could be data
 * that was sent twice. */
static void no_mapping(struct subflow *sf, uint32_t ssn, size_t len)
{
	struct conn *c = sf->conn;

	if (ssn == 1 && sf->initial) {
		if (!conn_fall_back(sf, FALLBACK_FIRST_DATA,
				    c->remote_known ? FALLBACK_BECAUSE_NO_DSS
						    : FALLBACK_BECAUSE_NO_KEYS))
			subflow_reset(sf, 6);
	} else if (len > UNMAPPED_MAX) {
		subflow_reset(sf, 6);
	} else if (c->timer[TIMER_FAIL] == TIME_NEVER) {
		c->timer[TIMER_FAIL] = c->now_ns + UNMAPPED_WAIT_NS;
	}
}

static void deliver(struct subflow *sf, const struct mapping *m, uint32_t ssn, struct span octets)
{
	struct conn *c = sf->conn;
	uint64_t dsn = m->dsn + (ssn - m->ssn), end = m->dsn + m->len;

	sf->mapped = true;
	sf->rx_end = dsn + octets.len;
	rx_put(c, dsn, octets);
	if (m->total != m->len && sf->rx_end == end)
		rx_fin(c, end);
}

/* The whole mapping is checked before any of it is delivered (RFC 8684 §3.3.1). */
static size_t deliver_checked(struct subflow *sf, const struct mapping *m, uint32_t ssn,
			      struct span octets)
{
	struct span all = span_cut(octets, 0, m->len);
	uint16_t sum;

	if (m->ssn != ssn) { /* its beginning was given up before it was mapped */
		sf->unmapped += span_cut(octets, 0, m->ssn + m->len - ssn).len;
		return span_cut(octets, 0, m->ssn + m->len - ssn).len;
	}
	if (all.len < m->len)
		return 0;
	sum = key_dss_checksum(m->dsn, m->ssn, m->total, checksum_add(0, all.at, all.len));
	if (sum != m->checksum) {
		sf->conn->swapped_checksum |= m->checksum == (uint16_t)(sum << 8 | sum >> 8);
		fallback_checksum(sf, m);
		return 0;
	}
	deliver(sf, m, ssn, all);
	return all.len;
}

/* Delivers or gives up octets from the front; 0: they must wait. */
static size_t step(struct subflow *sf, uint32_t ssn, struct span octets)
{
	const struct mapping *m = map_find(&sf->map, ssn);
	size_t len;

	if (!m) {
		m = map_after(&sf->map, ssn);
		len = m ? m->ssn - ssn : 0;
		if (!m || len >= octets.len) {
			no_mapping(sf, ssn, octets.len);
			return 0;
		}
		sf->unmapped += len;
		return len;
	}
	if (m->has_checksum)
		return deliver_checked(sf, m, ssn, octets);
	octets = span_cut(octets, 0, m->ssn + m->len - ssn);
	deliver(sf, m, ssn, octets);
	return octets.len;
}

/* As many steps as are possible; returns the octets that are done with. */
static size_t advance(struct subflow *sf, uint32_t ssn, struct span octets)
{
	size_t done = 0, len;

	while (done < octets.len && !sf->failing && !sf->conn->plain && !sf->reset_wanted) {
		len = step(sf, ssn + (uint32_t)done, span_cut(octets, done, octets.len));
		if (!len)
			break;
		done += len;
		map_trim(&sf->map, ssn + (uint32_t)done);
	}
	return done;
}

static bool hold_reserve(struct subflow *sf, size_t more)
{
	struct hold *h = &sf->hold;
	size_t capacity = h->capacity ? h->capacity : 2048;
	uint8_t *at;

	if (h->len + more <= h->capacity)
		return true;
	while (capacity < h->len + more)
		capacity *= 2;
	if (capacity > 2 * sf->conn->config.receive_buffer + 65536 ||
	    capacity - h->capacity > endpoint_memory_left(sf->conn->endpoint))
		return false;
	at = realloc(h->at, capacity);
	if (!at)
		return false;
	endpoint_account(sf->conn->endpoint, capacity, h->capacity);
	h->at = at;
	h->capacity = capacity;
	return true;
}

static void hold_drop(struct subflow *sf, size_t len)
{
	struct hold *h = &sf->hold;

	memmove(h->at, h->at + len, h->len - len);
	h->len -= len;
	h->ssn += (uint32_t)len;
	sf->conn->rx.spare -= len;
}

void subflow_deliver_held(struct subflow *sf)
{
	size_t done = advance(sf, sf->hold.ssn, span_of(sf->hold.at, sf->hold.len));

	/* A fallback on the way has emptied the hold itself. */
	if (done <= sf->hold.len && done)
		hold_drop(sf, done);
}

/* Why octets find no place: they are behind the end, where a box must have put them; or too many.
 */
static int no_place(const struct conn *c)
{
	return c->rx.fin_taken ? 6 : 2;
}

/* The held octets are the stream from `dsn` on, whatever was said of them before. */
void subflow_hold_flush(struct subflow *sf, uint64_t dsn)
{
	struct conn *c = sf->conn;

	if (sf->hold.len && !rx_put(c, dsn, span_of(sf->hold.at, sf->hold.len)))
		subflow_reset(sf, no_place(c));
	if (sf->hold.len)
		hold_drop(sf, sf->hold.len);
}

static void hold(struct subflow *sf, uint32_t ssn, struct span octets)
{
	if (!hold_reserve(sf,
			  octets.len)) { /* in vain for a mapping (RFC 8684 §3.7), or too much */
		subflow_reset(sf, endpoint_memory_left(sf->conn->endpoint) < octets.len ? 2 : 6);
		return;
	}
	if (!sf->hold.len)
		sf->hold.ssn = ssn;
	memcpy(sf->hold.at + sf->hold.len, octets.at, octets.len);
	sf->hold.len += octets.len;
	sf->conn->rx.spare += octets.len;
}

void subflow_data(struct subflow *sf, uint32_t ssn, struct span octets)
{
	struct conn *c = sf->conn;
	size_t done;

	if (sf->reset_wanted)
		return;
	if (!sf->hold.len && !sf->failing && !c->plain) {
		done = advance(sf, ssn, octets);
		ssn += (uint32_t)done;
		octets = span_cut(octets, done, octets.len);
	}
	if (!octets.len)
		return;
	if (c->plain && !sf->failing) {
		if (!rx_put(c, c->rx.next, octets))
			subflow_reset(sf, no_place(c));
		return;
	}
	hold(sf, ssn, octets);
	if (!sf->failing)
		subflow_deliver_held(sf);
}
