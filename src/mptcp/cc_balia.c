/* Balanced linked adaptation, draft-walid-mptcp-congestion-control §3: with x = cwnd / rtt and
 * a = max(x) / x of this flow,
 *
 *   each ACK   cwnd += x / (rtt · (sum of x)²) · (1 + a) / 2 · (4 + a) / 5
 *   a loss     cwnd -= cwnd / 2 · min(a, 1.5)
 */
#include "mptcp/cc_common.h"

static double ratio(const struct cc_group *g, const struct cc_flow *f, int64_t now_ns)
{
	double best = cc_rate(f);

	for (unsigned i = 0; i < g->count; i++)
		if (cc_coupled(g->flow[i], now_ns) && cc_rate(g->flow[i]) > best)
			best = cc_rate(g->flow[i]);
	return best / cc_rate(f);
}

static void acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	double a, sum, per_octet;

	cc_touch(f, now_ns);
	if (f->app_limited || cc_slow_start(f, octets))
		return;
	if (cc_alone(g, f, now_ns)) {
		cc_avoid(f, octets);
		return;
	}
	a = ratio(g, f, now_ns);
	sum = cc_rate_sum(g, now_ns);
	per_octet = cc_rate(f) / cc_rtt_s(f) / (sum * sum) * (1 + a) / 2 * (4 + a) / 5;
	cc_book(f, per_octet * octets * cc_mss(f));
}

static void lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	double a;

	if (cc_alone(g, f, now_ns)) {
		cc_lost(g, f, now_ns);
		return;
	}
	a = ratio(g, f, now_ns);
	cc_decrease(f, cc_used(f) * (1 - (a < 1.5 ? a : 1.5) / 2), 2 * cc_mss(f));
}

const struct cc_ops cc_balia = {
    .name = "balia",
    .init = cc_init,
    .acked = acked,
    .lost = lost,
    .timeout = cc_timeout,
};
