/* What an endpoint claims of this host: all TCP to these addresses and ports is its own. */
#ifndef MBOXTRACE_NET_LIVE_SCOPE_H
#define MBOXTRACE_NET_LIVE_SCOPE_H

#include <stddef.h>

#include "packet/ip_addr.h"

#define LIVE_ADDRS_MAX	64
#define LIVE_RANGES_MAX 16

struct live_range {
	uint16_t first, last;
};

struct live_scope {
	size_t addr_count, range_count; /* one or more of each */
	struct ip_addr addr[LIVE_ADDRS_MAX];
	struct live_range range[LIVE_RANGES_MAX];
};

/* False if there is no room for more. */
bool live_scope_add_addr(struct live_scope *scope, const struct ip_addr *addr);
bool live_scope_add_range(struct live_scope *scope, uint16_t first, uint16_t last);
bool live_scope_has(const struct live_scope *scope, const struct ip_addr *addr);
bool live_scope_has_family(const struct live_scope *scope, uint8_t family);

/* Adds every address of this host that is up, on `device` only unless that is NULL: not the
 * link-local ones of IPv6, which mean nothing without a device. 0, or ERR_ROUTE if there is
 * none. */
struct error;
int live_scope_add_all(struct live_scope *scope, const char *device, struct error *err);

/* The index of the device that has this address; 0: none. */
unsigned live_scope_owner(const struct ip_addr *addr);

/* The length of the prefix of its subnet, as the device that has it says; 0: not known. */
uint8_t live_scope_prefix(const struct ip_addr *addr);

/* The least MTU of the devices that have these addresses; 1500 if it is not known, or more. */
uint32_t live_scope_mtu(const struct live_scope *scope);

#endif
