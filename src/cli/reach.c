#include "cli/reach.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/reach_addr.h"
#include "cli/resolve.h"
#include "lab/lab.h"
#include "net/live_addrs.h"
#include "net/live_endpoint.h"
#include "net/privilege.h"
#include "net/tap.h"
#include "script/scenario.h"

#define LAB_SEED       1
#define LAB_FIRST_PORT 40001
#define PORTS	       64 /* a client's: its subflows, and those that replace them */
#define HEADERS	       40 /* of IPv4 and TCP; IPv6 is 20 longer */

static int reach_tap(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	struct net *tap;

	if (!o->pcap)
		return 0;
	tap = tap_open(reach->net, o->pcap, reach->wall_ns, reach->at_ns, err);
	if (!tap)
		return err->code;
	reach->net = tap;
	return 0;
}

static int reach_seed(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	reach->seed = (uint64_t)o->seed;
	if (o->seed < 0 && getrandom(&reach->seed, sizeof(reach->seed), 0) < 0)
		return error_set(err, ERR_DEVICE, "no random numbers from the kernel");
	return 0;
}

static int reach_finish(struct reach *reach, const struct endpoint_options *o, struct net *net,
			struct error *err)
{
	int rc;

	reach->net = reach->live = net;
	reach->addrs = live_addrs_open(err);
	reach->follows = reach->addrs >= 0;
	if (!reach->follows)
		return reach->addrs;
	resolve_wall_clock(net, &reach->wall_ns, &reach->at_ns);
	rc = reach_tap(reach, o, err);
	return rc ? rc : privilege_drop(err);
}

static bool has_port(const struct live_endpoint_config *config, uint16_t port)
{
	for (size_t i = 0; i < config->port_count; i++)
		if (config->ports[i] == port)
			return true;
	return false;
}

/* Announced addresses are claimed as well, and their ports. */
static int claim_announced(struct live_endpoint_config *config, const struct endpoint_options *o,
			   struct error *err)
{
	if (o->announced.count + 1 > LIVE_RANGES_MAX)
		return error_set(err, ERR_USAGE, "--add-addr: at most %d", LIVE_RANGES_MAX - 1);
	for (size_t i = 0; i < o->announced.count; i++) {
		const struct pm_addr *a = &o->announced.at[i];

		config->more[config->more_count++] = a->addr;
		if (a->port && !has_port(config, a->port))
			config->ports[config->port_count++] = a->port;
	}
	return 0;
}

static int open_client(struct reach *reach, const struct endpoint_options *o, const char *device,
		       struct error *err)
{
	struct live_endpoint_config config = {
	    .target = reach->target, .device = device, .block = PORTS};
	struct net *net;
	int rc;

	for (size_t i = 0; i < o->local.count; i++)
		config.local[config.local_count++] = o->local.at[i].addr;
	if (claim_announced(&config, o, err))
		return err->code;
	net = live_endpoint_open(&config, err);
	if (!net)
		return err->code;
	reach->port_first = config.port_first;
	reach->port_last = (uint16_t)(config.port_first + PORTS - 1);
	reach->mtu = (uint16_t)config.mtu;
	for (size_t i = 0; i < config.local_count; i++)
		reach_addr_add(reach, o->local.count ? &o->local.at[i]
						     : &(struct pm_addr){.addr = config.local[i]});
	reach_addr_prefixes(reach);
	rc = reach_finish(reach, o, net, err);
	return rc ? rc : reach_addr_announce(reach, o, err);
}

int reach_open_live(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	uint8_t family = (uint8_t)(o->family ? o->family : o->local.at[0].addr.family);
	int rc = reach_seed(reach, o, err);
	struct host host;
	const char *device;

	reach->port = o->port;
	snprintf(reach->target_name, sizeof(reach->target_name), "%s", o->host);
	if (!rc && o->numeric && !resolve_is_address(o->host))
		return error_set(err, ERR_USAGE, "-n: '%s': expected an address", o->host);
	if (!rc)
		rc = resolve_name(&host, o->host, family, err);
	if (!rc)
		rc = resolve_device(&device, &host, o->device, err);
	if (rc)
		return rc;
	reach->target = host.addr;
	return open_client(reach, o, device, err);
}

static bool of_family(const struct endpoint_options *o, const struct ip_addr *addr)
{
	return !o->family || addr->family == o->family;
}

int reach_open_server(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	struct live_endpoint_config config = {
	    .device = o->device, .ports = {o->port}, .port_count = 1};
	int rc = reach_seed(reach, o, err);
	struct net *net;

	reach->port = o->port;
	for (size_t i = 0; i < o->local.count; i++)
		if (of_family(o, &o->local.at[i].addr))
			config.local[config.local_count++] = o->local.at[i].addr;
	if (!rc)
		rc = claim_announced(&config, o, err);
	if (rc)
		return rc;
	net = live_endpoint_open(&config, err);
	if (!net)
		return err->code;
	reach->mtu = (uint16_t)config.mtu;
	reach_addr_add(reach, &(struct pm_addr){0}); /* whichever the client came to */
	reach_addr_serve(reach, o);
	reach_addr_prefixes(reach);
	return reach_finish(reach, o, net, err);
}

static int load(struct reach *reach, const char *file, struct error *err)
{
	int rc;

	reach->scenario = calloc(1, sizeof(*reach->scenario));
	if (!reach->scenario)
		return error_set(err, ERR_NOMEM, "out of memory");
	rc = scenario_load(reach->scenario, file, reach->seed, err);
	if (rc) {
		free(reach->scenario);
		reach->scenario = NULL;
	}
	return rc;
}

/* Of the target's family only, the one that the path starts from first. Its scenario says nothing
 * of subnets: they are as large as they mostly are. */
static void lab_locals(struct reach *reach)
{
	struct ip_addr addrs[LAB_ADDRS_MAX];
	size_t count = lab_client_addrs(reach->scenario->lab, addrs);

	for (size_t i = 0; i < count; i++)
		if (addrs[i].family == reach->target.family)
			reach_addr_add(
			    reach, &(struct pm_addr){.addr = addrs[i],
						     .prefix_len = addrs[i].family == 4 ? 24 : 64});
}

static int open_lab(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	struct net_route route;
	const char *name;
	int rc;

	reach->port = o->port ? o->port : reach->scenario->port;
	name = o->host ? o->host : lab_target(reach->scenario->lab)->name;
	snprintf(reach->target_name, sizeof(reach->target_name), "%s", name);
	rc = lab_resolve(reach->scenario->lab, name,
			 (uint8_t)(o->family ? o->family : reach->scenario->family), &reach->target,
			 err);
	if (rc)
		return rc;
	reach->net = lab_net(reach->scenario->lab);
	if (!reach->net)
		return error_set(err, ERR_NOMEM, "out of memory");
	rc = net_route(reach->net, &reach->target, &route, err);
	if (rc)
		return rc;
	lab_locals(reach);
	reach->port_first = LAB_FIRST_PORT;
	reach->port_last = LAB_FIRST_PORT + PORTS - 1;
	reach->mtu = (uint16_t)route.mtu;
	return 0;
}

static int load_seeded(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	reach->seed = o->seed < 0 ? LAB_SEED : (uint64_t)o->seed;
	return load(reach, o->lab, err);
}

int reach_open_lab(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	int rc = load_seeded(reach, o, err);

	if (!rc)
		rc = lab_serve(reach->scenario->lab, err);
	if (!rc)
		rc = open_lab(reach, o, err);
	if (!rc)
		rc = reach_addr_announce(reach, o, err);
	return rc ? rc : reach_tap(reach, o, err);
}

int reach_open_lab_server(struct reach *reach, const struct endpoint_options *o, struct error *err)
{
	struct conn_config conn;
	int rc = load_seeded(reach, o, err);

	endpoint_options_conn(o, &conn);
	if (!rc)
		rc = lab_serve_as(reach->scenario->lab, o->port, &conn, o->cookies, err);
	if (!rc)
		rc = open_lab(reach, o, err);
	return rc ? rc : reach_tap(reach, o, err);
}

void reach_close(struct reach *reach)
{
	if (reach->follows)
		close(reach->addrs);
	net_close(reach->net);
	if (reach->scenario)
		scenario_fini(reach->scenario);
	free(reach->scenario);
	*reach = (struct reach){0};
}

void reach_configure(const struct reach *reach, const struct endpoint_options *o,
		     struct conn_config *conn, struct endpoint_config *endpoint)
{
	uint16_t headers = reach->target.family == 6 ? HEADERS + 20 : HEADERS;

	endpoint_options_conn(o, conn);
	if (reach->mtu > headers)
		conn->tcp.mss = (uint16_t)(reach->mtu - headers);
	conn->local_count = reach->local_count;
	memcpy(conn->local, reach->local, sizeof(conn->local));
	for (size_t i = 1; o->backup && i < conn->local_count; i++)
		conn->local[i].backup = true;
	*endpoint = (struct endpoint_config){
	    .seed = reach->seed, .port_first = reach->port_first, .port_last = reach->port_last};
}

void reach_warn(const struct reach *reach)
{
	struct error why = {0};
	uint64_t lost = reach->live ? live_endpoint_lost(reach->live, &why) : 0;

	if (lost)
		fprintf(stderr, "mboxtrace: warning: %llu packets could not be sent: %s\n",
			(unsigned long long)lost, why.text);
}
