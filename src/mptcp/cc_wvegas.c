/* Weighted Vegas (Cao, Xu, Fu: Delay-based Congestion Control for Multipath TCP, 2012;
 * draft-xu-mptcp-congestion-control). Once a round trip the segments that queue on the path,
 *
 *   diff = cwnd · (rtt - base_rtt) / rtt,
 *
 * are led to alpha, this flow's part of TOTAL_ALPHA by its part of the connection's rate, so that
 * the prices of all paths become equal. Alone, a flow is a Vegas with an alpha of TOTAL_ALPHA. */
#include <string.h>

#include "mptcp/cc_common.h"

#define TOTAL_ALPHA 10
#define LEAST_ALPHA 2
#define GAMMA	    1 /* queued segments that end slow start */
#define SAMPLES	    3 /* a round with fewer says nothing of the queue */

struct wvegas {
	struct cc_base base;
	double alpha, rate; /* rate: segments a second when the aim was last reached */
	double queue_ns;    /* the shortest that the queue has been, as a delay; 0: unknown */
	double sum_ns;	    /* of this round's samples */
	int64_t round_ns;   /* when this round began */
	uint64_t count, octets;
};
CC_FITS(struct wvegas);

static void init(struct cc_flow *f, int64_t now_ns)
{
	struct wvegas s = {.alpha = LEAST_ALPHA, .round_ns = now_ns};

	cc_init(f, now_ns);
	CC_STORE(f, &s);
}

/* This flow's part of the aim. A sibling that never reached its own yet counts with nothing. */
static void weigh(const struct cc_group *g, const struct cc_flow *f, struct wvegas *s, double rate,
		  int64_t now_ns)
{
	double sum = rate;

	for (unsigned i = 0; i < g->count; i++) {
		struct wvegas sibling;

		if (g->flow[i] == f || !cc_coupled(g->flow[i], now_ns))
			continue;
		CC_LOAD(g->flow[i], &sibling);
		sum += sibling.rate;
	}
	s->rate = rate;
	s->alpha = TOTAL_ALPHA * rate / sum;
	if (s->alpha < LEAST_ALPHA)
		s->alpha = LEAST_ALPHA;
}

/* Leaves slow start with what fits into the path without a queue, and one. */
static void leave_slow_start(struct cc_flow *f, double rtt_ns)
{
	uint32_t mss = cc_mss(f),
		 target = cc_clamp((double)f->cwnd * (double)f->min_rtt_ns / rtt_ns + mss, 2 * mss);

	if (f->cwnd > target)
		f->cwnd = target;
	f->ssthresh = f->cwnd;
}

/* With the aim reached, a queue twice as long as it has been there before is one that was
 * misjudged, and is drained for the sake of a true base_rtt. */
static void drain(struct cc_flow *f, struct wvegas *s, double rtt_ns)
{
	double queue = rtt_ns - (double)f->min_rtt_ns;

	if (s->queue_ns == 0 || queue < s->queue_ns)
		s->queue_ns = queue;
	if (queue < 2 * s->queue_ns)
		return;
	f->cwnd = cc_clamp(f->cwnd * (double)f->min_rtt_ns / rtt_ns / 2 + cc_mss(f), 2 * cc_mss(f));
	s->queue_ns = 0;
}

static void steer(const struct cc_group *g, struct cc_flow *f, struct wvegas *s, double rtt_ns,
		  int64_t now_ns)
{
	double cwnd = (double)f->cwnd / cc_mss(f), mss = cc_mss(f),
	       diff = cwnd * (rtt_ns - (double)f->min_rtt_ns) / rtt_ns;

	if (f->cwnd < f->ssthresh) {
		if (diff > GAMMA)
			leave_slow_start(f, rtt_ns);
		return;
	}
	if (diff >= s->alpha)
		weigh(g, f, s, cwnd / rtt_ns * 1e9, now_ns);
	if (diff > s->alpha)
		f->cwnd = cc_clamp(f->cwnd - mss, 2 * cc_mss(f));
	else if (diff < s->alpha && !f->app_limited)
		f->cwnd = cc_clamp(f->cwnd + mss, 2 * cc_mss(f));
	if (diff >= s->alpha)
		drain(f, s, rtt_ns);
}

static void end_round(const struct cc_group *g, struct cc_flow *f, struct wvegas *s, int64_t now_ns)
{
	uint64_t octets = s->octets;

	if (s->count >= SAMPLES && f->min_rtt_ns > 0)
		steer(g, f, s, s->sum_ns / (double)s->count, now_ns);
	else if (f->cwnd >= f->ssthresh && !f->app_limited)
		cc_avoid(f, octets < f->cwnd ? (uint32_t)octets : f->cwnd);
	memcpy(&s->base, f->state, sizeof(s->base));
	s->round_ns = now_ns;
	s->sum_ns = 0;
	s->count = 0;
	s->octets = 0;
}

static void acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	struct wvegas s;

	cc_touch(f, now_ns);
	CC_LOAD(f, &s);
	if (!f->app_limited)
		cc_slow_start(f, octets);
	s.octets += octets;
	if (f->latest_rtt_ns > 0) {
		s.sum_ns += (double)f->latest_rtt_ns;
		s.count++;
	}
	if (now_ns - s.round_ns >= f->srtt_ns)
		end_round(g, f, &s, now_ns);
	CC_STORE(f, &s);
}

const struct cc_ops cc_wvegas = {
    .name = "wvegas",
    .init = init,
    .acked = acked,
    .lost = cc_lost,
    .timeout = cc_timeout,
};
