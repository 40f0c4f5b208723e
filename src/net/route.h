/* How this host reaches a target: source address, device and MTU. */
#ifndef MBOXTRACE_NET_ROUTE_H
#define MBOXTRACE_NET_ROUTE_H

#include "net/net.h"

/* `source` (NULL or family 0: the route's own choice) must be an address of this host; `device`
 * (NULL: the route's) must exist, and is required for link-local IPv6 targets. A target that is
 * an address of this host is reached over the loopback device. The kernel is asked, so policy
 * routes count; devices and their MTUs come from libdnet. Needs no privileges.
 * 0, or ERR_ROUTE with the target quoted. */
int route_find(const struct ip_addr *target, const struct ip_addr *source, const char *device,
	       struct net_route *out, struct error *err);

#endif
