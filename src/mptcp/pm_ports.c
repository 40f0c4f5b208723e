/* The path managers that pair no addresses: ndiffports (RFC 8041 §3.4) and none. */
#include "mptcp/pm_common.h"

static const struct pm_addr *find_initial(const struct pm_addr *addr, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addr[i].id == 0)
			return &addr[i];
	return NULL;
}

static size_t count_alive(const struct pm_view *view)
{
	size_t alive = 0;

	for (size_t i = 0; i < view->subflow_count; i++)
		alive += view->subflow[i].alive && view->subflow[i].local_id == 0 &&
			 view->subflow[i].remote_id == 0;
	return alive;
}

static struct pm_action next_ndiffports(const struct pm_view *view, pm_failed_fn *failed,
					const void *context)
{
	const struct pm_addr *local = find_initial(view->local, view->local_count),
			     *remote = find_initial(view->remote, view->remote_count);
	struct pm_action action = pm_keep_house(view);

	if (action.kind == PM_NOTHING)
		action = pm_announce(view, true);
	if (action.kind != PM_NOTHING || !local || !remote || !pm_may_open(view) ||
	    !pm_pair_allowed(view, local, remote) || count_alive(view) >= view->ndiffports ||
	    failed(context, 0, 0) >= PM_FAILED_MAX)
		return action;
	return pm_open(view, local, remote, false);
}

static struct pm_action next_none(const struct pm_view *view, pm_failed_fn *failed,
				  const void *context)
{
	(void)failed;
	(void)context;
	return pm_keep_house(view);
}

const struct pm_ops pm_ndiffports = {.name = "ndiffports", .next = next_ndiffports};
const struct pm_ops pm_none = {.name = "none", .next = next_none};
