/* Each subflow with room in its turn. word[0]: whose turn it is. */
#include "mptcp/sched_common.h"

static int pick(struct sched_state *state, const struct sched_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		size_t n = (size_t)((state->word[0] + i) % view->count);

		if (!sched_eligible(view, &view->subflow[n]) ||
		    !sched_has_room(view, &view->subflow[n]))
			continue;
		state->word[0] = n + 1;
		return (int)n;
	}
	return -1;
}

const struct sched_ops sched_round_robin = {.name = "round-robin", .pick = pick};
