/* The capture filter: of all that arrives, only what can be an answer to us.
 *
 * TCP from the target to our ports, and ICMP errors and echo replies to our source address (any
 * router may send those). libpcap finds nothing behind IPv6 extension headers, so IPv6 packets to
 * us that have any all pass; whoever gets them matches them with what was sent anyway. */
#ifndef MBOXTRACE_NET_LIVE_FILTER_H
#define MBOXTRACE_NET_LIVE_FILTER_H

#include "net/live_scope.h"
#include "util/buf.h"

void live_filter_print(struct buf *out, const struct ip_addr *target, const struct ip_addr *source,
		       const uint16_t *ports, size_t port_count);
/* TCP to a scope's addresses and ports of one family from whomever, and ICMP errors to them. */
void live_filter_print_scope(struct buf *out, const struct live_scope *scope, uint8_t family);

#endif
