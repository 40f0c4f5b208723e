/* RACK (RFC 8985): a segment is lost when one sent sufficiently later was delivered. */
#include "mptcp/tcp_parts.h"

#define MULT_MAX	   32
#define PERSIST_RECOVERIES 16
#define DUP_THRESH	   3

/* RFC 8985 §6.2, steps 2 and 3. */
void rack_delivered(struct tcp *t, const struct tcp_arrival *a, const struct tcp_sent *s)
{
	struct tcp_rack *k = &t->rack;
	int64_t rtt = t->now_ns - s->sent_ns;
	uint32_t end = s->seq + s->len;

	if (s->resent && a->has_stamp && a->stamp_echo && seq_diff(a->ack, end) >= 0 &&
	    seq_before(a->stamp_echo, tcp_stamp_at(t, s->sent_ns)))
		return; /* the original arrived, not the repetition (SACKs echo older stamps) */
	if (s->resent && rtt < tcp_min_rtt_ns(t))
		return;
	if (k->valid && !s->resent && seq_before(end, k->highest))
		k->reordering = true;
	if (!k->valid || seq_before(k->order, s->order)) {
		k->sent_ns = s->sent_ns;
		k->order = s->order;
		k->rtt_ns = rtt;
	}
	if (!k->valid || seq_before(k->highest, end))
		k->highest = end;
	k->valid = true;
}

/* A repetition was for nothing: wait longer, at most one step a round trip. */
void rack_duplicate(struct tcp *t)
{
	struct tcp_rack *k = &t->rack;

	if (k->in_dsack_round && seq_before(t->snd_una, k->dsack_round))
		return;
	k->in_dsack_round = true;
	k->dsack_round = t->snd_nxt;
	k->persist = PERSIST_RECOVERIES;
	if (k->window_mult < MULT_MAX)
		k->window_mult++;
}

void rack_recovered(struct tcp *t)
{
	if (t->rack.persist && --t->rack.persist == 0)
		t->rack.window_mult = 1;
}

int64_t rack_window_ns(const struct tcp *t)
{
	const struct tcp_rack *k = &t->rack;
	int64_t least = t->srtt_ns ? tcp_min_rtt_ns(t) : 0;
	int64_t window = least / 4 * (k->window_mult ? k->window_mult : 1);

	if (!k->reordering &&
	    (t->recovery >= TCP_RECOVERY_FAST || t->ring.sacked_count >= DUP_THRESH))
		return 0;
	return window < t->srtt_ns ? window : t->srtt_ns;
}

/* RFC 8985 §6.2, step 5; the list is in order of transmission. */
void rack_detect(struct tcp *t)
{
	int64_t patience = t->rack.rtt_ns + rack_window_ns(t);

	t->timer[TCP_TIMER_REORDER] = TIME_NEVER;
	while (t->rack.valid && t->ring.listed) {
		const struct tcp_sent *s = ring_at(&t->ring, t->ring.oldest);

		if (!seq_before(s->order, t->rack.order))
			return;
		if (s->sent_ns + patience > t->now_ns) {
			t->timer[TCP_TIMER_REORDER] = s->sent_ns + patience;
			return;
		}
		ring_lose(&t->ring, t->ring.oldest);
		t->loss_found = true;
	}
}
