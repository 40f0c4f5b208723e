/* Addresses as the socket calls want them. */
#ifndef MBOXTRACE_NET_SOCKADDR_H
#define MBOXTRACE_NET_SOCKADDR_H

#include <sys/socket.h>

#include "packet/ip_addr.h"

/* Writes `addr` and `port` (host order); `scope` is the interface index of a link-local IPv6
 * address, else it is not used. Returns the length. */
socklen_t sockaddr_of(const struct ip_addr *addr, uint16_t port, unsigned scope,
		      struct sockaddr_storage *out);
/* Family 0 for anything but IPv4 and IPv6. */
struct ip_addr sockaddr_ip(const struct sockaddr_storage *in);
uint16_t sockaddr_port(const struct sockaddr_storage *in);
bool ip_addr_is_link_local(const struct ip_addr *addr); /* IPv6 only: needs a device */

#endif
