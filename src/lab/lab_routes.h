/* Paths that pairs of addresses came by, so that what answers them goes back the same way, whatever
 * a NAT has made of them. */
#ifndef MBOXTRACE_LAB_LAB_ROUTES_H
#define MBOXTRACE_LAB_LAB_ROUTES_H

#include <stddef.h>

#include "packet/ip_addr.h"

#define LAB_ROUTES_MAX 64

struct lab_routes {
	struct lab_route {
		struct ip_addr local, remote;
		uint8_t path;
	} route[LAB_ROUTES_MAX];
	size_t count, oldest;
};

void lab_routes_learn(struct lab_routes *routes, const struct ip_addr *local,
		      const struct ip_addr *remote, uint8_t path);
uint8_t lab_routes_find(const struct lab_routes *routes, const struct ip_addr *local,
			const struct ip_addr *remote); /* 0 if unknown */

#endif
