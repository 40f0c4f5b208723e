/* Addresses of this host that come and go while it runs, as the kernel tells. Needs no privileges.
 */
#ifndef MBOXTRACE_NET_LIVE_ADDRS_H
#define MBOXTRACE_NET_LIVE_ADDRS_H

#include "packet/ip_addr.h"
#include "util/error.h"

/* A descriptor to wait on, which the caller closes; ERR_DEVICE. */
int live_addrs_open(struct error *err);
/* The next change: `came`, or gone. False: none is waiting. */
bool live_addrs_next(int fd, struct ip_addr *addr, bool *came);

#endif
