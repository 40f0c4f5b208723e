#include "mptcp/sched.h"

#include <string.h>

#include "mptcp/sched_common.h"

static const struct sched_ops *const all[] = {
    &sched_lowest_rtt, &sched_round_robin, &sched_redundant, &sched_blest, NULL,
};

const struct sched_ops *const *sched_list(void)
{
	return all;
}

const struct sched_ops *sched_find(const char *name)
{
	for (size_t i = 0; all[i]; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

bool sched_backup_allowed(const struct sched_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->subflow[i].usable && !view->subflow[i].backup)
			return false;
	return true;
}

bool sched_eligible(const struct sched_view *view, const struct sched_subflow *s)
{
	return s->usable && (!s->backup || sched_backup_allowed(view));
}

/* The window must take a whole segment, or all that there is to send: anything else would cut the
 * stream into crumbs (RFC 9293 §3.8.6.2.1). With nothing in flight no ACK will ever open it. */
bool sched_has_room(const struct sched_view *view, const struct sched_subflow *s)
{
	uint64_t wanted = s->mss < view->unsent ? s->mss : view->unsent;

	if (view->window_left < wanted)
		wanted = view->window_left;
	return s->room > 0 && (s->room >= wanted || s->in_flight == 0);
}

int sched_fastest(const struct sched_view *view, bool with_room)
{
	int best = -1;

	for (size_t i = 0; i < view->count; i++) {
		const struct sched_subflow *s = &view->subflow[i];

		if (!sched_eligible(view, s) || (with_room && !sched_has_room(view, s)))
			continue;
		if (best < 0 || s->srtt_ns < view->subflow[best].srtt_ns)
			best = (int)i;
	}
	return best;
}
