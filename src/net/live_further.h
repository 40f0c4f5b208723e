/* The net of a trace, and beside it one for further addresses of this host: from these, too,
 * packets leave as for connections (live_sources.h), and what comes to them is heard and kept from
 * the kernel as for these (live_endpoint.h); but each packet leaves through a raw socket, past
 * whatever filters this host has. What cannot be sent from them is lost, as on any path. */
#ifndef MBOXTRACE_NET_LIVE_FURTHER_H
#define MBOXTRACE_NET_LIVE_FURTHER_H

#include "net/live.h"
#include "net/live_scope.h"

struct live_further {
	struct ip_addr target;
	const char *device; /* NULL: as the routes say */
	size_t count;
	struct ip_addr addr[LIVE_ADDRS_MAX]; /* of the target's family */
	/* Written: LIVE_PORTS_MAX ports in a row, ours on all of them, and the least MTU of their
	 * devices. */
	uint16_t port_first;
	uint32_t mtu;
};

/* Owns `own`, the net of live_open, if it succeeds. NULL with `err`, of live_endpoint_open. */
struct net *live_further_open(struct net *own, struct live_further *config, struct error *err);
/* Packets from further addresses that could not be sent so far, and the last reason in `why`; of
 * the net itself, not of one that wraps it. */
uint64_t live_further_lost(struct net *net, struct error *why);

#endif
