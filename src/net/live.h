/* The live back-end: libnet injects, libpcap captures, libdnet knows the routes.
 *
 * Order of use, so that root is needed only for as long as it takes to open things:
 *   live_open()          sockets, capture and guard
 *   privilege_drop()     everything is given away; scripts and parsing come after this
 *   net_send()/receive() as ordinary user
 */
#ifndef MBOXTRACE_NET_LIVE_H
#define MBOXTRACE_NET_LIVE_H

#include "net/net.h"

#define LIVE_PORTS_MAX 16

struct live_config {
	struct ip_addr target;
	struct ip_addr source; /* -s; family 0: the route's */
	const char *device;    /* -i; NULL: the route's */
	/* Local TCP ports the caller will use: reserved against other programs, and guarded so
	 * that the local kernel answers nothing that arrives for them. With `port_count` but zero
	 * ports, free ephemeral ones are picked and written back. */
	uint16_t ports[LIVE_PORTS_MAX];
	size_t port_count;
	size_t buffer_octets; /* of the capture; 0: default */
};

/* Opens everything that needs privileges. Returns NULL with `err` (ERR_PERMISSION says in one
 * line how to permit it). `config->ports`, `source` and `route` are filled in. `warning` is set
 * (code ERR_MISSING) if it opened but the guard could not be installed, and says what still
 * holds; else its code is ERR_NONE. */
struct net *live_open(struct live_config *config, struct net_route *route, struct error *warning,
		      struct error *err);
int live_fd(struct net *net); /* readable when packets wait; of live_open's own net */

#endif
