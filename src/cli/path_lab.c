/* The emulated path of --lab. The wall clock starts with 1970 there, and the local ports are
 * fixed, so that one seed gives one output. */
#include <stdlib.h>
#include <string.h>

#include "cli/path.h"
#include "script/scenario.h"

#define LAB_SEED       1
#define LAB_FIRST_PORT 40001

static int check_options(const struct options *o, struct error *err)
{
	if (o->device)
		return error_set(err, ERR_USAGE, "-i '%s': --lab has no devices", o->device);
	if (o->local.count)
		return error_set(err, ERR_USAGE,
				 "-s, --local: with --lab the scenario's client sends");
	return 0;
}

/* All addresses of the client of the target's family but the one that it sends from. */
static void add_further(struct path *path)
{
	struct ip_addr addrs[LAB_ADDRS_MAX];
	size_t count = lab_client_addrs(path->scenario->lab, addrs);

	for (size_t i = 0; i < count && path->further_count < TRACE_FURTHER_MAX; i++)
		if (addrs[i].family == path->target.family &&
		    !ip_addr_equal(&addrs[i], &path->route.source))
			path->further[path->further_count++] = addrs[i];
	memcpy(path->further_ports, path->ports, sizeof(path->ports));
	path->further_mtu = path->route.mtu;
}

static int load(struct path *path, const struct options *o, struct error *err)
{
	int rc;

	path->scenario = calloc(1, sizeof(*path->scenario));
	if (!path->scenario)
		return error_set(err, ERR_NOMEM, "out of memory");
	rc = scenario_load(path->scenario, o->lab, path->seed, err);
	if (rc) {
		free(path->scenario);
		path->scenario = NULL;
	}
	return rc;
}

/* The command line's target, or else the scenario's. */
static int resolve(struct path *path, const struct options *o, uint8_t family, struct error *err)
{
	struct lab *lab = path->scenario->lab;
	const char *name = o->target ? o->target : lab_target(lab)->name;

	snprintf(path->target_name, sizeof(path->target_name), "%s", name);
	return lab_resolve(lab, name, family ? family : path->scenario->family, &path->target, err);
}

static int route(struct path *path, struct error *err)
{
	int rc;

	for (size_t i = 0; i < TRACE_PROBES_MAX; i++)
		path->ports[i] = (uint16_t)(LAB_FIRST_PORT + i);
	path->net = lab_net(path->scenario->lab);
	if (!path->net)
		return error_set(err, ERR_NOMEM, "out of memory");
	rc = net_route(path->net, &path->target, &path->route, err);
	if (!rc)
		add_further(path);
	return rc;
}

int path_open_lab(struct path *path, const struct options *o, uint8_t family, struct error *err)
{
	int rc = check_options(o, err);

	path->seed = o->seed < 0 ? LAB_SEED : (uint64_t)o->seed;
	if (!rc)
		rc = load(path, o, err);
	if (rc)
		return rc;
	path->port = path->scenario->port;
	path->probe = path->scenario->notation;
	path->connect = path->scenario->connect;
	if (o->connect || path->connect)
		rc = lab_serve(path->scenario->lab, err);
	if (!rc)
		rc = resolve(path, o, family, err);
	if (!rc)
		rc = route(path, err);
	return rc ? rc : path_tap(path, o, err);
}
