#include "cli/resolve.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/sockaddr.h"
#include "util/time.h"

static struct host host_of(const struct addrinfo *found)
{
	struct sockaddr_storage at;
	struct sockaddr_in6 in6;
	struct host out = {0};

	memset(&at, 0, sizeof(at));
	memcpy(&at, found->ai_addr, found->ai_addrlen);
	memcpy(&in6, &at, sizeof(in6));
	out.addr = sockaddr_ip(&at);
	if (at.ss_family == AF_INET6 && in6.sin6_scope_id &&
	    !if_indextoname(in6.sin6_scope_id, out.zone))
		snprintf(out.zone, sizeof(out.zone), "%u", (unsigned)in6.sin6_scope_id);
	return out;
}

static int find(const char *name, uint8_t family, int flags, struct addrinfo **found)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};

	hints.ai_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
	return getaddrinfo(name, NULL, &hints, found);
}

int resolve_name(struct host *out, const char *name, uint8_t family, struct error *err)
{
	static const char *const kinds[] = {
	    [0] = "an address", [4] = "an IPv4 address", [6] = "an IPv6 address"};
	struct addrinfo *found;
	int rc = find(name, family, 0, &found);

	if (rc)
		return error_set(err, ERR_RESOLVE, "finding %s of '%s': %s", kinds[family], name,
				 gai_strerror(rc));
	*out = host_of(found);
	freeaddrinfo(found);
	return 0;
}

int resolve_device(const char **device, const struct host *host, const char *chosen,
		   struct error *err)
{
	*device = chosen || !*host->zone ? chosen : host->zone;
	if (chosen && *host->zone && strcmp(chosen, host->zone))
		return error_set(err, ERR_USAGE, "-i '%s': the target's zone is %s", chosen,
				 host->zone);
	return 0;
}

bool resolve_is_address(const char *text)
{
	struct addrinfo *found;

	if (find(text, 0, AI_NUMERICHOST, &found))
		return false;
	freeaddrinfo(found);
	return true;
}

static int64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void resolve_wall_clock(struct net *net, int64_t *wall_ns, int64_t *at_ns)
{
	int64_t least_ns = TIME_NEVER;

	for (int i = 0; i < 8; i++) {
		int64_t before_ns = net_now_ns(net), wall = wall_clock_ns();
		int64_t took_ns = net_now_ns(net) - before_ns;

		if (took_ns >= least_ns)
			continue;
		least_ns = took_ns;
		*wall_ns = wall;
		*at_ns = before_ns + took_ns / 2;
	}
}
