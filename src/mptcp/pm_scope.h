/* How far an address reaches (RFC 6890). A peer that is reached at a global address and announces a
 * private one means a host that we cannot tell from a stranger's (RFC 8684 §3.4.1). */
#ifndef MBOXTRACE_MPTCP_PM_SCOPE_H
#define MBOXTRACE_MPTCP_PM_SCOPE_H

#include "packet/ip_addr.h"

enum pm_scope {
	SCOPE_NOBODY, /* unspecified, multicast, broadcast, reserved: never a destination */
	SCOPE_HOST,
	SCOPE_LINK,
	SCOPE_PRIVATE,
	SCOPE_GLOBAL,
};

enum pm_scope pm_scope(const struct ip_addr *addr);
bool pm_same_subnet(const struct ip_addr *a, const struct ip_addr *b, unsigned prefix_len);

#endif
