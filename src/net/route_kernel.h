/* Asks the Linux routing table (rtnetlink): libdnet's route_get() knows gateways only, neither
 * devices nor rules that look at the source address. */
#ifndef MBOXTRACE_NET_ROUTE_KERNEL_H
#define MBOXTRACE_NET_ROUTE_KERNEL_H

#include "packet/ip_addr.h"

/* The index of the device that packets from `source` (family 0: unspecified) to `target` leave
 * by; `device` restricts the answer to that index unless it is 0. 0: no such route. */
unsigned route_kernel_device(const struct ip_addr *target, const struct ip_addr *source,
			     unsigned device);

#endif
