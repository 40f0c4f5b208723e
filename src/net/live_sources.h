/* Injection from several addresses: a raw socket for each, bound to it, so that the rules of a
 * routing policy apply to it; bound to the device that has the address where the routes would lead
 * to the target over another one, although that device has a route to it as well (two uplinks with
 * a default route each: the second subflow must use the second). */
#ifndef MBOXTRACE_NET_LIVE_SOURCES_H
#define MBOXTRACE_NET_LIVE_SOURCES_H

#include "net/live_queue.h"
#include "net/live_scope.h"

struct live_sources {
	size_t count, last;
	struct ip_addr addr[LIVE_ADDRS_MAX];
	struct live_inject inject[LIVE_ADDRS_MAX];
	struct live_queue queue; /* counts what is lost, too */
};

/* `target` (family 0: none, or many) and `device` (NULL: as the routes say) choose the devices.
 * 0, ERR_PERMISSION or ERR_DEVICE. */
int live_sources_open(struct live_sources *sources, const struct live_scope *scope,
		      const struct ip_addr *target, const char *device, struct error *err);
/* Sends it with live_sources_flush at the latest. What cannot be sent is lost, as on any path: a
 * device that is down may come back. */
void live_sources_send(struct live_sources *sources, struct span packet);
void live_sources_flush(struct live_sources *sources);
void live_sources_close(struct live_sources *sources);

#endif
