/* Recovering from loss: with SACK as RACK finds it, without as NewReno does (RFC 6582), after a
 * time-out from the start (RFC 6298 §5.4); and from ECN marks (RFC 3168 §6.1.2). */
#include "mptcp/tcp_parts.h"

#define DUP_THRESH 3

uint32_t tcp_in_flight(const struct tcp *t)
{
	uint32_t out = t->snd_nxt - t->snd_una;
	uint64_t gone = (uint64_t)t->ring.sacked_octets + t->ring.lost_octets + t->dup_octets;

	return out > gone ? out - (uint32_t)gone : 0;
}

/* Data is lost, and none that could be marked has ever arrived: a box may drop it for that alone.
 */
static void suspect_mark(struct tcp *t)
{
	t->ecn_mute = t->ecn_mute || !t->ecn_passed;
}

static void reduce(struct tcp *t, enum tcp_recovery to)
{
	t->config.cc->lost(t->config.group, &t->flow, t->now_ns);
	t->recovery = to;
	t->recovery_end = t->snd_nxt;
}

static void enter_fast(struct tcp *t)
{
	if (t->recovery == TCP_RECOVERY_ECN)
		t->recovery = TCP_RECOVERY_FAST; /* reduced already */
	else if (t->recovery == TCP_RECOVERY_NONE)
		reduce(t, TCP_RECOVERY_FAST);
	else
		return;
	suspect_mark(t);
	t->recovery_end = t->snd_nxt;
	t->force_retransmit = true;
	t->ecn_cwr_due = t->ecn_on;
	t->tail_probing = false;
	t->stats.fast_recoveries++;
}

static void lose_head(struct tcp *t)
{
	if (t->ring.head == t->ring.next)
		return;
	ring_lose(&t->ring, t->ring.head);
	t->loss_found = true;
}

static void less_duplicates(struct tcp *t, uint32_t acked)
{
	t->dup_octets -= acked < t->dup_octets ? acked : t->dup_octets;
}

/* RFC 6582 §3.2, in terms of what is in flight: a duplicate ACK says that a segment left it. */
static void reno(struct tcp *t, const struct tcp_delivery *d, bool duplicate)
{
	uint32_t out = t->snd_nxt - t->snd_una;

	if (d->acked) {
		t->dup_acks = 0;
		less_duplicates(t, t->recovery == TCP_RECOVERY_FAST ? d->acked : UINT32_MAX);
		if (t->recovery == TCP_RECOVERY_FAST)
			lose_head(t); /* a partial ACK: there is another hole */
		return;
	}
	if (!duplicate || d->duplicate || t->recovery == TCP_RECOVERY_LOSS)
		return;
	t->dup_octets += t->flow.mss;
	if (t->dup_octets > out)
		t->dup_octets = out;
	if (++t->dup_acks == DUP_THRESH && t->recovery != TCP_RECOVERY_FAST)
		lose_head(t);
}

static void leave(struct tcp *t)
{
	if (t->recovery >= TCP_RECOVERY_FAST)
		rack_recovered(t);
	t->recovery = TCP_RECOVERY_NONE;
	t->force_retransmit = false;
	t->dup_acks = 0;
	t->dup_octets = 0;
	t->undo_armed = false;
}

/* Eifel (RFC 3522): the ACK echoes a stamp older than the repetition's, so the time-out was for
 * nothing. */
static void undo(struct tcp *t, const struct tcp_arrival *a)
{
	bool spurious = t->undo_armed && a->has_stamp && a->stamp_echo &&
			seq_before(a->stamp_echo, t->undo_stamp);

	t->undo_armed = false;
	if (!spurious || t->recovery != TCP_RECOVERY_LOSS)
		return;
	t->stats.spurious_timeouts++;
	t->flow.cwnd = t->undo_cwnd;
	t->flow.ssthresh = t->undo_ssthresh;
	t->recovery = TCP_RECOVERY_NONE;
	for (uint32_t i = t->ring.head; i != t->ring.next; i++) {
		struct tcp_sent *s = ring_at(&t->ring, i);

		if (!s->lost)
			continue;
		ring_find(&t->ring, s);
		ring_list(&t->ring, i);
	}
}

void tcp_recover(struct tcp *t, const struct tcp_arrival *a, const struct tcp_delivery *d,
		 bool duplicate)
{
	enum tcp_recovery before = t->recovery;

	if (d->acked)
		undo(t, a);
	if (t->recovery != TCP_RECOVERY_NONE && !seq_before(t->snd_una, t->recovery_end))
		leave(t);
	if (t->mss_before && t->recovery == TCP_RECOVERY_NONE && d->acked)
		tcp_path_retry(t);
	t->loss_found = false;
	if (tcp_sack_usable(t))
		rack_detect(t);
	else
		reno(t, d, duplicate);
	if (t->loss_found)
		enter_fast(t);
	else if (d->acked && (before == TCP_RECOVERY_NONE || before == TCP_RECOVERY_LOSS))
		t->config.cc->acked(t->config.group, &t->flow, d->acked, t->now_ns);
}

/* RFC 8985 §6.3: only what is old enough, if SACK tells us of the rest. A SACKed head means that
 * the peer took its word back (RFC 2018 §8). */
static void lose_late(struct tcp *t)
{
	bool all = !tcp_sack_usable(t) || t->srtt_ns == 0;
	int64_t since = t->now_ns - t->srtt_ns - rack_window_ns(t);

	if (ring_at(&t->ring, t->ring.head)->sacked) {
		ring_forget_sacks(&t->ring);
		t->sack_seen_count = 0;
	}
	for (uint32_t i = t->ring.head; i != t->ring.next; i++)
		if (all || i == t->ring.head || ring_at(&t->ring, i)->sent_ns <= since)
			ring_lose(&t->ring, i);
}

void tcp_time_out(struct tcp *t)
{
	if (t->recovery != TCP_RECOVERY_LOSS) {
		t->undo_armed = t->timestamps_on;
		t->undo_cwnd = t->flow.cwnd;
		t->undo_ssthresh = t->flow.ssthresh;
		t->undo_stamp = tcp_stamp_at(t, t->now_ns);
	}
	t->stats.timeouts++;
	suspect_mark(t);
	t->flow.in_flight = tcp_in_flight(t);
	t->dup_octets = 0;
	t->dup_acks = 0;
	lose_late(t);
	t->recovery = TCP_RECOVERY_LOSS;
	t->recovery_end = t->snd_nxt;
	t->force_retransmit = true;
	t->tail_probing = false;
	t->timer[TCP_TIMER_REORDER] = TIME_NEVER;
	t->config.cc->timeout(t->config.group, &t->flow, t->now_ns);
}

void tcp_take_ecn_echo(struct tcp *t)
{
	if (!t->ecn_on || t->recovery != TCP_RECOVERY_NONE)
		return;
	t->stats.ecn_marks++;
	reduce(t, TCP_RECOVERY_ECN);
	t->ecn_cwr_due = true;
}
