/* CUBIC, RFC 9438. Windows here are in segments, times in seconds. */
#include <math.h>
#include <string.h>

#include "mptcp/cc_common.h"

#define C    0.4
#define BETA 0.7

struct cubic {
	struct cc_base base;
	double w_max, k, w_est;
	double prior; /* the window when the last congestion was noticed */
	int64_t epoch_ns, last_ns;
	bool in_epoch;
};
CC_FITS(struct cubic);

static double segments(const struct cc_flow *f, double octets)
{
	return octets / cc_mss(f);
}

/* §4.2. After a time-out there is no w_max to return to: k is 0 (§4.8). */
static void start_epoch(struct cubic *s, double cwnd, int64_t now_ns)
{
	if (s->w_max < cwnd)
		s->w_max = cwnd;
	s->k = cbrt((s->w_max - cwnd) / C);
	s->w_est = cwnd;
	s->epoch_ns = now_ns;
	s->in_epoch = true;
}

static double cubic_at(const struct cubic *s, double t)
{
	double d = t - s->k;

	return C * d * d * d + s->w_max;
}

/* §4.3: what Reno with CUBIC's decrease would have had; 1 segment a window once it has caught up.
 */
static void estimate_reno(struct cubic *s, double cwnd, double acked)
{
	double alpha = s->w_est < s->prior ? 3 * (1 - BETA) / (1 + BETA) : 1;

	s->w_est += alpha * acked / cwnd;
}

/* The increase for `acked` segments, in segments. */
static double increase(struct cubic *s, double cwnd, double acked, double rtt, int64_t now_ns)
{
	double t = (double)(now_ns - s->epoch_ns) / 1e9, target = cubic_at(s, t + rtt);

	estimate_reno(s, cwnd, acked);
	if (cubic_at(s, t) < s->w_est) {
		double behind = s->w_est - cwnd;

		return behind > 1 ? floor(behind) : 0;
	}
	if (target > 1.5 * cwnd)
		target = 1.5 * cwnd;
	return target > cwnd ? (target - cwnd) / cwnd * acked : 0;
}

static void avoid(struct cc_flow *f, struct cubic *s, uint32_t octets, int64_t now_ns)
{
	double cwnd = segments(f, f->cwnd);

	if (!s->in_epoch)
		start_epoch(s, cwnd, now_ns);
	CC_STORE(f, s);
	cc_book(f, increase(s, cwnd, segments(f, octets), cc_rtt_s(f), now_ns) * cc_mss(f));
	memcpy(&s->base, f->state, sizeof(s->base));
}

/* Time in which the application did not fill the window does not count (§5.8). */
static void acked(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns)
{
	struct cubic s;

	(void)g;
	CC_LOAD(f, &s);
	if (f->app_limited)
		s.epoch_ns += s.in_epoch ? now_ns - s.last_ns : 0;
	else if (cc_slow_start(f, octets))
		s.in_epoch = false;
	else
		avoid(f, &s, octets, now_ns);
	s.last_ns = now_ns;
	CC_STORE(f, &s);
}

/* §4.6; §4.7: a window that stays under its last maximum makes room for others. */
static void lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	struct cubic s;

	(void)g;
	(void)now_ns;
	CC_LOAD(f, &s);
	s.prior = segments(f, f->cwnd);
	s.w_max = s.prior < s.w_max ? s.prior * (1 + BETA) / 2 : s.prior;
	s.in_epoch = false;
	CC_STORE(f, &s);
	cc_decrease(f, cc_used(f) * BETA, 2 * cc_mss(f));
}

static void timeout(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	struct cubic s;

	(void)g;
	(void)now_ns;
	CC_LOAD(f, &s);
	s.prior = segments(f, f->cwnd);
	s.w_max = 0;
	s.in_epoch = false;
	CC_STORE(f, &s);
	cc_restart(f, cc_used(f) * BETA);
}

const struct cc_ops cc_cubic = {
    .name = "cubic",
    .init = cc_init,
    .acked = acked,
    .lost = lost,
    .timeout = timeout,
};
