#include "net/live.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "net/live_capture.h"
#include "net/live_filter.h"
#include "net/live_guard.h"
#include "net/live_inject.h"
#include "net/live_ports.h"
#include "net/route.h"
#include "net/sockaddr.h"

struct live {
	struct net net; /* first: the ops are handed a struct net */
	struct live_inject inject;
	struct live_capture capture;
	struct live_guard guard;
	struct live_ports ports;
	char device[32]; /* the user's choice; empty: the route's */
};

static struct live *live_of(struct net *net)
{
	return (struct live *)net;
}

static int live_send(struct net *net, struct span packet, struct error *err)
{
	return live_inject_send(&live_of(net)->inject, packet, err);
}

static int live_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
			struct error *err)
{
	return live_capture_receive(&live_of(net)->capture, deadline_ns, out, err);
}

static int64_t live_now(struct net *net)
{
	(void)net;
	return live_clock_ns();
}

static int live_route(struct net *net, const struct ip_addr *target, struct net_route *out,
		      struct error *err)
{
	const char *device = live_of(net)->device;

	return route_find(target, NULL, *device ? device : NULL, out, err);
}

static void *close_guard(void *live)
{
	live_guard_close(&((struct live *)live)->guard);
	return NULL;
}

/* Either of guard and capture has the kernel wait for grace periods: better for the same ones. */
static void live_close(struct net *net)
{
	struct live *live = live_of(net);
	pthread_t thread;
	bool alongside = live->guard.nft && !pthread_create(&thread, NULL, close_guard, live);

	live_capture_close(&live->capture);
	if (alongside)
		pthread_join(thread, NULL);
	live_guard_close(&live->guard);
	live_inject_close(&live->inject);
	live_ports_close(&live->ports);
	free(live);
}

static const struct net_ops live_ops = {
    .name = "live",
    .send = live_send,
    .receive = live_receive,
    .now_ns = live_now,
    .route = live_route,
    .close = live_close,
};

int live_fd(struct net *net)
{
	return live_of(net)->capture.fd;
}

/* One of the two lanes things are opened in. */
struct opening {
	struct live *live;
	const struct live_config *config;
	const struct net_route *route;
	int failed;
	struct error err;
};

static void *open_capture(void *argument)
{
	struct opening *o = argument;
	const struct live_config *c = o->config;
	struct buf filter = {0};

	live_filter_print(&filter, &c->target, &c->source, c->ports, c->port_count);
	if (filter.failed)
		o->failed = error_set(&o->err, ERR_NOMEM, "out of memory");
	else
		o->failed = live_capture_open(&o->live->capture, o->route->device,
					      buf_text(&filter), c->buffer_octets, &o->err);
	buf_fini(&filter);
	return NULL;
}

static int open_guard(struct live *live, const struct live_config *config, struct error *warning,
		      struct error *err)
{
	int failed;

	*warning = (struct error){.code = ERR_NONE};
	if (!config->port_count)
		return 0;
	failed = live_guard_open(&live->guard, &config->target, &config->source, config->ports,
				 config->port_count, warning);
	if (!failed || failed == ERR_MISSING)
		return 0;
	*err = *warning;
	return failed;
}

static int open_inject(struct live *live, const struct live_config *config,
		       const struct net_route *route, struct error *err)
{
	bool bound = config->device || ip_addr_is_link_local(&config->target);

	return live_inject_open(&live->inject, &route->source, bound ? route->device : NULL, err);
}

/* The capture, which has the kernel wait, is opened alongside the rest. A raw socket that is
 * refused is what the user hears of first. */
static int open_parts(struct live *live, struct live_config *config, const struct net_route *route,
		      struct error *warning, struct error *err)
{
	struct opening lane = {.live = live, .config = config, .route = route};
	pthread_t thread;
	bool alongside;
	int failed = live_ports_open(&live->ports, route, config->ports, config->port_count, err);

	if (failed)
		return failed;
	alongside = !pthread_create(&thread, NULL, open_capture, &lane);
	failed = open_inject(live, config, route, err);
	if (!failed)
		failed = open_guard(live, config, warning, err);
	if (alongside)
		pthread_join(thread, NULL);
	else
		open_capture(&lane);
	if (failed || !lane.failed)
		return failed;
	*err = lane.err;
	return lane.failed;
}

struct net *live_open(struct live_config *config, struct net_route *route, struct error *warning,
		      struct error *err)
{
	struct live *live;

	if (route_find(&config->target, &config->source, config->device, route, err))
		return NULL;
	live = calloc(1, sizeof(*live));
	if (!live) {
		error_set(err, ERR_NOMEM, "out of memory");
		return NULL;
	}
	live->net.ops = &live_ops;
	config->source = route->source;
	if (config->device)
		memcpy(live->device, route->device, sizeof(live->device));
	if (!open_parts(live, config, route, warning, err))
		return &live->net;
	live_close(&live->net);
	return NULL;
}
