/* Path MTU: from ICMP, or suspected. */
#include "mptcp/tcp_parts.h"

uint16_t tcp_mss_min(const struct tcp *t)
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

void tcp_shrink(struct tcp *t, uint16_t mss)
{
	uint32_t max;

	if (mss >= t->mss)
		return;
	t->mss = mss;
	t->flow.mss = tcp_payload_max(t, 0);
	max = tcp_payload_max(t, t->timestamps_on ? TCP_OPTIONS_MAX - 12 : TCP_OPTIONS_MAX);
	lose_long(t, max);
	if (t->ring.head != t->ring.tail)
		ring_split_all(&t->ring, max);
	t->dirty = true;
}

void tcp_receive_too_big(struct tcp *t, uint32_t quoted_seq, uint32_t mtu)
{
	uint32_t headers = t->config.local.family == 4 ? 40 : 60;
	uint32_t mss = mtu > headers ? mtu - headers : 0;

	if (t->state < TCP_ESTABLISHED || seq_before(quoted_seq, t->snd_una) ||
	    !seq_before(quoted_seq, t->snd_nxt))
		return;
	if (mss < tcp_mss_min(t))
		mss = tcp_mss_min(t);
	if (mss < t->mss)
		tcp_shrink(t, (uint16_t)mss);
}

uint16_t tcp_payload_max(const struct tcp *t, size_t options)
{
	size_t taken = (options + 3) / 4 * 4 + (t->timestamps_on ? 12 : 0);

	return taken < t->mss ? (uint16_t)(t->mss - taken) : 1;
}
