/* Linked increases, RFC 6356 §3: the best path's rate for the whole connection. */
#include "mptcp/cc_common.h"

/* alpha / cwnd_total: max(cwnd_i / rtt_i²) / (sum of cwnd_i / rtt_i)² */
static double linked(const struct cc_group *g, int64_t now_ns)
{
	double best = 0, sum = cc_rate_sum(g, now_ns);

	for (unsigned i = 0; i < g->count; i++) {
		const struct cc_flow *f = g->flow[i];
		double gain = cc_coupled(f, now_ns) ? cc_rate(f) / cc_rtt_s(f) : 0;

		best = gain > best ? gain : best;
	}
	return best / (sum * sum);
}

static void acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	double per_octet, reno;

	cc_touch(f, now_ns);
	if (f->app_limited || cc_slow_start(f, octets))
		return;
	if (cc_alone(g, f, now_ns)) {
		cc_avoid(f, octets);
		return;
	}
	per_octet = linked(g, now_ns);
	reno = 1.0 / f->cwnd;
	cc_book(f, (per_octet < reno ? per_octet : reno) * octets * cc_mss(f));
}

const struct cc_ops cc_lia = {
    .name = "lia",
    .init = cc_init,
    .acked = acked,
    .lost = cc_lost,
    .timeout = cc_timeout,
};
