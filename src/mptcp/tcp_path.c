/* Path MTU: from ICMP, or suspected. */
#include "mptcp/tcp_parts.h"

#define SUSPECT_AFTER 3 /* time-outs in a row */
#define RETRY_NS      (600 * NS_PER_S)

/* What every path carries. */
static uint16_t mss_min(const struct tcp *t)
{
	uint16_t least = t->config.local.family == 4 ? 536 : 1220;

	return least < t->mss ? least : t->mss;
}

/* The segments in flight that do not fit were never delivered: no sign of congestion. */
static void lose_long(struct tcp *t, uint32_t max)
{
	for (uint32_t i = t->ring.head; i != t->ring.next; i++)
		if (ring_at(&t->ring, i)->piece.len > max)
			ring_lose(&t->ring, i);
}

static void shrink(struct tcp *t, uint16_t mss)
{
	uint32_t max;

	t->mss = mss;
	t->flow.mss = tcp_payload_max(t, 0);
	max = tcp_payload_max(t, t->timestamps_on ? TCP_OPTIONS_MAX - 12 : TCP_OPTIONS_MAX);
	lose_long(t, max);
	if (t->ring.head != t->ring.tail)
		ring_split_all(&t->ring, max);
	t->dirty = true;
}

/* Long segments that vanish may be too long for a path that does not say so (RFC 4821 §7.6.4). Or
 * the path was down: so the former size is tried again once the short ones have passed, and if it
 * fails again, not soon after. */
void tcp_black_hole(struct tcp *t)
{
	bool suspect = t->timeouts >= SUSPECT_AFTER || t->mss_trial;

	if (!suspect || t->mss <= mss_min(t) ||
	    ring_at(&t->ring, t->ring.head)->piece.len + 64 < mss_min(t))
		return;
	t->mss_retry_ns = t->mss_trial ? t->now_ns + RETRY_NS : t->now_ns;
	t->mss_trial = false;
	t->mss_before = t->mss;
	shrink(t, mss_min(t));
}

void tcp_path_passed(struct tcp *t, uint32_t octets)
{
	if (!t->mss_trial || octets <= mss_min(t))
		return;
	t->mss_trial = false;
	t->mss_before = 0;
}

void tcp_path_retry(struct tcp *t)
{
	if (t->mss_trial || t->now_ns < t->mss_retry_ns)
		return;
	t->mss_trial = true;
	t->mss = t->mss_before;
	t->flow.mss = tcp_payload_max(t, 0);
}

void tcp_receive_too_big(struct tcp *t, uint32_t quoted_seq, uint32_t mtu)
{
	uint32_t headers = t->config.local.family == 4 ? 40 : 60;
	uint32_t mss = mtu > headers ? mtu - headers : 0;

	if (t->state < TCP_ESTABLISHED || seq_before(quoted_seq, t->snd_una) ||
	    !seq_before(quoted_seq, t->snd_nxt))
		return;
	if (mss < mss_min(t))
		mss = mss_min(t);
	if (mss >= t->mss)
		return;
	t->mss_before = 0;
	t->mss_trial = false;
	shrink(t, (uint16_t)mss);
}

uint16_t tcp_payload_max(const struct tcp *t, size_t options)
{
	size_t taken = (options + 3) / 4 * 4 + (t->timestamps_on ? 12 : 0);

	return taken < t->mss ? (uint16_t)(t->mss - taken) : 1;
}
