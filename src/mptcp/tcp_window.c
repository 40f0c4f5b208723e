/* The window that we offer, and the one that the peer does. */
#include "mptcp/tcp_parts.h"

#define SEGMENTS_MAX 16384 /* queued and in flight, however short: bounds memory */

#define UNITS_MIN 64 /* of the window at the start: leaves room to grow by 1024 times */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static unsigned own_scale(const struct tcp *t, bool syn)
{
	return syn || !t->wscale_on ? 0 : t->config.wscale;
}

/* Growth worth announcing (RFC 9293 §3.8.6.2.2). */
static uint32_t worth(const struct tcp *t)
{
	return least(t->rcv_mss, t->rcv_wnd_max / 2);
}

/* Right edge from rcv_nxt on, that never moves back and never creeps. */
static uint32_t own_edge(const struct tcp *t, uint32_t window)
{
	uint32_t offered = t->rcv_edge - t->rcv_nxt;

	return window < offered || window - offered < worth(t) ? offered : window;
}

/* A unit that is large beside the window itself could not announce it. */
void tcp_window_begin(struct tcp *t)
{
	uint32_t window = t->owner->window(t);

	while (window && t->config.wscale && window >> t->config.wscale < UNITS_MIN)
		t->config.wscale--;
}

/* In units of the scale. What was offered is rounded up where there is room; otherwise the edge
 * seems to move back by less than a unit, and what was offered is still taken (RFC 7323 §2.4).
 * Always rounding up, by up to 16 KiB an ACK, would never close the window. */
static uint32_t in_units(uint32_t offered, uint32_t window, unsigned scale)
{
	uint32_t field = offered >> scale, up = (field + 1) << scale;

	return field << scale < offered && up <= window ? field + 1 : field;
}

/* What the field can say of it. */
static uint32_t own_window(struct tcp *t, bool syn)
{
	return least(t->owner->window(t), (uint32_t)UINT16_MAX << own_scale(t, syn));
}

uint16_t tcp_window_announce(struct tcp *t, bool syn)
{
	unsigned scale = own_scale(t, syn);
	uint32_t window = own_window(t, syn), field;

	if (window > t->rcv_wnd_max)
		t->rcv_wnd_max = window;
	if (t->shared_window || syn)
		field = window >> scale;
	else
		field = least(in_units(own_edge(t, window), window, scale), UINT16_MAX);
	t->announced = field << scale;
	if (seq_before(t->rcv_edge, t->rcv_nxt + t->announced))
		t->rcv_edge = t->rcv_nxt + t->announced;
	return (uint16_t)field;
}

void tcp_window_opened(struct tcp *t)
{
	uint32_t window, left = t->announced - (t->rcv_nxt - t->rcv_acked);

	if (t->state < TCP_ESTABLISHED || t->state == TCP_TIME_WAIT || t->fin_taken)
		return;
	if (t->rcv_nxt - t->rcv_acked > t->announced)
		left = 0;
	window = own_window(t, false);
	if (window > left && window - left >= worth(t) && left <= window / 2)
		tcp_ack_at_once(t);
}

uint32_t tcp_window_of(const struct tcp *t, const struct packet *p)
{
	bool scaled = t->wscale_on && !(p->tcp.flags & TCP_SYN);

	return (uint32_t)p->tcp.window << (scaled ? t->snd_wscale : 0);
}

static void set_window(struct tcp *t, uint32_t window)
{
	t->snd_wnd = window;
	if (window > t->snd_wnd_max)
		t->snd_wnd_max = window;
	if (seq_before(t->snd_edge, t->snd_una + window))
		t->snd_edge = t->snd_una + window;
}

/* RFC 9293 §3.10.7.4: only from segments not older than the last that set it. One that acknowledges
 * more is younger, though its own octets were sent before: without its window, which has shrunk by
 * them, what it acknowledges would seem to have opened the other. */
void tcp_window_take(struct tcp *t, const struct tcp_arrival *a)
{
	bool old = seq_before(a->seq, t->snd_wl1) && !seq_before(t->snd_wl2, a->ack);

	if (old || (a->seq == t->snd_wl1 && seq_before(a->ack, t->snd_wl2)))
		return;
	if (seq_before(t->snd_wl1, a->seq))
		t->snd_wl1 = a->seq;
	t->snd_wl2 = a->ack;
	set_window(t, a->window);
}

void tcp_window_heard(struct tcp *t, uint32_t octets)
{
	if (octets <= t->snd_wnd || t->state < TCP_ESTABLISHED)
		return;
	set_window(t, octets);
	t->dirty = true;
}

/* A FIN needs no window: where it hung behind one that its data fill, the peer would wait for the
 * data and we for it. */
bool tcp_window_blocks(const struct tcp *t)
{
	const struct tcp_sent *s;

	if (t->ring.next == t->ring.tail)
		return false;
	s = ring_at(&t->ring, t->ring.next);
	return s->piece.len && seq_diff(s->seq + s->piece.len, t->snd_una + t->snd_wnd) > 0;
}

static uint32_t until(uint32_t edge, uint32_t seq)
{
	return seq_before(seq, edge) ? edge - seq : 0;
}

uint32_t tcp_room(const struct tcp *t)
{
	uint32_t window = until(t->snd_una + t->snd_wnd, t->snd_end);
	uint32_t busy = tcp_in_flight(t) + (t->snd_end - t->snd_nxt);
	uint32_t admitted = t->flow.cwnd > busy ? t->flow.cwnd - busy : 0;

	if ((t->state != TCP_ESTABLISHED && t->state != TCP_CLOSE_WAIT) || t->fin_queued ||
	    t->ring.tail - t->ring.head >= SEGMENTS_MAX)
		return 0;
	if (window < least(t->mss, t->snd_wnd_max / 2) || window == 0)
		return t->snd_end == t->snd_una ? t->mss : 0;
	if (admitted < t->mss)
		return busy == 0 ? least(window, t->mss) : 0;
	return least(window, admitted);
}
