#include "cli/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "util/time.h"

static struct ip_addr addr_of(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		return ip_addr_v6(in6.sin6_addr.s6_addr);
	}
	memcpy(&in, sa, sizeof(in));
	return ip_addr_v4((const uint8_t *)&in.sin_addr.s_addr);
}

/* The first address in the system's order of preference. */
int resolve_name(struct ip_addr *out, const char *name, uint8_t family, struct error *err)
{
	static const char *const kinds[] = {
	    [0] = "an address", [4] = "an IPv4 address", [6] = "an IPv6 address"};
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	int rc;

	hints.ai_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
	rc = getaddrinfo(name, NULL, &hints, &found);
	if (rc)
		return error_set(err, ERR_RESOLVE, "finding %s of '%s': %s", kinds[family], name,
				 gai_strerror(rc));
	*out = addr_of(found->ai_addr);
	freeaddrinfo(found);
	return 0;
}

int64_t resolve_wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}
