/* What leaves, the most urgent first. */
#include "mptcp/tcp_parts.h"

static bool sends_data(const struct tcp *t)
{
	static const bool may[] = {
	    [TCP_ESTABLISHED] = true, [TCP_CLOSE_WAIT] = true, [TCP_FIN_WAIT_1] = true,
	    [TCP_CLOSING] = true,     [TCP_LAST_ACK] = true,   [TCP_TIME_WAIT] = false,
	};

	return may[t->state];
}

static struct tcp_segment segment_at(const struct tcp *t, uint32_t seq)
{
	return (struct tcp_segment){
	    .ack = true,
	    .third_ack = t->active && !t->peer_spoke && t->state != TCP_SYN_SENT,
	    .seq = seq,
	    .ack_seq = t->rcv_nxt,
	};
}

/* Whoever takes nothing beyond the window takes no ACK from there either (RFC 9293 §3.10.7.4); a
 * FIN behind it is out all the same. */
static uint32_t seq_of_ack(const struct tcp *t)
{
	return seq_before(t->snd_edge, t->snd_nxt) ? t->snd_edge : t->snd_nxt;
}

static void ack_sent(struct tcp *t)
{
	t->ack_due = false;
	t->timer[TCP_TIMER_ACK] = TIME_NEVER;
	t->rcv_acked = t->rcv_nxt;
}

static unsigned ecn_flags(struct tcp *t, bool new_data)
{
	unsigned flags = t->ecn_echo ? TCP_ECE : 0;

	if (new_data && t->ecn_cwr_due) {
		t->ecn_cwr_due = false;
		flags |= TCP_CWR;
	}
	return flags;
}

static size_t send_syn(struct tcp *t, uint8_t *out, size_t cap)
{
	bool ack = t->state == TCP_SYN_RECEIVED;
	struct tcp_segment segment = {.syn = true,
				      .ack = ack,
				      .retransmission = t->last_sent_ns != TIME_NEVER,
				      .seq = t->iss,
				      .ack_seq = ack ? t->rcv_nxt : 0};
	unsigned flags = TCP_SYN | (ack ? TCP_ACK : 0);

	if (!segment.retransmission)
		tcp_window_begin(t);
	if (ack)
		flags |= t->ecn_on ? TCP_ECE : 0;
	else if (t->config.ecn && t->timeouts == 0) /* RFC 3168 §6.1.1.1: then without */
		flags |= TCP_ECE | TCP_CWR;
	t->syn_due = false;
	t->stats.syns++;
	t->last_sent_ns = t->now_ns;
	t->timer[TCP_TIMER_RTX] = t->now_ns + tcp_rto_ns(t);
	return tcp_build(t, &segment, flags, NULL, out, cap);
}

static size_t send_reset(struct tcp *t, uint8_t *out, size_t cap)
{
	struct tcp_segment segment = segment_at(t, t->snd_nxt);
	size_t len;

	t->rst_due = false;
	segment.rst = true;
	len = tcp_build(t, &segment, TCP_RST | TCP_ACK, NULL, out, cap);
	tcp_tell(t, TCP_EVENT_CLOSED);
	return len;
}

/* For an ACK of what we never sent (RFC 9293 §3.10.7.3): nothing else changes. */
static size_t send_refusal(struct tcp *t, uint8_t *out, size_t cap)
{
	struct tcp_segment segment = {.rst = true, .seq = t->refuse_seq};

	t->refuse_due = false;
	return tcp_build(t, &segment, TCP_RST, NULL, out, cap);
}

static size_t send_ack(struct tcp *t, uint32_t seq, bool probe, uint8_t *out, size_t cap)
{
	struct tcp_segment segment = segment_at(t, seq);
	size_t len;

	segment.probe = probe;
	len = tcp_build(t, &segment, TCP_ACK | ecn_flags(t, false), NULL, out, cap);
	if (probe) /* the peer looks at nothing that it says */
		return len;
	t->own_ack_due = t->bare_ack_due = false;
	ack_sent(t);
	return len;
}

/* RFC 5681 §4.1: after a silence the window says nothing about the path any more. */
static void note_idle(struct tcp *t)
{
	if (t->snd_nxt == t->snd_una && t->now_ns - t->last_sent_ns > t->rto_ns &&
	    t->flow.cwnd > t->cwnd_initial)
		t->flow.cwnd = t->cwnd_initial;
}

static void note_new(struct tcp *t, struct tcp_sent *s)
{
	t->ring.next++;
	t->snd_nxt += s->len;
	t->stats.sent_octets += s->piece.len;
	s->sent = true;
}

static void note_again(struct tcp *t, struct tcp_sent *s)
{
	s->resent = true;
	t->stats.retransmitted_segments++;
	t->stats.retransmitted_octets += s->piece.len;
	ring_find(&t->ring, s);
}

static void note_sent(struct tcp *t, uint32_t i, struct tcp_sent *s)
{
	bool again = s->sent;

	if (again)
		note_again(t, s);
	else
		note_new(t, s);
	s->sent_ns = t->now_ns;
	s->order = t->sent_order++;
	t->last_sent_ns = t->now_ns;
	t->force_retransmit = false;
	if (t->burst)
		t->burst--;
	if (s->len)
		ring_list(&t->ring, i);
	else if (t->ring.head == i)
		ring_pop(&t->ring);
	if (!again || t->timer[TCP_TIMER_RTX] == TIME_NEVER || t->rtx != TCP_RTX_RTO)
		tcp_rtx_arm(t);
}

static size_t transmit(struct tcp *t, uint32_t i, bool probe, uint8_t *out, size_t cap)
{
	struct tcp_sent *s = ring_at(&t->ring, i);
	struct tcp_segment segment = segment_at(t, s->seq);
	bool last = i + 1 == t->ring.tail;
	size_t len;

	if (!s->sent && s->len)
		note_idle(t);
	segment.fin = s->fin;
	segment.retransmission = s->sent;
	segment.probe = probe;
	segment.piece = s->piece.len || s->piece.mapping.present ? &s->piece : NULL;
	len = tcp_build(t, &segment,
			TCP_ACK | (s->fin ? TCP_FIN : 0) | (last && s->piece.len ? TCP_PSH : 0) |
			    ecn_flags(t, !s->sent && s->piece.len),
			s, out, cap);
	ack_sent(t);
	note_sent(t, i, s);
	return len;
}

static size_t send_tail_probe(struct tcp *t, uint8_t *out, size_t cap)
{
	uint32_t i;
	size_t len;

	if (!tcp_pick_tail(t, &i)) {
		tcp_rtx_arm(t);
		return 0;
	}
	len = transmit(t, i, true, out, cap);
	t->tail_probe_end = t->snd_nxt;
	tcp_rtx_arm(t);
	return len;
}

static size_t send_data(struct tcp *t, uint8_t *out, size_t cap)
{
	uint32_t i;
	size_t len;

	if (t->tail_probe_due && (len = send_tail_probe(t, out, cap)))
		return len;
	if (tcp_pick_lost(t, &i) || tcp_pick_new(t, &i))
		return transmit(t, i, false, out, cap);
	return 0;
}

void tcp_probe(struct tcp *t)
{
	if (t->state < TCP_ESTABLISHED)
		return;
	t->probe_due = true;
	t->dirty = true;
}

/* The third ACK goes alone: boxes know it so. */
static bool third_ack_due(const struct tcp *t)
{
	return t->ack_due && t->active && !t->peer_spoke && t->snd_nxt == t->iss + 1;
}

static size_t send_next(struct tcp *t, uint8_t *out, size_t cap)
{
	size_t len;

	if (t->rst_due)
		return send_reset(t, out, cap);
	if (t->refuse_due)
		return send_refusal(t, out, cap);
	if (t->state == TCP_CLOSED)
		return 0;
	if (t->syn_due)
		return send_syn(t, out, cap);
	if (t->state == TCP_SYN_SENT)
		return 0;
	if (third_ack_due(t))
		return send_ack(t, t->snd_nxt, false, out, cap);
	if (sends_data(t) && (len = send_data(t, out, cap)))
		return len;
	if (t->probe_due) {
		t->probe_due = false;
		return send_ack(t, t->snd_una - 1, true, out, cap);
	}
	if (t->ack_due || t->own_ack_due || t->bare_ack_due)
		return send_ack(t, seq_of_ack(t), false, out, cap);
	return 0;
}

bool tcp_send(struct tcp *t, int64_t now_ns, uint8_t *out, size_t cap, size_t *len)
{
	t->now_ns = now_ns;
	if (t->pace_ns <= now_ns) {
		t->pace_ns = TIME_NEVER;
		t->burst = TCP_BURST;
	}
	tcp_timers_run(t);
	*len = send_next(t, out, cap);
	if (*len) {
		t->stats.sent_segments++;
		return true;
	}
	t->dirty = false;
	return false;
}
