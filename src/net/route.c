#include "net/route.h"

#include <dumbnet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/route_kernel.h"
#include "net/sockaddr.h"

static int no_route(const struct ip_addr *target, const char *why, struct error *err)
{
	char text[IP_ADDR_TEXT];

	return error_set(err, ERR_ROUTE, "no route to %s: %s", ip_addr_print(target, text), why);
}

/* A connected datagram socket has the source address that the kernel would choose; nothing is
 * sent. Returns 0 or an errno. */
static int source_by_connect(int fd, const struct ip_addr *target, const struct ip_addr *wanted,
			     unsigned device, struct ip_addr *source)
{
	struct sockaddr_storage at;
	socklen_t len;

	if (wanted && wanted->family) {
		len = sockaddr_of(wanted, 0, device, &at);
		if (bind(fd, (struct sockaddr *)&at, len))
			return errno;
	}
	len = sockaddr_of(target, 9, device, &at);
	if (connect(fd, (struct sockaddr *)&at, len))
		return errno;
	len = sizeof(at);
	if (getsockname(fd, (struct sockaddr *)&at, &len))
		return errno;
	*source = sockaddr_ip(&at);
	return 0;
}

static int find_source(const struct ip_addr *target, const struct ip_addr *wanted,
		       const char *device, struct ip_addr *source)
{
	int fd = socket(target->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int failed;

	if (fd < 0)
		return errno;
	if (device &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)))
		failed = errno;
	else
		failed = source_by_connect(fd, target, wanted, device ? if_nametoindex(device) : 0,
					   source);
	close(fd);
	return failed;
}

/* libdnet's view of an address. */
static struct addr dnet_addr(const struct ip_addr *in)
{
	struct addr out;

	memset(&out, 0, sizeof(out));
	out.addr_type = in->family == 4 ? ADDR_TYPE_IP : ADDR_TYPE_IP6;
	out.addr_bits = in->family == 4 ? 32 : 128;
	memcpy(out.addr_data8, in->octets, in->family == 4 ? 4 : 16);
	return out;
}

/* The device that owns `source`: right except on hosts that lend one device's address to
 * another, hence asked only if the kernel does not say. */
static int device_of_source(intf_t *devices, const struct ip_addr *source, char *name, size_t cap)
{
	struct intf_entry entry = {.intf_len = sizeof(entry)};
	struct addr addr = dnet_addr(source);

	if (intf_get_src(devices, &entry, &addr) || strlen(entry.intf_name) >= cap)
		return -1;
	strcpy(name, entry.intf_name);
	return 0;
}

static int find_device(intf_t *devices, const struct ip_addr *target, const char *wanted,
		       struct net_route *out, struct error *err)
{
	struct intf_entry entry = {.intf_len = sizeof(entry)};
	unsigned index =
	    route_kernel_device(target, &out->source, wanted ? if_nametoindex(wanted) : 0);
	char name[IF_NAMESIZE];

	if (wanted)
		memcpy(out->device, wanted, strlen(wanted) + 1);
	else if (index && if_indextoname(index, name))
		memcpy(out->device, name, strlen(name) + 1);
	else if (device_of_source(devices, &out->source, out->device, sizeof(out->device)))
		return no_route(target, "cannot tell the device: name it with -i", err);
	memcpy(entry.intf_name, out->device, strlen(out->device) + 1);
	if (intf_get(devices, &entry))
		return no_route(target, strerror(errno), err);
	out->mtu = entry.intf_mtu;
	return 0;
}

static bool is_unspecified(const struct ip_addr *addr)
{
	static const uint8_t none[16] = {0};

	return !memcmp(addr->octets, none, sizeof(none));
}

/* Neither nobody's nor everybody's: unspecified, multicast, or to all on a link. */
static bool is_one_host(const struct ip_addr *addr)
{
	static const uint8_t all[4] = {255, 255, 255, 255};

	if (addr->family == 6)
		return addr->octets[0] != 0xff && !is_unspecified(addr);
	return addr->octets[0] && addr->octets[0] >> 4 != 14 && memcmp(addr->octets, all, 4);
}

/* "::ffff:192.0.2.1" (RFC 4291 section 2.5.5.2) */
static bool is_mapped(const struct ip_addr *addr)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return addr->family == 6 && !memcmp(addr->octets, prefix, sizeof(prefix));
}

static int check_request(const struct ip_addr *target, const struct ip_addr *source,
			 const char *device, struct error *err)
{
	char text[IP_ADDR_TEXT];

	if (!is_one_host(target))
		return no_route(target, "TCP goes to the address of one host", err);
	if (is_mapped(target))
		return no_route(target, "IPv6 carries no such address: write it as IPv4", err);
	if (!device && ip_addr_is_link_local(target))
		return no_route(target, "a link-local address needs a device: name it with -i",
				err);
	if (device && (strlen(device) >= IF_NAMESIZE || !if_nametoindex(device)))
		return error_set(err, ERR_ROUTE, "no route to %s: there is no device '%s'",
				 ip_addr_print(target, text), device);
	if (source && source->family && source->family != target->family)
		return no_route(target, "the source address is of the other IP version", err);
	return 0;
}

static int explain_source(const struct ip_addr *target, const struct ip_addr *source, int failed,
			  struct error *err)
{
	char to[IP_ADDR_TEXT], from[IP_ADDR_TEXT];

	if (failed != EADDRNOTAVAIL || !source || !source->family)
		return no_route(target, strerror(failed), err);
	return error_set(err, ERR_ROUTE, "no route to %s: %s is not an address of this host",
			 ip_addr_print(target, to), ip_addr_print(source, from));
}

int route_find(const struct ip_addr *target, const struct ip_addr *source, const char *device,
	       struct net_route *out, struct error *err)
{
	struct net_route route = {0};
	intf_t *devices;
	int failed = check_request(target, source, device, err);

	if (failed)
		return failed;
	failed = find_source(target, source, device, &route.source);
	if (failed)
		return explain_source(target, source, failed, err);
	if (is_unspecified(&route.source))
		return no_route(target, "there is no address to send from: name one with -s", err);
	devices = intf_open();
	if (!devices)
		return no_route(target, strerror(errno), err);
	failed = find_device(devices, target, device, &route, err);
	intf_close(devices);
	if (!failed)
		*out = route;
	return failed;
}
