/* The ways out of MPTCP (RFC 8684 §3.7). A fallback is possible only while the one subflow there is
 * carries the stream in one piece in both directions.
 *
 * Options that vanish, and boxes that acknowledge in the peer's name without any (proxies that
 * enhance performance, §6), look alike: an ACK for our data that says nothing. What it does depends
 * on what was heard before.
 *
 * Nothing, neither a mapping nor a DATA_ACK for data of ours, nor is there, or ever was, another
 * subflow: we fall back, as §3.7 demands, and say so with an infinite mapping.
 *
 * A mapping: the peer sends MPTCP, and may take us to do so; options do pass its way. The ACK is
 * somebody else's, and is no reason to fall back. Nor could we any more: the peer, whose data we
 * DATA_ACKed, may send octets again under new subflow sequence numbers before it hears of it, and a
 * plain receiver would take them for new ones. A DATA_ACK is waited for. If there is none when the
 * data-level timer has expired for the sixth time (conn_reinject.c), the subflow is closed with a
 * RST for "middlebox interference". (Linux, too, looks at the first segment only, and ignores later
 * ACKs without options.)
 *
 * That is safe from the other side as well: until a DATA_ACK has come for our data, the peer may
 * have fallen back without our knowledge, and so we do not send any octet twice on a subflow, but
 * as the TCP does (reinject_allowed); once one has come, the peer does not fall back any more.
 *
 * A joined subflow on which the first ACK for data says nothing is closed with the same reason. */
#include "mptcp/conn_state.h"
#include "util/seq.h"

#define FAIL_WAIT_NS (10 * NS_PER_S)

static bool is_alone(const struct subflow *sf)
{
	const struct conn *c = sf->conn;

	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i] != sf && subflow_alive(c->subflow[i]) &&
		    c->subflow[i]->opened_told)
			return false;
	return true;
}

/* What has arrived behind a hole of the subflow's goes on where the stream does, as far as the peer
 * has said: it is no repetition. */
static bool goes_on(const struct subflow *sf)
{
	uint32_t next = sf->hold.len ? sf->hold.ssn : sf->tcp.rcv_nxt - sf->tcp.irs;

	for (uint32_t i = 0; i < sf->map.count; i++) {
		const struct mapping *m = &sf->map.at[sf->map.first + i];
		uint64_t there = sf->conn->rx.next + (uint64_t)(int64_t)seq_diff(m->ssn, next);

		if (seq_before(next, m->ssn + m->len) && m->dsn != there)
			return false;
	}
	return true;
}

/* In particular, nothing of what is not DATA_ACKed was sent twice under different numbers: a box
 * that changed lengths would leave no telling which copy of what is where. */
static bool is_contiguous(const struct subflow *sf)
{
	const struct conn *c = sf->conn;
	const struct tx *tx = &c->tx;

	if (tx->next != tx->una &&
	    (sf->tx_next != tx->next || dsn_before(tx->una, sf->tx_from) ||
	     dsn_before(tx->una, sf->tx_again) || (tx->again.count && reinject_allowed(c))))
		return false;
	return !c->rx.early.count && (!c->rx.known || sf->rx_end == c->rx.next);
}

static void drop_others(struct subflow *sf)
{
	struct conn *c = sf->conn;

	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i] != sf && subflow_alive(c->subflow[i]))
			subflow_reset(c->subflow[i], 1);
}

static void become_plain(struct subflow *sf)
{
	struct conn *c = sf->conn;

	c->plain = true;
	sf->tcp.shared_window = false;
	c->timer[TIMER_DATA] = c->timer[TIMER_FAIL] = c->timer[TIMER_ANNOUNCE] = TIME_NEVER;
	c->tx.fin_sent = false; /* a FIN says it again */
	c->rx.fin_known = c->rx.fin_taken;
	ranges_trim(&c->tx.again, c->tx.next);
	if (!c->rx.known)
		rx_start(c, 1);
}

/* For want of options, that is: the peer does not know. */
static bool is_silent(enum fallback_reason reason)
{
	return reason == FALLBACK_BECAUSE_NO_DSS || reason == FALLBACK_BECAUSE_NO_KEYS;
}

/* "Before any additional subflows are added" (RFC 8684 §3.7), and any mapped data came. */
static bool may_be_silent(const struct conn *c)
{
	return !c->had_join && (!c->rx.known || c->rx.next == c->rx.first);
}

/* Before the handshake is over nothing was sent or promised. */
static void fall_back_early(struct subflow *sf)
{
	struct conn *c = sf->conn;

	sf->plain = true;
	c->plain_base = c->tx.first - 1;
}

static void fall_back_late(struct subflow *sf)
{
	struct conn *c = sf->conn;

	c->plain_base = c->tx.next - tcp_next_ssn(&sf->tcp);
	c->infinite_due = true;
	c->infinite_until = tcp_next_ssn(&sf->tcp);
	drop_others(sf);
	if (sf->hold.len)
		subflow_hold_flush(sf, c->rx.next);
	tx_acked(c, c->plain_base + tcp_acked_ssn(&sf->tcp));
	if (sf->fail_due)
		tcp_ack_alone(&sf->tcp);
	else
		tcp_ack_now(&sf->tcp);
}

bool conn_fall_back(struct subflow *sf, enum fallback_stage stage, enum fallback_reason reason)
{
	struct conn *c = sf->conn;
	bool early = c->state == CONN_OPENING;

	if (c->plain)
		return true;
	if (!early && (!is_alone(sf) || !is_contiguous(sf) ||
		       (is_silent(reason) ? !may_be_silent(c) : !goes_on(sf))))
		return false;
	become_plain(sf);
	c->fallback_stage = stage;
	c->fallback_reason = reason;
	if (early) {
		fall_back_early(sf);
	} else {
		c->outcome = OUTCOME_FALLBACK;
		fall_back_late(sf);
		endpoint_tell(c, EVENT_FALLBACK, sf);
	}
	c->settle_due = true;
	conn_touch(c);
	return true;
}

static bool acks_data(const struct subflow *sf, const struct packet *p)
{
	uint32_t acked = p->tcp.ack - sf->tcp.iss;

	return (p->tcp.flags & TCP_ACK) && seq_before(1, acked) &&
	       !seq_before(sf->tcp.snd_end - sf->tcp.iss, acked);
}

/* An ACK for data with no MPTCP option at all, before any DATA_ACK was seen; or a FIN without,
 * before any DSS was. */
bool fallback_unacked(struct subflow *sf, const struct arrived *a)
{
	struct conn *c = sf->conn;
	bool verified = sf->initial ? c->tx_verified : sf->dss_heard;
	bool fin = a->packet->tcp.flags & TCP_FIN && !sf->dss_heard && !c->dss_heard;

	if (sf->plain || verified || sf->stage == STAGE_PRE || sf->failing)
		return false;
	if (!fin && (sf->stage != STAGE_UP || !acks_data(sf, a->packet)))
		return false;
	if (sf->mapped && !fin)
		return false;
	if (!sf->initial || sf->mapped ||
	    !conn_fall_back(sf, FALLBACK_FIRST_DATA, FALLBACK_BECAUSE_NO_DSS)) {
		subflow_reset(sf, 6);
		return false;
	}
	return true;
}

/* Where the peer says that the octets in hand, or those that come next, lie in the stream. */
static uint64_t infinite_position(const struct subflow *sf, const struct mptcp_dss *dss)
{
	const struct conn *c = sf->conn;
	uint64_t dsn = dsn_expand(dss->dsn, dss->flags & MPTCP_DSS_DSN8, c->rx.next);
	uint32_t at = sf->hold.len ? sf->hold.ssn : sf->tcp.rcv_nxt - sf->tcp.irs;

	return dsn + (uint64_t)(int64_t)seq_diff(at, dss->ssn);
}

void fallback_infinite(struct subflow *sf, const struct mptcp_dss *dss)
{
	struct conn *c = sf->conn;
	bool failing = sf->failing;
	uint64_t at;

	if (c->plain)
		return;
	at = infinite_position(sf, dss);
	if (dsn_before(c->rx.next, at) || !is_alone(sf) || !is_contiguous(sf) ||
	    c->rx.next - at > sf->hold.len) {
		subflow_reset(sf, 6);
		return;
	}
	sf->failing = false;
	c->rx.fin_known = c->rx.fin_taken; /* a box may have moved it: the FIN will tell */
	if (sf->hold.len)
		subflow_hold_flush(sf, at);
	sf->rx_end = c->rx.next;
	if (!conn_fall_back(sf, c->tx_verified || sf->mapped ? FALLBACK_LATER : FALLBACK_FIRST_DATA,
			    failing ? FALLBACK_BECAUSE_CHECKSUM : FALLBACK_BECAUSE_INFINITE))
		subflow_reset(sf, 6);
}

/* The peer could not verify what it got. */
void fallback_fail(struct subflow *sf, uint64_t dsn)
{
	struct conn *c = sf->conn;

	if (sf->failing || sf->plain || dsn_before(c->tx.next, dsn))
		return;
	if (c->plain) {
		c->infinite_due = true;
		c->infinite_until = tcp_next_ssn(&sf->tcp);
		tcp_ack_now(&sf->tcp);
		return;
	}
	sf->fail_due = true; /* and the other direction reverts too */
	sf->fail_dsn = c->rx.next;
	if (!conn_fall_back(sf, FALLBACK_LATER, FALLBACK_BECAUSE_MP_FAIL))
		subflow_reset(sf, 6);
}

bool fallback_pending(const struct conn *c)
{
	for (unsigned i = 0; i < c->subflow_count; i++)
		if (c->subflow[i]->failing && subflow_alive(c->subflow[i]))
			return true;
	return false;
}

/* With several subflows this one goes and its data travels again elsewhere; a single one is told,
 * and its octets wait until the sender says where they belong. */
void fallback_checksum(struct subflow *sf, const struct mapping *m)
{
	struct conn *c = sf->conn;

	c->checksum_failures++;
	endpoint_tell(c, EVENT_CHECKSUM_FAILED, sf);
	sf->fail_dsn = m->dsn;
	if (!is_alone(sf) || c->rx.early.count || m->dsn != c->rx.next) {
		sf->reset_fail = true;
		subflow_reset(sf, 6);
		return;
	}
	sf->failing = true;
	sf->rx_end = m->dsn;
	c->timer[TIMER_FAIL] = c->now_ns + FAIL_WAIT_NS;
	tcp_ack_alone(&sf->tcp);
}
