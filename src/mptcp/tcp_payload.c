/* Octets and FINs that arrive, and when they are acknowledged. */
#include "mptcp/tcp_parts.h"

#define QUICK_ACKS 8

static bool takes_data(const struct tcp *t)
{
	return t->state == TCP_ESTABLISHED || t->state == TCP_FIN_WAIT_1 ||
	       t->state == TCP_FIN_WAIT_2;
}

/* What of it is new and lies in the window; `seq` is moved to it. */
static struct span trim(struct tcp *t, struct span octets, uint32_t *seq)
{
	uint32_t edge = t->fin_seen ? t->fin_seq : t->rcv_edge;

	if (seq_before(*seq, t->rcv_nxt)) {
		uint32_t old = t->rcv_nxt - *seq, all = (uint32_t)octets.len;

		t->stats.duplicates++;
		reorder_duplicate(&t->reorder, *seq, *seq + (old < all ? old : all));
		octets = span_cut(octets, old, octets.len);
		*seq = t->rcv_nxt;
	}
	return span_cut(octets, 0, seq_before(*seq, edge) ? edge - *seq : 0);
}

static void deliver(struct tcp *t, struct span octets)
{
	uint32_t ssn = t->rcv_nxt - t->irs;

	t->rcv_nxt += (uint32_t)octets.len;
	t->stats.received_octets += octets.len;
	t->owner->data(t, ssn, octets);
}

/* What waited for the hole to be filled. */
static void deliver_waiting(struct tcp *t)
{
	struct span s;

	reorder_drop(&t->reorder, t->rcv_nxt);
	while (takes_data(t) && (s = reorder_peek(&t->reorder, t->rcv_nxt)).len) {
		if (t->fin_seen)
			s = span_cut(s, 0, t->fin_seq - t->rcv_nxt);
		if (s.len == 0)
			break;
		deliver(t, s);
		reorder_drop(&t->reorder, t->rcv_nxt);
	}
}

/* RFC 1122 §4.2.3.2, RFC 5681 §4.2: at least every second full segment. */
static void ack_in_order(struct tcp *t, const struct tcp_arrival *a)
{
	int64_t idle = t->now_ns - t->last_data_ns;

	if (idle > t->rto_ns)
		t->quick_acks = QUICK_ACKS;
	t->last_data_ns = t->now_ns;
	if (t->rcv_nxt - t->rcv_acked > t->rcv_mss || (t->quick_acks && (t->quick_acks--, true)) ||
	    ((a->flags & TCP_PSH) && idle > t->config.delayed_ack_ns))
		tcp_ack_at_once(t);
	else if (t->timer[TCP_TIMER_ACK] == TIME_NEVER)
		t->timer[TCP_TIMER_ACK] = t->now_ns + t->config.delayed_ack_ns;
}

static void take_ahead(struct tcp *t, uint32_t seq, struct span octets)
{
	t->stats.out_of_order++;
	if (!reorder_add(&t->reorder, t->rcv_nxt, seq, octets))
		t->stats.dropped++;
	tcp_ack_at_once(t);
}

static void take_in_order(struct tcp *t, const struct tcp_arrival *a, struct span octets)
{
	bool waiting = t->reorder.count > 0;

	if (octets.len > t->rcv_mss)
		t->rcv_mss = (uint32_t)octets.len;
	deliver(t, octets);
	if (waiting)
		deliver_waiting(t);
	if (waiting || t->reorder.has_duplicate)
		tcp_ack_at_once(t);
	else
		ack_in_order(t, a);
}

void tcp_take_payload(struct tcp *t, const struct tcp_arrival *a)
{
	uint32_t seq = a->seq;
	struct span octets;

	if (a->payload.len == 0 || !takes_data(t))
		return;
	octets = trim(t, a->payload, &seq);
	if (octets.len == 0)
		tcp_ack_at_once(t);
	else if (seq == t->rcv_nxt)
		take_in_order(t, a, octets);
	else
		take_ahead(t, seq, octets);
}

/* The FIN is remembered as soon as it is seen, and taken once all before it is there. */
void tcp_take_fin(struct tcp *t, const struct tcp_arrival *a)
{
	uint32_t seq = a->end - 1;

	if ((a->flags & TCP_FIN) && takes_data(t)) {
		tcp_ack_at_once(t);
		if (!t->fin_seen && !seq_before(seq, t->rcv_nxt) && !seq_before(t->rcv_edge, seq)) {
			t->fin_seen = true;
			t->fin_seq = seq;
		}
	}
	if (!t->fin_seen || t->fin_taken || t->rcv_nxt != t->fin_seq || !takes_data(t))
		return;
	t->fin_taken = true;
	t->rcv_nxt++;
	if (seq_before(t->rcv_edge, t->rcv_nxt))
		t->rcv_edge = t->rcv_nxt;
	reorder_fini(&t->reorder);
	tcp_ack_at_once(t);
	tcp_fin_taken(t);
}
