/* The path managers that pair addresses: fullmesh, backup, single-path (RFC 8041 §3.4). */
#include "mptcp/pm_common.h"

/* Beside the initial pair all are backups, if `backup`. */
static struct pm_action mesh(const struct pm_view *view, pm_failed_fn *failed, const void *context,
			     bool backup)
{
	const struct pm_addr *local, *remote;

	if (!pm_may_open(view))
		return (struct pm_action){.kind = PM_NOTHING};
	pm_next_pair(view, failed, context, &local, &remote);
	if (!local)
		return (struct pm_action){.kind = PM_NOTHING};
	return pm_open(view, local, remote, backup && (local->id || remote->id));
}

static struct pm_action chores(const struct pm_view *view)
{
	struct pm_action action = pm_keep_house(view);

	return action.kind == PM_NOTHING ? pm_announce(view, false) : action;
}

static struct pm_action next_fullmesh(const struct pm_view *view, pm_failed_fn *failed,
				      const void *context)
{
	struct pm_action action = chores(view);

	return action.kind == PM_NOTHING ? mesh(view, failed, context, false) : action;
}

static struct pm_action next_backup(const struct pm_view *view, pm_failed_fn *failed,
				    const void *context)
{
	struct pm_action action = chores(view);

	return action.kind == PM_NOTHING ? mesh(view, failed, context, true) : action;
}

/* The last that came up stays; a path that was thought dead, and came back, is done without. */
static struct pm_action keep_one(const struct pm_view *view)
{
	const struct pm_subflow *kept = NULL;

	for (size_t i = 0; i < view->subflow_count; i++)
		if (view->subflow[i].alive && view->subflow[i].up && view->subflow[i].ours)
			kept = &view->subflow[i];
	for (size_t i = 0; i < view->subflow_count && kept; i++)
		if (view->subflow[i].alive && view->subflow[i].ours && &view->subflow[i] != kept)
			return (struct pm_action){.kind = PM_CLOSE, .subflow = view->subflow[i].id};
	return (struct pm_action){.kind = PM_NOTHING};
}

static struct pm_action next_single_path(const struct pm_view *view, pm_failed_fn *failed,
					 const void *context)
{
	struct pm_action action = chores(view);

	if (action.kind == PM_NOTHING)
		action = keep_one(view);
	if (action.kind == PM_NOTHING && !pm_any_alive(view))
		action = mesh(view, failed, context, false);
	return action;
}

const struct pm_ops pm_fullmesh = {.name = "fullmesh", .next = next_fullmesh};
const struct pm_ops pm_backup = {.name = "backup", .next = next_backup};
const struct pm_ops pm_single_path = {.name = "single-path", .next = next_single_path};
