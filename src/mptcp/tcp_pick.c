/* Which segment goes next, and whether it may. */
#include "mptcp/tcp_parts.h"

#define PACE_MIN_NS (20 * NS_PER_US) /* shorter pauses are not worth a timer */

/* A window's worth at once may overflow a queue on the way: between ACKs, bursts leave at twice
 * the rate of the window. */
static bool paced(struct tcp *t)
{
	int64_t pause;

	if (t->burst)
		return true;
	pause = t->srtt_ns / 2 * TCP_BURST * t->flow.mss / (t->flow.cwnd + 1);
	if (pause < PACE_MIN_NS)
		t->burst = TCP_BURST;
	else if (t->pace_ns == TIME_NEVER)
		t->pace_ns = t->now_ns + pause;
	return t->burst > 0;
}

static bool admitted(const struct tcp *t, uint32_t len)
{
	uint32_t out = tcp_in_flight(t);

	return out == 0 || (uint64_t)out + len <= t->flow.cwnd;
}

static uint32_t next_lost(struct tcp_ring *r)
{
	while (!ring_at(r, r->lost_from)->lost)
		r->lost_from++;
	return r->lost_from;
}

bool tcp_pick_lost(struct tcp *t, uint32_t *i)
{
	if (t->ring.lost_octets == 0)
		return false;
	*i = next_lost(&t->ring);
	return t->force_retransmit || (admitted(t, ring_at(&t->ring, *i)->len) && paced(t));
}

bool tcp_pick_new(struct tcp *t, uint32_t *i)
{
	const struct tcp_sent *s;

	*i = t->ring.next;
	if (t->ring.next == t->ring.tail)
		return false;
	s = ring_at(&t->ring, *i);
	if (s->len == 0)
		return true;
	if (tcp_window_blocks(t)) {
		if (t->timer[TCP_TIMER_RTX] == TIME_NEVER)
			tcp_rtx_arm(t);
		return false;
	}
	return (s->piece.len == 0 || admitted(t, s->piece.len)) && paced(t);
}

/* RFC 8985 §7.3: new data if there is any, or else the last segment again. */
bool tcp_pick_tail(struct tcp *t, uint32_t *i)
{
	t->tail_probe_due = false;
	*i = t->ring.next;
	if (t->ring.next == t->ring.tail || tcp_window_blocks(t))
		do
			if ((*i)-- == t->ring.head)
				return false;
		while (ring_at(&t->ring, *i)->len == 0 || ring_at(&t->ring, *i)->sacked);
	t->tail_probing = true;
	t->tail_probe_resent = ring_at(&t->ring, *i)->sent;
	t->stats.tlps++;
	return true;
}
