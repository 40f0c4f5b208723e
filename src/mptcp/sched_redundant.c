/* Every segment over every subflow: the fastest leads, the owner makes the copies. */
#include "mptcp/sched_common.h"

static int pick(struct sched_state *state, const struct sched_view *view)
{
	(void)state;
	return sched_fastest(view, true);
}

const struct sched_ops sched_redundant = {.name = "redundant", .redundant = true, .pick = pick};
