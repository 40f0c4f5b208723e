/* What the path managers share. Private to pm*.c. */
#ifndef MBOXTRACE_MPTCP_PM_COMMON_H
#define MBOXTRACE_MPTCP_PM_COMMON_H

#include "mptcp/pm.h"

extern const struct pm_ops pm_fullmesh, pm_ndiffports, pm_backup, pm_single_path, pm_none;

typedef unsigned pm_failed_fn(const void *context, uint8_t local_id, uint8_t remote_id);

/* What every path manager does: withdraws what is gone and closes its subflows, and tells the peer
 * that the initial subflow is a backup, which its handshake could not say. */
struct pm_action pm_keep_house(const struct pm_view *view);
/* The next local address that is to be announced and was not; only those whose `use` says so, if
 * `asked_only`. */
struct pm_action pm_announce(const struct pm_view *view, bool asked_only);

/* May one more subflow be opened now? */
bool pm_may_open(const struct pm_view *view);
bool pm_any_alive(const struct pm_view *view);
/* May these two be joined: their use, family, subnet, scope, C flag, limits? */
bool pm_pair_allowed(const struct pm_view *view, const struct pm_addr *local,
		     const struct pm_addr *remote);
bool pm_pair_alive(const struct pm_view *view, const struct pm_addr *local,
		   const struct pm_addr *remote);
struct pm_action pm_open(const struct pm_view *view, const struct pm_addr *local,
			 const struct pm_addr *remote, bool backup);
/* The next pair without a living subflow that has failed the least; NULL in *local: none. */
void pm_next_pair(const struct pm_view *view, pm_failed_fn *failed, const void *context,
		  const struct pm_addr **local, const struct pm_addr **remote);

#endif
