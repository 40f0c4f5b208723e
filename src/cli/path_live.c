#include <netdb.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cli/path.h"
#include "net/live.h"
#include "net/privilege.h"
#include "packet/ip_addr.h"

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
static int resolve(struct ip_addr *out, const char *name, uint8_t family, struct error *err)
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

static int64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int open_net(struct path *path, const struct options *o, struct error *err)
{
	struct live_config config = {
	    .target = path->target,
	    .source = o->source,
	    .device = o->device,
	    .port_count = TRACE_PROBES_MAX,
	};
	struct error warning = {0};

	path->net = live_open(&config, &path->route, &warning, err);
	if (!path->net)
		return err->code;
	if (warning.code)
		fprintf(stderr, "mboxtrace: warning: %s\n", warning.text);
	memcpy(path->ports, config.ports, sizeof(path->ports));
	path->at_ns = net_now_ns(path->net);
	path->wall_ns = wall_clock_ns();
	return 0;
}

int path_open_live(struct path *path, const struct options *o, uint8_t family, struct error *err)
{
	int rc;

	if (!o->target)
		return error_set(err, ERR_USAGE,
				 "no target: name a host, as in 'mboxtrace example.net'");
	if (!family)
		family = o->source.family;
	path->seed = (uint64_t)o->seed;
	if (o->seed < 0 && getrandom(&path->seed, sizeof(path->seed), 0) < 0)
		return error_set(err, ERR_DEVICE, "no random numbers from the kernel");
	snprintf(path->target_name, sizeof(path->target_name), "%s", o->target);
	rc = resolve(&path->target, o->target, family, err);
	if (!rc)
		rc = open_net(path, o, err);
	if (!rc)
		rc = path_tap(path, o, err);
	return rc ? rc : privilege_drop(err);
}
