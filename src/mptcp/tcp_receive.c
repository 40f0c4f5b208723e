/* What arrives, in the order of RFC 9293 §3.10.7.4, hardened by RFC 5961. */
#include "mptcp/tcp_parts.h"

#define CHALLENGES_A_SECOND 10

void tcp_ack_at_once(struct tcp *t)
{
	t->ack_due = true;
	t->dirty = true;
}

void tcp_challenge(struct tcp *t)
{
	if (t->challenges == 0 || t->now_ns - t->challenge_since_ns >= NS_PER_S) {
		t->challenge_since_ns = t->now_ns;
		t->challenges = 0;
	}
	if (t->challenges++ >= CHALLENGES_A_SECOND)
		return;
	t->stats.challenge_acks++;
	tcp_ack_at_once(t);
}

static bool intact(struct tcp *t, const struct packet *p)
{
	unsigned need = PACKET_HAS_TCP | PACKET_HAS_OPTIONS | PACKET_HAS_ALL;

	if ((p->have & need) != need || p->ip.proto != IP_PROTO_TCP)
		return false;
	if (t->config.ignore_checksums || packet_transport_checksum(p) == p->tcp.checksum)
		return true;
	t->stats.bad_checksums++;
	return false;
}

static bool too_old(const struct tcp *t, const struct tcp_arrival *a)
{
	return a->has_stamp && seq_before(a->stamp, t->ts_recent) &&
	       t->now_ns - t->ts_recent_ns < TCP_STAMP_VALID_NS;
}

/* RFC 9293 §3.10.7.4: behind a closed window nothing is acceptable "except ACK segments". Who has
 * sent more than it let in acknowledges from there on. */
static bool is_beyond_closed(const struct tcp *t, const struct tcp_arrival *a)
{
	return t->rcv_edge == t->rcv_nxt && a->seq - t->rcv_nxt <= t->rcv_wnd_max &&
	       !(a->flags & (TCP_FIN | TCP_RST));
}

static bool in_window(const struct tcp *t, const struct tcp_arrival *a)
{
	if (a->end == a->seq)
		return is_beyond_closed(t, a) ||
		       (!seq_before(a->seq, t->rcv_nxt) && !seq_before(t->rcv_edge, a->seq));
	return seq_before(t->rcv_nxt, a->end) && !seq_before(t->rcv_edge, a->seq);
}

/* Not acceptable: the peer is told where we are. A repetition of data is reported as such, and a
 * repeated FIN keeps TIME-WAIT up. */
static void reject(struct tcp *t, const struct tcp_arrival *a)
{
	t->stats.dropped++;
	if (a->flags & TCP_RST)
		return;
	if (a->end == a->seq || (a->flags & TCP_SYN)) {
		tcp_challenge(t);
		return;
	}
	if (a->payload.len && !seq_before(t->rcv_nxt, a->end)) {
		t->stats.duplicates++;
		reorder_duplicate(&t->reorder, a->seq, a->seq + (uint32_t)a->payload.len);
	}
	if (t->state == TCP_TIME_WAIT && (a->flags & TCP_FIN))
		tcp_time_wait(t);
	tcp_ack_at_once(t);
}

/* RFC 5961 §3.2: only the very next number resets. */
static void take_reset(struct tcp *t, const struct tcp_arrival *a)
{
	if (a->seq != t->rcv_nxt)
		tcp_challenge(t);
	else if (t->state != TCP_TIME_WAIT && t->owner->segment(t, a->p, a->seq - t->irs))
		tcp_end(t, TCP_EVENT_RESET);
}

/* RFC 5961 §5.2. */
static bool ack_plausible(const struct tcp *t, const struct tcp_arrival *a)
{
	return seq_diff(a->ack, t->snd_nxt) <= 0 &&
	       seq_diff(a->ack, t->snd_una - t->snd_wnd_max) >= 0;
}

static bool check_ack(struct tcp *t, const struct tcp_arrival *a)
{
	if (!(a->flags & TCP_ACK))
		return false;
	if (t->state == TCP_SYN_RECEIVED && a->ack != t->snd_nxt && a->ack != t->iss + 1) {
		t->refuse_due = true;
		t->refuse_seq = a->ack;
		return false;
	}
	if (ack_plausible(t, a))
		return true;
	tcp_challenge(t);
	return false;
}

/* RFC 7323 §4.3. */
static void take_stamp(struct tcp *t, const struct tcp_arrival *a)
{
	if (!a->has_stamp || too_old(t, a) || seq_before(t->rcv_acked, a->seq))
		return;
	t->ts_recent = a->stamp;
	t->ts_recent_ns = t->now_ns;
}

/* RFC 3168 §6.1.3. */
static void take_mark(struct tcp *t, const struct tcp_arrival *a)
{
	if (!t->ecn_on)
		return;
	if (a->flags & TCP_CWR)
		t->ecn_echo = false;
	if (a->p->ip.ecn != 3 || a->payload.len == 0)
		return;
	if (!t->ecn_echo)
		tcp_ack_at_once(t);
	t->ecn_echo = true;
}

static void process(struct tcp *t, const struct tcp_arrival *a)
{
	if (!t->owner->segment(t, a->p, a->seq - t->irs) || t->state == TCP_CLOSED)
		return;
	t->peer_spoke = t->peer_spoke || !(a->flags & TCP_SYN);
	take_stamp(t, a);
	if (t->state == TCP_SYN_RECEIVED)
		tcp_established(t);
	take_mark(t, a);
	if (t->state != TCP_CLOSED)
		tcp_take_ack(t, a);
	if (t->state == TCP_FIN_WAIT_2 && t->config.fin_wait_2_ns)
		t->timer[TCP_TIMER_WAIT] = t->now_ns + t->config.fin_wait_2_ns;
	tcp_take_payload(t, a);
	tcp_take_fin(t, a);
}

/* The SYN/ACK that answers ours in a simultaneous open: it has no new number, yet counts. */
static bool answers_simultaneous(const struct tcp *t, const struct tcp_arrival *a)
{
	return t->state == TCP_SYN_RECEIVED && t->active && (a->flags & TCP_SYN) &&
	       (a->flags & TCP_ACK) && a->seq == t->irs && a->ack == t->snd_nxt &&
	       !(a->flags & TCP_RST);
}

static void arrive(struct tcp *t, struct tcp_arrival *a)
{
	if (answers_simultaneous(t, a)) {
		a->flags &= (uint16_t)~TCP_SYN;
		a->seq++;
		a->payload.len = 0;
		a->end = a->seq;
		process(t, a);
	} else if (t->state == TCP_SYN_RECEIVED && !t->active && (a->flags & TCP_SYN) &&
		   !(a->flags & TCP_ACK) && a->seq == t->irs) {
		t->syn_due = true; /* the peer missed our SYN/ACK */
	} else if (a->flags & TCP_SYN && !(a->flags & TCP_RST)) {
		t->stats.dropped++;
		tcp_challenge(t);
	} else if (!in_window(t, a) || (too_old(t, a) && !(a->flags & TCP_RST))) {
		reject(t, a);
	} else if (a->flags & TCP_RST) {
		take_reset(t, a);
	} else if (check_ack(t, a)) {
		process(t, a);
	} else {
		t->stats.dropped++;
	}
}

/* Our SYN is out (RFC 9293 §3.10.7.3). */
static void answer(struct tcp *t, const struct tcp_arrival *a)
{
	bool ack = a->flags & TCP_ACK;

	if (ack && a->ack != t->iss + 1) {
		t->refuse_due = !(a->flags & TCP_RST);
		t->refuse_seq = a->ack;
		t->stats.dropped++;
	} else if (a->flags & TCP_RST) {
		if (ack && t->owner->segment(t, a->p, 0))
			tcp_end(t, TCP_EVENT_RESET);
	} else if ((a->flags & TCP_SYN) && t->owner->segment(t, a->p, 0) &&
		   t->state == TCP_SYN_SENT) {
		tcp_take_syn_options(t, a->p);
		t->rcv_edge = t->rcv_nxt + t->announced;
		t->state = TCP_SYN_RECEIVED;
		t->syn_due = !ack;
		if (!ack)
			return;
		t->snd_wl1 = a->seq;
		t->snd_wl2 = a->ack;
		t->ack_due = true;
		tcp_established(t);
		if (t->state != TCP_CLOSED)
			tcp_take_ack(t, a);
	}
}

void tcp_receive(struct tcp *t, int64_t now_ns, const struct packet *p)
{
	struct tcp_arrival a;

	t->now_ns = now_ns;
	t->stats.received_segments++;
	if (t->state == TCP_CLOSED)
		return;
	if (!intact(t, p)) {
		t->stats.dropped++;
		return;
	}
	tcp_arrival_read(t, &a, p);
	t->dirty = true;
	t->burst = TCP_BURST;
	t->pace_ns = TIME_NEVER;
	if (t->state == TCP_SYN_SENT)
		answer(t, &a);
	else
		arrive(t, &a);
}
