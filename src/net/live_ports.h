/* Local TCP ports kept from other programs: bound, never listened on. */
#ifndef MBOXTRACE_NET_LIVE_PORTS_H
#define MBOXTRACE_NET_LIVE_PORTS_H

#include "net/live.h"

struct live_ports {
	int fds[LIVE_PORTS_MAX];
	size_t count;
};

/* Binds each of `ports` on `source`; a port of zero is picked by the kernel and written back.
 * 0; ERR_USAGE if a port is taken; ERR_PERMISSION; ERR_DEVICE. On failure nothing stays open. */
int live_ports_open(struct live_ports *held, const struct net_route *route, uint16_t *ports,
		    size_t port_count, struct error *err);
void live_ports_close(struct live_ports *held);

#endif
