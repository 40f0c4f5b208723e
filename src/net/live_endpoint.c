#include "net/live_endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/live_block.h"
#include "net/live_capture.h"
#include "net/live_cooked.h"
#include "net/live_guard.h"
#include "net/live_sources.h"
#include "net/route.h"

struct live_endpoint {
	struct net net; /* first */
	struct live_scope scope;
	struct live_sources sources;
	struct live_cooked cooked;
	struct live_block block;
	struct live_guard guard;
	char device[32]; /* empty: as the routes say */
};

static struct live_endpoint *endpoint_of(struct net *net)
{
	return (struct live_endpoint *)net;
}

static int seam_send(struct net *net, struct span packet, struct error *err)
{
	(void)err;
	live_sources_send(&endpoint_of(net)->sources, packet);
	return 0;
}

static int seam_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
			struct error *err)
{
	struct live_endpoint *e = endpoint_of(net);

	live_sources_flush(&e->sources); /* before any wait for what it brings */
	return live_cooked_receive(&e->cooked, deadline_ns, out, err);
}

static bool seam_watch(struct net *net, const struct pollfd *fds, size_t count)
{
	struct live_cooked *cooked = &endpoint_of(net)->cooked;

	if (count > LIVE_COOKED_EXTRA_MAX)
		return false;
	cooked->extra = fds;
	cooked->extra_count = count;
	return true;
}

static int64_t seam_now(struct net *net)
{
	(void)net;
	return live_clock_ns();
}

static int seam_route(struct net *net, const struct ip_addr *target, struct net_route *out,
		      struct error *err)
{
	const char *device = endpoint_of(net)->device;

	return route_find(target, NULL, *device ? device : NULL, out, err);
}

static void seam_close(struct net *net)
{
	struct live_endpoint *e = endpoint_of(net);

	live_sources_flush(&e->sources);
	live_cooked_close(&e->cooked);
	live_guard_close(&e->guard);
	live_sources_close(&e->sources);
	live_block_close(&e->block);
	free(e);
}

static const struct net_ops seam_ops = {
    .name = "live",
    .send = seam_send,
    .receive = seam_receive,
    .now_ns = seam_now,
    .route = seam_route,
    .close = seam_close,
    .watch = seam_watch,
};

uint64_t live_endpoint_lost(struct net *net, struct error *why)
{
	const struct live_sources *sources = &endpoint_of(net)->sources;

	if (sources->queue.lost)
		*why = sources->queue.reason;
	return sources->queue.lost;
}

static int claim_more(struct live_endpoint *e, const struct live_endpoint_config *c,
		      struct error *err)
{
	int failed = 0;

	for (size_t i = 0; i < c->more_count; i++)
		if (!live_scope_has(&e->scope, &c->more[i]))
			live_scope_add_addr(&e->scope, &c->more[i]);
	for (size_t i = 0; i < c->port_count && !failed; i++) {
		failed = live_block_add(&e->block, c->ports[i], err);
		live_scope_add_range(&e->scope, c->ports[i], c->ports[i]);
	}
	return failed;
}

/* The route of each address given shows that the host has it. */
static int claim_client(struct live_endpoint *e, struct live_endpoint_config *c, struct error *err)
{
	const struct ip_addr *first = c->local_count ? &c->local[0] : NULL;
	struct net_route route;
	int failed = route_find(&c->target, first, c->device, &route, err);

	if (failed)
		return failed;
	if (!c->local_count)
		c->local[c->local_count++] = route.source;
	for (size_t i = 0; i < c->local_count; i++)
		live_scope_add_addr(&e->scope, &c->local[i]);
	failed = live_block_find(&e->block, c->block, &c->port_first, err);
	live_scope_add_range(&e->scope, c->port_first, (uint16_t)(c->port_first + c->block - 1));
	return failed ? failed : claim_more(e, c, err);
}

static int claim_server(struct live_endpoint *e, struct live_endpoint_config *c, struct error *err)
{
	int failed = 0;

	for (size_t i = 0; i < c->local_count; i++)
		live_scope_add_addr(&e->scope, &c->local[i]);
	if (!c->local_count)
		failed = live_scope_add_all(&e->scope, c->device, err);
	c->local_count = e->scope.addr_count;
	memcpy(c->local, e->scope.addr, sizeof(c->local));
	return failed ? failed : claim_more(e, c, err);
}

/* A raw socket first, as for traces: its refusal says it best. */
static int open_parts(struct live_endpoint *e, struct live_endpoint_config *c, struct error *err)
{
	int failed = c->target.family ? claim_client(e, c, err) : claim_server(e, c, err);

	if (!failed)
		failed = live_sources_open(&e->sources, &e->scope, &c->target, c->device, err);
	if (!failed && c->one_by_one)
		live_queue_forgo_frames(&e->sources.queue);
	if (!failed)
		failed = live_cooked_open(&e->cooked, &e->scope, c->buffer_octets, err);
	if (!failed)
		failed = live_guard_open_scope(&e->guard, &e->scope, err);
	return failed;
}

struct net *live_endpoint_open(struct live_endpoint_config *config, struct error *err)
{
	struct live_endpoint *e = calloc(1, sizeof(*e));

	if (!e) {
		error_set(err, ERR_NOMEM, "out of memory");
		return NULL;
	}
	e->net.ops = &seam_ops;
	if (config->device)
		snprintf(e->device, sizeof(e->device), "%s", config->device);
	if (!open_parts(e, config, err)) {
		config->mtu = live_scope_mtu(&e->scope);
		return &e->net;
	}
	seam_close(&e->net);
	return NULL;
}
