/* Round-trip times (RFC 6298) and all that waits for a time. */
#include "mptcp/tcp_parts.h"

#define RTT_MAX_NS	(120 * NS_PER_S)
#define PEER_DELAY_NS	(200 * NS_PER_MS) /* worst delay of an ACK (RFC 8985 §7.2) */
#define MIN_RTT_SPAN_NS (150 * NS_PER_S)
#define CLOCK_NS	NS_PER_MS

int64_t tcp_rto_ns(const struct tcp *t)
{
	int64_t rto = t->rto_ns;

	for (unsigned i = 0; i < t->backoff && rto < t->config.rto_max_ns; i++)
		rto *= 2;
	return rto < t->config.rto_max_ns ? rto : t->config.rto_max_ns;
}

int64_t tcp_min_rtt_ns(const struct tcp *t)
{
	return t->min_rtt_ns[0] < t->min_rtt_ns[1] ? t->min_rtt_ns[0] : t->min_rtt_ns[1];
}

/* The least of the last two spans, so that a path that became longer is noticed. */
static void note_min(struct tcp *t, int64_t rtt)
{
	if (t->now_ns - t->min_rtt_since_ns > MIN_RTT_SPAN_NS) {
		t->min_rtt_ns[1] = t->min_rtt_ns[0];
		t->min_rtt_ns[0] = rtt;
		t->min_rtt_since_ns = t->now_ns;
	}
	if (rtt < t->min_rtt_ns[0])
		t->min_rtt_ns[0] = rtt;
}

void tcp_rtt_sample(struct tcp *t, int64_t rtt)
{
	int64_t error = rtt - t->srtt_ns;

	if (rtt < 0)
		return;
	note_min(t, rtt);
	if (t->srtt_ns == 0) {
		t->srtt_ns = rtt ? rtt : 1;
		t->rttvar_ns = rtt / 2;
	} else {
		t->rttvar_ns += ((error < 0 ? -error : error) - t->rttvar_ns) / 4;
		t->srtt_ns += error / 8;
	}
	t->rto_ns = t->srtt_ns + (4 * t->rttvar_ns > CLOCK_NS ? 4 * t->rttvar_ns : CLOCK_NS);
	if (t->rto_ns < t->config.rto_min_ns)
		t->rto_ns = t->config.rto_min_ns;
	t->flow.srtt_ns = t->srtt_ns;
	t->flow.min_rtt_ns = tcp_min_rtt_ns(t);
	t->flow.latest_rtt_ns = rtt;
}

/* From a segment sent once, or else, coarser, from the echoed stamp (RFC 7323 §4). */
void tcp_rtt_take(struct tcp *t, const struct tcp_arrival *a, const struct tcp_delivery *d)
{
	uint32_t ticks;

	if (d->timed && !d->repaired) {
		tcp_rtt_sample(t, t->now_ns - d->sent_ns);
		return;
	}
	if (!d->acked || !a->has_stamp || a->stamp_echo == 0)
		return;
	ticks = tcp_stamp_at(t, t->now_ns) - a->stamp_echo;
	if (ticks < RTT_MAX_NS / NS_PER_MS)
		tcp_rtt_sample(t, ticks ? (int64_t)ticks * NS_PER_MS : NS_PER_MS / 2);
}

/* RFC 8985 §7.2: a probe of the tail goes out before the time-out would, or when it would. */
static int64_t tail_probe_ns(const struct tcp *t)
{
	int64_t wait = 2 * t->srtt_ns;

	if (!t->sack_on || t->recovery != TCP_RECOVERY_NONE || t->ring.sacked_octets ||
	    t->ring.lost_octets || t->tail_probing || t->backoff || t->srtt_ns == 0)
		return TIME_NEVER;
	return t->snd_nxt - t->snd_una <= t->mss ? wait + PEER_DELAY_NS : wait + 2 * NS_PER_MS;
}

void tcp_rtx_arm(struct tcp *t)
{
	int64_t rto = tcp_rto_ns(t), probe;

	t->timer[TCP_TIMER_RTX] = TIME_NEVER;
	t->rtx = TCP_RTX_RTO;
	if (t->snd_una != t->snd_nxt) {
		probe = tail_probe_ns(t);
		if (probe != TIME_NEVER)
			t->rtx = TCP_RTX_TAIL_PROBE;
		if (probe < rto)
			rto = probe;
		t->timer[TCP_TIMER_RTX] = t->now_ns + rto;
	} else if (tcp_window_blocks(t)) {
		t->rtx = TCP_RTX_PERSIST;
		t->timer[TCP_TIMER_RTX] = t->now_ns + rto;
	}
}

static bool given_up(struct tcp *t, unsigned tries)
{
	if (t->timeouts++ < tries)
		return false;
	tcp_end(t, TCP_EVENT_FAILED);
	return true;
}

static void syn_expired(struct tcp *t)
{
	if (given_up(t, t->config.syn_retries))
		return;
	tcp_tell(t, TCP_EVENT_TIMEOUT);
	t->backoff++;
	t->syn_due = t->state != TCP_CLOSED;
}

static void rto_expired(struct tcp *t)
{
	if (given_up(t, t->config.retries))
		return;
	tcp_tell(t, TCP_EVENT_TIMEOUT);
	if (t->state == TCP_CLOSED)
		return;
	tcp_black_hole(t);
	tcp_time_out(t);
	t->backoff++;
	tcp_rtx_arm(t);
}

/* The window is closed, or too small for what is next: probe, or send what fits (RFC 9293
 * §3.8.6.1, §3.8.6.2.1). */
static void persist_expired(struct tcp *t)
{
	if (given_up(t, t->config.retries))
		return;
	t->backoff++;
	if (!ring_split_unsent(&t->ring, t->snd_una + t->snd_wnd - t->snd_nxt))
		t->probe_due = true;
	tcp_rtx_arm(t);
}

static void rtx_expired(struct tcp *t)
{
	if (t->state == TCP_SYN_SENT || t->state == TCP_SYN_RECEIVED)
		syn_expired(t);
	else if (t->rtx == TCP_RTX_PERSIST)
		persist_expired(t);
	else if (t->rtx == TCP_RTX_TAIL_PROBE)
		t->tail_probe_due = true;
	else
		rto_expired(t);
}

static void reorder_expired(struct tcp *t)
{
	struct tcp_arrival nothing = {0};
	struct tcp_delivery none = {0};

	tcp_recover(t, &nothing, &none, false);
}

static void ack_expired(struct tcp *t)
{
	t->ack_due = true;
}

static void wait_expired(struct tcp *t)
{
	tcp_end(t, t->state == TCP_TIME_WAIT ? TCP_EVENT_CLOSED : TCP_EVENT_FAILED);
}

void tcp_timers_run(struct tcp *t)
{
	static void (*const expired[TCP_TIMERS])(struct tcp *) = {
	    [TCP_TIMER_RTX] = rtx_expired,
	    [TCP_TIMER_REORDER] = reorder_expired,
	    [TCP_TIMER_ACK] = ack_expired,
	    [TCP_TIMER_WAIT] = wait_expired,
	};

	for (unsigned i = 0; i < TCP_TIMERS; i++) {
		if (t->timer[i] > t->now_ns)
			continue;
		t->timer[i] = TIME_NEVER;
		t->burst = t->burst ? t->burst : TCP_BURST;
		expired[i](t);
	}
}

int64_t tcp_expiry_ns(const struct tcp *t)
{
	int64_t next = t->pace_ns;

	if (t->dirty)
		return t->now_ns;
	for (unsigned i = 0; i < TCP_TIMERS; i++)
		if (t->timer[i] < next)
			next = t->timer[i];
	return next;
}
