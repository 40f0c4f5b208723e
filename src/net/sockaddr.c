#include "net/sockaddr.h"

#include <netinet/in.h>
#include <string.h>

bool ip_addr_is_link_local(const struct ip_addr *addr)
{
	return addr->family == 6 && addr->octets[0] == 0xfe && (addr->octets[1] & 0xc0) == 0x80;
}

static socklen_t v4_of(const struct ip_addr *addr, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&in.sin_addr, addr->octets, 4);
	memcpy(out, &in, sizeof(in));
	return sizeof(in);
}

static socklen_t v6_of(const struct ip_addr *addr, uint16_t port, unsigned scope,
		       struct sockaddr_storage *out)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memcpy(&in6.sin6_addr, addr->octets, 16);
	if (ip_addr_is_link_local(addr))
		in6.sin6_scope_id = scope;
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

socklen_t sockaddr_of(const struct ip_addr *addr, uint16_t port, unsigned scope,
		      struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	return addr->family == 4 ? v4_of(addr, port, out) : v6_of(addr, port, scope, out);
}

struct ip_addr sockaddr_ip(const struct sockaddr_storage *in)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memcpy(&v4, in, sizeof(v4));
	memcpy(&v6, in, sizeof(v6));
	if (in->ss_family == AF_INET)
		return ip_addr_v4((const uint8_t *)&v4.sin_addr);
	if (in->ss_family == AF_INET6)
		return ip_addr_v6(v6.sin6_addr.s6_addr);
	return (struct ip_addr){0};
}

uint16_t sockaddr_port(const struct sockaddr_storage *in)
{
	struct sockaddr_in v4;

	memcpy(&v4, in, sizeof(v4)); /* the port is at the same place in both families */
	return ntohs(v4.sin_port);
}
