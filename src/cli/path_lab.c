/* The emulated path of --lab. The wall clock starts with 1970 there, and the local ports are
 * fixed, so that one seed gives one output. */
#include <stdlib.h>

#include "cli/path.h"
#include "script/scenario.h"

#define LAB_SEED       1
#define LAB_FIRST_PORT 40001

static int check_options(const struct options *o, struct error *err)
{
	if (o->device)
		return error_set(err, ERR_USAGE, "-i '%s': --lab has no devices", o->device);
	if (o->source.family)
		return error_set(err, ERR_USAGE, "-s: with --lab the scenario's client sends");
	return 0;
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

int path_open_lab(struct path *path, const struct options *o, uint8_t family, struct error *err)
{
	const char *name;
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
	if (rc)
		return rc;
	name = o->target ? o->target : lab_target(path->scenario->lab)->name;
	snprintf(path->target_name, sizeof(path->target_name), "%s", name);
	rc = lab_resolve(path->scenario->lab, name, family ? family : path->scenario->family,
			 &path->target, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < TRACE_PROBES_MAX; i++)
		path->ports[i] = (uint16_t)(LAB_FIRST_PORT + i);
	path->net = lab_net(path->scenario->lab);
	if (!path->net)
		return error_set(err, ERR_NOMEM, "out of memory");
	rc = net_route(path->net, &path->target, &path->route, err);
	return rc ? rc : path_tap(path, o, err);
}
