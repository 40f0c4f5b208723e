#include "mptcp/pm_common.h"

#include "mptcp/pm_scope.h"

static const struct pm_addr *find_gone(const struct pm_addr *addr, size_t count, uint8_t id)
{
	for (size_t i = 0; i < count; i++)
		if (addr[i].gone && addr[i].id == id)
			return &addr[i];
	return NULL;
}

/* Its address is not ours any more. One that the peer has taken back is the connection's business,
 * who asks whether it is true. */
static bool is_stranded(const struct pm_view *view, const struct pm_subflow *s)
{
	return s->alive && find_gone(view->local, view->local_count, s->local_id);
}

/* The initial subflow's address is a backup, and the peer does not know. */
static bool is_secret_backup(const struct pm_view *view, const struct pm_subflow *s)
{
	if (!s->alive || !s->initial || s->backup)
		return false;
	for (size_t i = 0; i < view->local_count; i++)
		if (view->local[i].id == s->local_id)
			return view->local[i].backup;
	return false;
}

/* Withdrawing comes first: closing may take the last subflow that could have carried it. */
struct pm_action pm_keep_house(const struct pm_view *view)
{
	for (size_t i = 0; i < view->local_count; i++)
		if (view->local[i].gone && view->local[i].known && pm_any_alive(view))
			return (struct pm_action){.kind = PM_WITHDRAW,
						  .local_id = view->local[i].id};
	for (size_t i = 0; i < view->subflow_count; i++)
		if (is_stranded(view, &view->subflow[i]))
			return (struct pm_action){.kind = PM_CLOSE, .subflow = view->subflow[i].id};
	for (size_t i = 0; i < view->subflow_count; i++)
		if (view->established && is_secret_backup(view, &view->subflow[i]))
			return (struct pm_action){
			    .kind = PM_BACKUP, .subflow = view->subflow[i].id, .backup = true};
	return (struct pm_action){.kind = PM_NOTHING};
}

/* The initial address (id 0) is known from the packets; one that joined, from those, unless it is
 * wanted by all means. */
static bool wants_announcing(const struct pm_view *view, const struct pm_addr *local)
{
	if (!local->id || local->gone || local->announced)
		return false;
	return local->use ? local->use & PM_ANNOUNCED : !view->client && !local->known;
}

struct pm_action pm_announce(const struct pm_view *view, bool asked_only)
{
	if (!view->established || !pm_any_alive(view))
		return (struct pm_action){.kind = PM_NOTHING};
	for (size_t i = 0; i < view->local_count; i++)
		if (wants_announcing(view, &view->local[i]) && (view->local[i].use || !asked_only))
			return (struct pm_action){.kind = PM_ANNOUNCE,
						  .local_id = view->local[i].id};
	return (struct pm_action){.kind = PM_NOTHING};
}

bool pm_any_alive(const struct pm_view *view)
{
	for (size_t i = 0; i < view->subflow_count; i++)
		if (view->subflow[i].alive)
			return true;
	return false;
}

bool pm_may_open(const struct pm_view *view)
{
	size_t further = 0;

	for (size_t i = 0; i < view->subflow_count; i++)
		further += view->subflow[i].alive && !view->subflow[i].initial;
	return (view->client || view->limits.server_opens) && view->established &&
	       further < view->limits.subflows && !(view->ending && pm_any_alive(view));
}

static const struct pm_addr *initial_remote(const struct pm_view *view)
{
	for (size_t i = 0; i < view->remote_count; i++)
		if (view->remote[i].id == 0)
			return &view->remote[i];
	return NULL;
}

static uint16_t port_of(const struct pm_view *view, const struct pm_addr *remote)
{
	const struct pm_addr *initial = initial_remote(view);

	if (remote->id && remote->port)
		return remote->port;
	return view->join_port ? view->join_port : initial ? initial->port : 0;
}

/* The peer's address and port of the initial subflow, by whatever id. */
static bool is_initial(const struct pm_view *view, const struct pm_addr *initial,
		       const struct pm_addr *remote)
{
	return initial && ip_addr_equal(&initial->addr, &remote->addr) &&
	       port_of(view, remote) == initial->port;
}

/* One of the first `add_addr_accepted` that were announced. */
static bool is_accepted(const struct pm_view *view, const struct pm_addr *remote)
{
	size_t before = 0;

	for (const struct pm_addr *r = view->remote; r < remote; r++)
		before += r->id != 0;
	return remote->id == 0 || before < view->limits.add_addr_accepted;
}

static bool is_reachable(const struct pm_addr *initial, const struct pm_addr *remote)
{
	enum pm_scope scope = pm_scope(&remote->addr);

	return remote->id == 0 ||
	       (scope != SCOPE_NOBODY && (!initial || scope >= pm_scope(&initial->addr)));
}

bool pm_pair_allowed(const struct pm_view *view, const struct pm_addr *local,
		     const struct pm_addr *remote)
{
	const struct pm_addr *initial = initial_remote(view);

	if (local->gone || remote->gone || local->addr.family != remote->addr.family)
		return false;
	if ((local->use && !(local->use & PM_OPENED_FROM)) || (!view->client && !remote->id))
		return false;
	if (view->remote_c_flag && is_initial(view, initial, remote))
		return false;
	if (view->limits.same_subnet &&
	    (!local->prefix_len || !pm_same_subnet(&local->addr, &remote->addr, local->prefix_len)))
		return false;
	return is_accepted(view, remote) && is_reachable(initial, remote);
}

/* By id, and by address and port: a peer may announce the same under two ids. */
bool pm_pair_alive(const struct pm_view *view, const struct pm_addr *local,
		   const struct pm_addr *remote)
{
	uint16_t port = port_of(view, remote);

	for (size_t i = 0; i < view->subflow_count; i++) {
		const struct pm_subflow *s = &view->subflow[i];

		if (!s->alive || s->remote_port != port)
			continue;
		if (s->local_id == local->id && s->remote_id == remote->id)
			return true;
		if (ip_addr_equal(&s->local, &local->addr) &&
		    ip_addr_equal(&s->remote, &remote->addr))
			return true;
	}
	return false;
}

struct pm_action pm_open(const struct pm_view *view, const struct pm_addr *local,
			 const struct pm_addr *remote, bool backup)
{
	return (struct pm_action){.kind = PM_OPEN,
				  .local_id = local->id,
				  .remote_id = remote->id,
				  .remote_port = port_of(view, remote),
				  .backup = backup || local->backup};
}

void pm_next_pair(const struct pm_view *view, pm_failed_fn *failed, const void *context,
		  const struct pm_addr **local, const struct pm_addr **remote)
{
	unsigned least = PM_FAILED_MAX;

	*local = *remote = NULL;
	for (size_t l = 0; l < view->local_count; l++)
		for (size_t r = 0; r < view->remote_count; r++) {
			const struct pm_addr *from = &view->local[l], *to = &view->remote[r];
			unsigned failures = failed(context, from->id, to->id);

			if (failures >= least || !pm_pair_allowed(view, from, to) ||
			    pm_pair_alive(view, from, to))
				continue;
			least = failures;
			*local = from;
			*remote = to;
		}
}
