#include "mptcp/tcp_parts.h"

static void leave_group(struct tcp *t)
{
	struct cc_group *g = t->config.group;

	for (unsigned i = 0; g && i < g->count; i++)
		if (g->flow[i] == &t->flow)
			g->flow[i] = g->flow[--g->count];
	t->flow.established = false;
}

/* What is queued stays for tcp_unacked; what waits to be received goes. */
void tcp_end(struct tcp *t, enum tcp_event why)
{
	if (t->state == TCP_CLOSED)
		return;
	t->state = TCP_CLOSED;
	for (unsigned i = 0; i < TCP_TIMERS; i++)
		t->timer[i] = TIME_NEVER;
	t->pace_ns = TIME_NEVER;
	leave_group(t);
	reorder_fini(&t->reorder);
	if (why != TCP_EVENT_CLOSED)
		tcp_tell(t, why);
	if (!t->rst_due)
		tcp_tell(t, TCP_EVENT_CLOSED);
}

void tcp_fini(struct tcp *t)
{
	leave_group(t);
	ring_fini(&t->ring);
	reorder_fini(&t->reorder);
	t->state = TCP_CLOSED;
}

void tcp_time_wait(struct tcp *t)
{
	t->state = TCP_TIME_WAIT;
	for (unsigned i = 0; i < TCP_TIMERS; i++)
		t->timer[i] = TIME_NEVER;
	t->timer[TCP_TIMER_WAIT] = t->now_ns + t->config.time_wait_ns;
	leave_group(t);
}

bool tcp_reopened(struct tcp *t, int64_t now_ns, const struct packet *syn)
{
	struct tcp_arrival a;

	if (t->state != TCP_TIME_WAIT ||
	    (syn->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return false;
	tcp_arrival_read(t, &a, syn);
	if (!seq_before(t->rcv_nxt, a.seq) &&
	    !(a.has_stamp && t->timestamps_on && seq_before(t->ts_recent, a.stamp)))
		return false;
	t->now_ns = now_ns;
	tcp_end(t, TCP_EVENT_CLOSED);
	return true;
}

void tcp_fin_acked(struct tcp *t)
{
	if (t->state == TCP_FIN_WAIT_1) {
		t->state = TCP_FIN_WAIT_2;
		if (t->config.fin_wait_2_ns)
			t->timer[TCP_TIMER_WAIT] = t->now_ns + t->config.fin_wait_2_ns;
	} else if (t->state == TCP_CLOSING) {
		tcp_time_wait(t);
	} else if (t->state == TCP_LAST_ACK) {
		tcp_end(t, TCP_EVENT_CLOSED);
	}
}

void tcp_fin_taken(struct tcp *t)
{
	if (t->state == TCP_ESTABLISHED)
		t->state = TCP_CLOSE_WAIT;
	else if (t->state == TCP_FIN_WAIT_1)
		t->state = TCP_CLOSING;
	else if (t->state == TCP_FIN_WAIT_2)
		tcp_time_wait(t);
	tcp_tell(t, TCP_EVENT_FIN);
}

/* On the last segment that is queued, or alone: tcp_push has left room for it. */
static void queue_fin(struct tcp *t)
{
	struct tcp_sent fin = {.seq = t->snd_end, .len = 1, .fin = true};
	struct tcp_ring *r = &t->ring;

	if (r->next != r->tail && ring_at(r, r->tail - 1)->piece.len) {
		ring_at(r, r->tail - 1)->fin = true;
		ring_at(r, r->tail - 1)->len++;
	} else {
		ring_push(r, &fin);
	}
	t->snd_end++;
	t->fin_queued = true;
	t->dirty = true;
}

void tcp_shutdown(struct tcp *t)
{
	if (t->fin_queued || t->state == TCP_CLOSED)
		return;
	if (t->state == TCP_SYN_SENT || !ring_reserve(&t->ring, 1)) {
		tcp_end(t, TCP_EVENT_CLOSED);
		return;
	}
	queue_fin(t);
	if (t->state == TCP_ESTABLISHED)
		t->state = TCP_FIN_WAIT_1;
	else if (t->state == TCP_CLOSE_WAIT)
		t->state = TCP_LAST_ACK;
}

void tcp_abort(struct tcp *t)
{
	t->rst_due = t->state >= TCP_SYN_RECEIVED && t->state != TCP_TIME_WAIT;
	t->dirty = true;
	tcp_end(t, TCP_EVENT_CLOSED);
}
