/* The fastest subflow whose window has room (RFC 8041 §3.7). */
#include "mptcp/sched_common.h"

static int pick(struct sched_state *state, const struct sched_view *view)
{
	(void)state;
	return sched_fastest(view, true);
}

const struct sched_ops sched_lowest_rtt = {.name = "lowest-rtt", .pick = pick};
