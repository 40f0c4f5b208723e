#include "net/live_scope.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/sockaddr.h"
#include "util/error.h"

#define MTU_MAX 1500

bool live_scope_add_addr(struct live_scope *scope, const struct ip_addr *addr)
{
	if (live_scope_has(scope, addr))
		return true;
	if (scope->addr_count == LIVE_ADDRS_MAX)
		return false;
	scope->addr[scope->addr_count++] = *addr;
	return true;
}

bool live_scope_add_range(struct live_scope *scope, uint16_t first, uint16_t last)
{
	for (size_t i = 0; i < scope->range_count; i++)
		if (scope->range[i].first <= first && scope->range[i].last >= last)
			return true;
	if (scope->range_count == LIVE_RANGES_MAX)
		return false;
	scope->range[scope->range_count++] = (struct live_range){first, last};
	return true;
}

bool live_scope_has(const struct live_scope *scope, const struct ip_addr *addr)
{
	for (size_t i = 0; i < scope->addr_count; i++)
		if (ip_addr_equal(&scope->addr[i], addr))
			return true;
	return false;
}

bool live_scope_has_family(const struct live_scope *scope, uint8_t family)
{
	for (size_t i = 0; i < scope->addr_count; i++)
		if (scope->addr[i].family == family)
			return true;
	return false;
}

/* Family 0: none that is IPv4 or IPv6. */
static struct ip_addr addr_at(const struct ifaddrs *at)
{
	struct sockaddr_storage storage = {0};
	int family = at->ifa_addr ? at->ifa_addr->sa_family : AF_UNSPEC;

	if (family != AF_INET && family != AF_INET6)
		return (struct ip_addr){0};
	memcpy(&storage, at->ifa_addr,
	       family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
	return sockaddr_ip(&storage);
}

static struct ip_addr usable(const struct ifaddrs *at, const char *device)
{
	struct ip_addr addr = addr_at(at);

	if (!(at->ifa_flags & IFF_UP) || (device && strcmp(at->ifa_name, device)))
		return (struct ip_addr){0};
	return ip_addr_is_link_local(&addr) ? (struct ip_addr){0} : addr;
}

int live_scope_add_all(struct live_scope *scope, const char *device, struct error *err)
{
	struct ifaddrs *list;
	size_t before = scope->addr_count;

	if (getifaddrs(&list))
		return error_set(err, ERR_ROUTE, "live: cannot list the addresses of this host: %s",
				 strerror(errno));
	for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
		struct ip_addr addr = usable(at, device);

		if (addr.family)
			live_scope_add_addr(scope, &addr);
	}
	freeifaddrs(list);
	if (scope->addr_count > before)
		return 0;
	return error_set(err, ERR_ROUTE, "live: no address to listen on%s%s", device ? ": -i " : "",
			 device ? device : "");
}

unsigned live_scope_owner(const struct ip_addr *addr)
{
	struct ifaddrs *list;
	unsigned owner = 0;

	if (getifaddrs(&list))
		return 0;
	for (const struct ifaddrs *at = list; at && !owner; at = at->ifa_next) {
		struct ip_addr has = addr_at(at);

		if (has.family && ip_addr_equal(&has, addr))
			owner = if_nametoindex(at->ifa_name);
	}
	freeifaddrs(list);
	return owner;
}

static uint8_t ones(const struct sockaddr *mask, int family)
{
	struct sockaddr_storage storage = {0};
	struct ip_addr octets;
	uint8_t count = 0;

	memcpy(&storage, mask,
	       family == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
	octets = sockaddr_ip(&storage);
	for (unsigned i = 0; i < (family == 4 ? 4u : 16u); i++)
		count = (uint8_t)(count + __builtin_popcount(octets.octets[i]));
	return count;
}

uint8_t live_scope_prefix(const struct ip_addr *addr)
{
	struct ifaddrs *list;
	uint8_t len = 0;

	if (getifaddrs(&list))
		return 0;
	for (const struct ifaddrs *at = list; at && !len; at = at->ifa_next) {
		struct ip_addr has = addr_at(at);

		if (has.family && ip_addr_equal(&has, addr) && at->ifa_netmask)
			len = ones(at->ifa_netmask, addr->family);
	}
	freeifaddrs(list);
	return len;
}

static uint32_t mtu_of(const char *device, int fd)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, device, strnlen(device, IFNAMSIZ - 1));
	return ioctl(fd, SIOCGIFMTU, &request) ? MTU_MAX : (uint32_t)request.ifr_mtu;
}

uint32_t live_scope_mtu(const struct live_scope *scope)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t least = MTU_MAX;
	struct ifaddrs *list;

	if (fd < 0 || getifaddrs(&list))
		list = NULL;
	for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
		struct ip_addr addr = addr_at(at);
		uint32_t mtu = addr.family && live_scope_has(scope, &addr)
				   ? mtu_of(at->ifa_name, fd)
				   : MTU_MAX;

		least = mtu < least ? mtu : least;
	}
	if (list)
		freeifaddrs(list);
	if (fd >= 0)
		close(fd);
	return least;
}
