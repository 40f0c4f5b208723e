/* BLEST (Ferlin, Alay, Mehani, Boreli 2016). With no room on the fastest subflow, a slower one may
 * take a segment only if, until that is acknowledged, what the fastest can send still fits into the
 * shared window M:
 *
 *   lambda · X <= |M| - MSS_s · (inflight_s + 1),   X = MSS_f · (CWND_f + (r - 1) / 2) · r
 *
 * with r = RTT_s / RTT_f and windows in segments. lambda grows while the window does block. */
#include "mptcp/sched_common.h"

#define LAMBDA_STEP 0.01
#define LAMBDA_MAX  0.3 /* above 1 */

enum {
	STEPS,	 /* lambda = 1 + STEPS · LAMBDA_STEP */
	OFFERED, /* octets since lambda was last judged: once a window, about a round trip */
	BLOCKED, /* the window has blocked the fastest since */
};

static uint64_t in_flight(const struct sched_view *view)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < view->count; i++)
		if (view->subflow[i].usable)
			sum += view->subflow[i].in_flight;
	return sum;
}

/* The window is full, or will be with this segment, while the fastest could send more, and somebody
 * else holds a part of the window. */
static bool is_blocked(const struct sched_view *view, const struct sched_subflow *fast)
{
	return view->window_left < 2 * (uint64_t)fast->mss && view->window_left < view->unsent &&
	       fast->room > view->window_left && fast->room >= fast->mss &&
	       in_flight(view) > fast->in_flight;
}

static void judge(struct sched_state *state, uint64_t window)
{
	uint64_t *steps = &state->word[STEPS];

	if (state->word[OFFERED] < window)
		return;
	if (state->word[BLOCKED])
		*steps += *steps < (uint64_t)(LAMBDA_MAX / LAMBDA_STEP + 0.5);
	else
		*steps -= *steps > 0;
	state->word[OFFERED] = 0;
	state->word[BLOCKED] = 0;
}

static bool would_block(const struct sched_state *state, const struct sched_view *view,
			const struct sched_subflow *fast, const struct sched_subflow *slow)
{
	double r = (double)slow->srtt_ns / (double)fast->srtt_ns,
	       lambda = 1 + (double)state->word[STEPS] * LAMBDA_STEP,
	       x = (fast->cwnd + fast->mss * (r - 1) / 2) * r,
	       window = (double)view->window_left + (double)in_flight(view);

	return lambda * x > window - slow->in_flight - slow->mss;
}

static int pick(struct sched_state *state, const struct sched_view *view)
{
	int fast = sched_fastest(view, false), pick = sched_fastest(view, true);

	if (fast < 0)
		return -1;
	state->word[BLOCKED] |= is_blocked(view, &view->subflow[fast]);
	judge(state, view->window_left + in_flight(view));
	if (pick >= 0 && view->subflow[fast].srtt_ns > 0 &&
	    view->subflow[pick].srtt_ns > view->subflow[fast].srtt_ns &&
	    would_block(state, view, &view->subflow[fast], &view->subflow[pick]))
		return -1;
	if (pick >= 0)
		state->word[OFFERED] += view->subflow[pick].mss;
	return pick;
}

const struct sched_ops sched_blest = {.name = "blest", .pick = pick};
