/* The live back-end for connections: many addresses and ports at once, peers not known beforehand.
 *
 * All TCP to its addresses and ports is its own: the kernel is kept from answering any of it (the
 * guard), and other programs from using the ports. Order of use as for live.h. Packets that cannot
 * be sent (a device down, no route) are lost, not errors: a path that is cut may come back.
 * net_watch works. */
#ifndef MBOXTRACE_NET_LIVE_ENDPOINT_H
#define MBOXTRACE_NET_LIVE_ENDPOINT_H

#include "net/live_scope.h"
#include "net/net.h"

struct live_endpoint_config {
	struct ip_addr target; /* a client's; family 0: a server */
	const char *device;    /* NULL: as the routes say */
	/* Local addresses, all of them of this host. None given: the route's source (client), or
	 * every address of the host or device (server); written back. */
	size_t local_count;
	struct ip_addr local[LIVE_ADDRS_MAX];
	/* Further ones, claimed as well whatever the others are. */
	size_t more_count;
	struct ip_addr more[LIVE_RANGES_MAX];
	/* Ports that are wanted: a server's, and those that either announces. */
	size_t port_count;
	uint16_t ports[LIVE_RANGES_MAX];
	/* How many others a client wants; which ones is written back. */
	uint16_t block, port_first;
	bool one_by_one;      /* through raw sockets only, not in bulk as frames (live_frames.h) */
	uint32_t mtu;	      /* written: the least of the devices, 1500 at most */
	size_t buffer_octets; /* of the capture; 0: default */
};

/* NULL with `err`: ERR_MISSING if there can be no
 * guard, without which the kernel would break every connection. */
struct net *live_endpoint_open(struct live_endpoint_config *config, struct error *err);

/* Packets that could not be sent so far, and in `why` (unless none) the last reason. `net` must be
 * this back-end's own, not one that wraps it. */
uint64_t live_endpoint_lost(struct net *net, struct error *why);

#endif
