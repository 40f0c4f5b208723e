/* What an acceptable ACK changes: the ring, the clock, the windows, and whose turn it is. */
#include "mptcp/tcp_parts.h"

#define RING_KEEP 256 /* segments: a longer ring is given back once empty */

void tcp_delivered(struct tcp *t, const struct tcp_arrival *a, const struct tcp_sent *s,
		   struct tcp_delivery *d)
{
	rack_delivered(t, a, s);
	t->ecn_passed = t->ecn_passed || (s->piece.len && !s->resent);
	if (s->resent || (d->timed && s->sent_ns < d->sent_ns))
		return; /* Karn's rule (RFC 6298 §3) */
	d->timed = true;
	d->sent_ns = s->sent_ns;
}

static void pop_acked(struct tcp *t, const struct tcp_arrival *a, struct tcp_delivery *d)
{
	struct tcp_ring *r = &t->ring;

	while (r->head != r->next) {
		struct tcp_sent *s = ring_at(r, r->head);

		if (seq_before(a->ack, s->seq + s->len))
			break;
		if (s->len && !s->sacked)
			tcp_delivered(t, a, s, d);
		d->repaired = d->repaired || s->resent;
		tcp_path_passed(t, s->piece.len);
		ring_pop(r);
	}
	if (r->head != r->next && seq_before(ring_at(r, r->head)->seq, a->ack))
		ring_cut(r, a->ack);
	if (r->head == r->tail && r->size > RING_KEEP)
		ring_fini(r);
}

/* RFC 2861 in spirit: was the congestion window what held us back, in this round or the last? */
static void note_flight(struct tcp *t, const struct tcp_arrival *a)
{
	struct cc_flow *f = &t->flow;
	uint32_t most;

	f->in_flight = tcp_in_flight(t);
	if (f->in_flight > t->flight_max)
		t->flight_max = f->in_flight;
	most = t->flight_max > t->round_flight ? t->flight_max : t->round_flight;
	f->app_limited =
	    f->cwnd < f->ssthresh ? most < f->cwnd / 2 : most + (TCP_BURST + 1) * f->mss < f->cwnd;
	if (seq_before(a->ack, t->round_end))
		return;
	t->round_end = t->snd_nxt;
	t->round_flight = t->flight_max;
	t->flight_max = 0;
}

/* RFC 8985 §7.4.2: was the tail lost, and repaired by the probe? Then the window must know. A
 * second ACK of the same says that both arrived. */
static void end_tail_probe(struct tcp *t, const struct tcp_arrival *a, const struct tcp_delivery *d,
			   bool duplicate)
{
	bool repaired = seq_before(t->tail_probe_end, a->ack) && !d->duplicate;

	if (!t->tail_probing || seq_before(a->ack, t->tail_probe_end))
		return;
	if (t->tail_probe_resent && !repaired && !d->duplicate && !duplicate)
		return;
	t->tail_probing = false;
	if (t->tail_probe_resent && repaired && t->recovery == TCP_RECOVERY_NONE)
		t->config.cc->lost(t->config.group, &t->flow, t->now_ns);
}

/* An ACK may be there for an MPTCP option other than DSS (subtype 2): it says nothing of loss then
 * (RFC 8684 §3.3.4). */
static bool signals(const struct packet *p)
{
	for (unsigned i = 0; i < p->tcp.options.count; i++) {
		const struct tcp_option *o = &p->tcp.options.item[i];

		if (o->kind == TCP_OPT_MPTCP && o->len > 2 && o->at[2] >> 4 != 2)
			return true;
	}
	return false;
}

/* RFC 5681 §2. With SACK, only an ACK that has blocks, be they wrong: others may carry a DATA_ACK.
 */
static bool is_duplicate(const struct tcp *t, const struct tcp_arrival *a)
{
	return a->ack == t->snd_una && t->snd_una != t->snd_nxt && a->payload.len == 0 &&
	       !(a->flags & TCP_FIN) && a->window == t->snd_wnd && (!t->sack_on || a->sack.len) &&
	       !signals(a->p);
}

/* What is acknowledged, and what of it was news. */
static void take_numbers(struct tcp *t, const struct tcp_arrival *a, struct tcp_delivery *d)
{
	if (t->sack_on && a->sack.len)
		tcp_sack_take(t, a, d);
	d->acked = a->ack - t->snd_una;
	pop_acked(t, a, d);
	t->snd_una = a->ack;
	if (d->acked)
		t->backoff = 0;
	if (d->acked || t->snd_wnd == 0)
		t->timeouts = 0; /* the peer lives */
}

void tcp_take_ack(struct tcp *t, const struct tcp_arrival *a)
{
	uint32_t window = t->snd_wnd;
	struct tcp_delivery d = {0};
	bool duplicate;

	if (seq_before(a->ack, t->snd_una))
		return;
	duplicate = is_duplicate(t, a);
	note_flight(t, a);
	take_numbers(t, a, &d);
	tcp_window_take(t, a);
	tcp_rtt_take(t, a, &d);
	if ((a->flags & TCP_ECE) && !(a->flags & TCP_SYN))
		tcp_take_ecn_echo(t);
	tcp_recover(t, a, &d, duplicate);
	end_tail_probe(t, a, &d, duplicate || !d.acked);
	if (d.acked || d.sacked || t->snd_wnd != window || t->rtx == TCP_RTX_PERSIST)
		tcp_rtx_arm(t);
	/* Told while it still lives: the ACK of a FIN may be its last. */
	if (t->state != TCP_CLOSED && (d.acked || t->snd_wnd > window))
		tcp_tell(t, TCP_EVENT_ACKED);
	if (t->state != TCP_CLOSED && t->fin_queued && t->snd_una == t->snd_end)
		tcp_fin_acked(t);
}
