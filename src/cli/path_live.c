#include <string.h>
#include <sys/random.h>

#include "cli/path.h"
#include "cli/resolve.h"
#include "net/live_further.h"
#include "net/privilege.h"

static int open_net(struct path *path, const struct options *o, const char *device,
		    struct error *err)
{
	struct live_config config = {
	    .target = path->target,
	    .source = o->local.at[0],
	    .device = device,
	    .port_count = TRACE_PROBES_MAX,
	};
	struct error warning = {0};

	path->net = live_open(&config, &path->route, &warning, err);
	if (!path->net)
		return err->code;
	if (warning.code)
		fprintf(stderr, "mboxtrace: warning: %s\n", warning.text);
	memcpy(path->ports, config.ports, sizeof(path->ports));
	resolve_wall_clock(path->net, &path->wall_ns, &path->at_ns);
	return 0;
}

/* Addresses behind the first of --local. */
static int open_further(struct path *path, const struct options *o, const char *device,
			struct error *err)
{
	struct live_further config = {.target = path->target, .device = device};
	struct net *net;

	if (o->local.count < 2)
		return 0;
	config.count = o->local.count - 1;
	memcpy(config.addr, &o->local.at[1], config.count * sizeof(config.addr[0]));
	net = live_further_open(path->net, &config, err);
	if (!net)
		return err->code;
	path->net = path->live = net;
	path->further_count = config.count;
	path->further_mtu = config.mtu;
	memcpy(path->further, config.addr, config.count * sizeof(config.addr[0]));
	for (size_t i = 0; i < TRACE_PROBES_MAX; i++)
		path->further_ports[i] = (uint16_t)(config.port_first + i);
	return 0;
}

int path_open_live(struct path *path, const struct options *o, uint8_t family, struct error *err)
{
	struct host host;
	const char *device;
	int rc;

	if (!o->target)
		return error_set(err, ERR_USAGE,
				 "no target: name a host, as in 'mboxtrace example.net'");
	if (!family)
		family = o->local.at[0].family;
	path->seed = (uint64_t)o->seed;
	if (o->seed < 0 && getrandom(&path->seed, sizeof(path->seed), 0) < 0)
		return error_set(err, ERR_DEVICE, "no random numbers from the kernel");
	snprintf(path->target_name, sizeof(path->target_name), "%s", o->target);
	rc = resolve_name(&host, o->target, family, err);
	if (!rc)
		rc = resolve_device(&device, &host, o->device, err);
	if (rc)
		return rc;
	path->target = host.addr;
	rc = open_net(path, o, device, err);
	if (!rc)
		rc = open_further(path, o, device, err);
	if (!rc)
		rc = path_tap(path, o, err);
	return rc ? rc : privilege_drop(err);
}
