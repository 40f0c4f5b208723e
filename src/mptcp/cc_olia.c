/* Opportunistic linked increases, draft-khalili-mptcp-congestion-control §2: every ACK gives
 *
 *   cwnd += (cwnd / rtt²) / (sum of cwnd / rtt)² + alpha / cwnd        (in segments)
 *
 * alpha shifts window from the paths with the largest one to those that are presumably better
 * (the most octets between losses, as 1 / rtt² goes: what Reno's rate is estimated from) without
 * having it. The sum of all alphas is 0. */
#include <string.h>

#include "mptcp/cc_common.h"

struct olia {
	struct cc_base base;
	double since, between; /* octets acknowledged since the last loss, and between the last two
				*/
};
CC_FITS(struct olia);

static double quality(const struct cc_flow *f)
{
	struct olia s;

	CC_LOAD(f, &s);
	return (s.since > s.between ? s.since : s.between) / (cc_rtt_s(f) * cc_rtt_s(f));
}

/* Which paths there are, and of which kind `f` is. */
struct paths {
	unsigned all, largest, collected; /* collected: best, but not among the largest */
	bool is_largest, is_collected;
};

static void find_tops(const struct cc_group *g, int64_t now_ns, double *best, uint32_t *largest)
{
	*best = 0;
	*largest = 0;
	for (unsigned i = 0; i < g->count; i++) {
		const struct cc_flow *p = g->flow[i];

		if (!cc_coupled(p, now_ns))
			continue;
		if (quality(p) > *best)
			*best = quality(p);
		if (p->cwnd > *largest)
			*largest = p->cwnd;
	}
}

static struct paths sort_paths(const struct cc_group *g, const struct cc_flow *f, int64_t now_ns)
{
	struct paths n = {0};
	uint32_t largest;
	double best;

	find_tops(g, now_ns, &best, &largest);
	for (unsigned i = 0; i < g->count; i++) {
		const struct cc_flow *p = g->flow[i];
		bool is_largest = p->cwnd == largest, is_collected = !is_largest;

		if (!cc_coupled(p, now_ns))
			continue;
		is_collected = is_collected && quality(p) >= best;
		n.all++;
		n.largest += is_largest;
		n.collected += is_collected;
		if (p == f) {
			n.is_largest = is_largest;
			n.is_collected = is_collected;
		}
	}
	return n;
}

static double alpha(const struct cc_group *g, const struct cc_flow *f, int64_t now_ns)
{
	struct paths n = sort_paths(g, f, now_ns);

	if (n.is_collected)
		return 1.0 / n.all / n.collected;
	if (n.is_largest && n.collected)
		return -1.0 / n.all / n.largest;
	return 0;
}

static void acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	struct olia s;
	double sum, per_octet;

	cc_touch(f, now_ns);
	CC_LOAD(f, &s);
	s.since += octets;
	CC_STORE(f, &s);
	if (f->app_limited || cc_slow_start(f, octets))
		return;
	if (cc_alone(g, f, now_ns)) {
		cc_avoid(f, octets);
		return;
	}
	sum = cc_rate_sum(g, now_ns);
	per_octet = cc_rate(f) / cc_rtt_s(f) / (sum * sum) + alpha(g, f, now_ns) / f->cwnd;
	cc_book(f, per_octet * octets * cc_mss(f));
}

static void note_loss(struct cc_flow *f)
{
	struct olia s;

	CC_LOAD(f, &s);
	s.between = s.since;
	s.since = 0;
	CC_STORE(f, &s);
}

/* Beside other paths a congested one may shrink to a single segment. */
static void lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	note_loss(f);
	cc_decrease(f, cc_used(f) * 0.5, (cc_alone(g, f, now_ns) ? 2 : 1) * cc_mss(f));
}

static void timeout(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	note_loss(f);
	cc_timeout(g, f, now_ns);
}

const struct cc_ops cc_olia = {
    .name = "olia",
    .init = cc_init,
    .acked = acked,
    .lost = lost,
    .timeout = timeout,
};
