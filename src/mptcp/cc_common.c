#include "mptcp/cc_common.h"

#include <math.h>
#include <string.h>

#include "util/time.h"

CC_FITS(struct cc_base);

uint32_t cc_mss(const struct cc_flow *f)
{
	return f->mss ? f->mss : 1;
}

void cc_init(struct cc_flow *f, int64_t now_ns)
{
	uint32_t mss = cc_mss(f), window = 2 * mss > 14600 ? 2 * mss : 14600;

	(void)now_ns;
	memset(f->state, 0, sizeof(f->state));
	f->cwnd = 10 * mss < window ? 10 * mss : window;
	f->ssthresh = UINT32_MAX;
}

/* Limited by the window, the flight is the window; an application that paused, or a scheduler that
 * preferred another subflow, leaves less in flight, and then only that much has been proven. */
uint32_t cc_used(const struct cc_flow *f)
{
	return f->in_flight < f->cwnd ? f->in_flight : f->cwnd;
}

uint32_t cc_clamp(double octets, uint32_t least)
{
	if (!(octets > least)) /* true also of what is no number */
		return least;
	return octets < CC_CWND_MAX ? (uint32_t)octets : CC_CWND_MAX;
}

void cc_touch(struct cc_flow *f, int64_t now_ns)
{
	struct cc_base s;

	CC_LOAD(f, &s);
	s.active = true;
	s.active_ns = now_ns;
	CC_STORE(f, &s);
}

/* Two segments an ACK at most, and one after a time-out, when ACKs may cover what was not lost:
 * before the first loss ssthresh is infinite. */
bool cc_slow_start(struct cc_flow *f, uint32_t octets)
{
	uint32_t limit = cc_mss(f) * (f->ssthresh == UINT32_MAX ? 2 : 1), grown;

	if (f->cwnd >= f->ssthresh)
		return false;
	grown = cc_clamp((double)f->cwnd + (octets < limit ? octets : limit), cc_mss(f));
	f->cwnd = grown < f->ssthresh ? grown : f->ssthresh;
	return true;
}

static void move(struct cc_flow *f, double segments)
{
	f->cwnd = cc_clamp(f->cwnd + segments * cc_mss(f), cc_mss(f));
}

void cc_avoid(struct cc_flow *f, uint32_t octets)
{
	struct cc_base s;

	CC_LOAD(f, &s);
	s.acked += octets;
	if (s.acked >= f->cwnd) {
		s.acked -= f->cwnd;
		if (s.acked > f->cwnd)
			s.acked = f->cwnd;
		move(f, 1);
	}
	CC_STORE(f, &s);
}

/* However much one ACK covers, the window grows by a half at most, and the rest is forgotten. */
void cc_book(struct cc_flow *f, double octets)
{
	struct cc_base s;
	double mss = cc_mss(f), most = f->cwnd > 2 * mss ? f->cwnd * 0.5 : mss, whole;

	CC_LOAD(f, &s);
	s.credit += octets;
	if (s.credit > most)
		s.credit = most;
	else if (!(s.credit >= -most))
		s.credit = -most;
	whole = trunc(s.credit / mss);
	s.credit -= whole * mss;
	CC_STORE(f, &s);
	move(f, whole);
}

/* What was counted towards the next segment counted for the larger window. */
static void forget_progress(struct cc_flow *f)
{
	struct cc_base s;

	CC_LOAD(f, &s);
	s.acked = 0;
	s.credit = 0;
	CC_STORE(f, &s);
}

void cc_decrease(struct cc_flow *f, double to, uint32_t least)
{
	f->ssthresh = cc_clamp(to, least);
	f->cwnd = f->ssthresh;
	forget_progress(f);
}

void cc_lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	(void)g;
	(void)now_ns;
	cc_decrease(f, cc_used(f) * 0.5, 2 * cc_mss(f));
}

/* A window of one segment says that the last event was a time-out, too. */
void cc_restart(struct cc_flow *f, double to)
{
	if (f->cwnd > cc_mss(f))
		f->ssthresh = cc_clamp(to, 2 * cc_mss(f));
	f->cwnd = cc_mss(f);
	forget_progress(f);
}

void cc_timeout(const struct cc_group *g, struct cc_flow *f, int64_t now_ns)
{
	(void)g;
	(void)now_ns;
	cc_restart(f, cc_used(f) * 0.5);
}

bool cc_coupled(const struct cc_flow *f, int64_t now_ns)
{
	int64_t idle_ns = 4 * f->srtt_ns > NS_PER_S ? 4 * f->srtt_ns : NS_PER_S;
	struct cc_base s;

	CC_LOAD(f, &s);
	return f->established && f->srtt_ns > 0 && s.active && now_ns - s.active_ns < idle_ns;
}

unsigned cc_coupled_count(const struct cc_group *g, int64_t now_ns)
{
	unsigned count = 0;

	for (unsigned i = 0; i < g->count; i++)
		count += cc_coupled(g->flow[i], now_ns);
	return count;
}

double cc_rtt_s(const struct cc_flow *f)
{
	return (double)f->srtt_ns / 1e9;
}

double cc_rate(const struct cc_flow *f)
{
	return f->cwnd / cc_rtt_s(f);
}

double cc_rate_sum(const struct cc_group *g, int64_t now_ns)
{
	double sum = 0;

	for (unsigned i = 0; i < g->count; i++)
		if (cc_coupled(g->flow[i], now_ns))
			sum += cc_rate(g->flow[i]);
	return sum;
}

bool cc_alone(const struct cc_group *g, const struct cc_flow *f, int64_t now_ns)
{
	return !cc_coupled(f, now_ns) || cc_coupled_count(g, now_ns) < 2;
}
