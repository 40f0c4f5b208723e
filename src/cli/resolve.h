/* What the host knows: addresses of names, and the time of day. */
#ifndef MBOXTRACE_CLI_RESOLVE_H
#define MBOXTRACE_CLI_RESOLVE_H

#include <stdbool.h>

#include "net/net.h"
#include "packet/ip_addr.h"
#include "util/error.h"

#define ZONE_MAX 16 /* room for the name of a device */

struct host {
	struct ip_addr addr;
	char zone[ZONE_MAX]; /* the device that "fe80::1%eth0" names; empty: none */
};

/* The first address in the system's order of preference; `family` 4, 6 or 0: either. 0, or
 * ERR_RESOLVE. */
int resolve_name(struct host *out, const char *name, uint8_t family, struct error *err);

/* The device to reach `host` by: `chosen` (-i; NULL: any) if there is one, else its zone, which it
 * must not contradict (ERR_USAGE). NULL in *device: any. */
int resolve_device(const char **device, const struct host *host, const char *chosen,
		   struct error *err);

bool resolve_is_address(const char *text); /* a zone may stand behind it */

/* The time of day, since 1970, and that of the net at the same moment. */
void resolve_wall_clock(struct net *net, int64_t *wall_ns, int64_t *at_ns);

#endif
