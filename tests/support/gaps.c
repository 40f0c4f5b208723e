#include "support/gaps.h"

#include <stdlib.h>
#include <string.h>

static struct gaps *gaps_of(struct net *net)
{
	return (struct gaps *)net;
}

/* Those that were taken make room. */
static void close_up(struct gaps *g)
{
	g->count -= g->head;
	memmove(g->waiting, g->waiting + g->head, g->count * sizeof(*g->waiting));
	g->head = 0;
}

static void keep(struct gaps *g, const struct net_packet *p)
{
	struct gaps_packet *to;

	if (g->count == GAPS_PACKETS_MAX)
		close_up(g);
	to = &g->waiting[g->count];
	if (g->count == GAPS_PACKETS_MAX || p->octets.len > sizeof(to->octets))
		abort();
	memcpy(to->octets, p->octets.at, p->octets.len);
	to->len = p->octets.len;
	to->time_ns = p->time_ns;
	g->count++;
}

/* What arrives until then waits. */
static int gather(struct gaps *g, int64_t until_ns, struct error *err)
{
	struct net_packet packet;
	int rc;

	while ((rc = net_receive(g->inner, until_ns, &packet, err)) > 0)
		keep(g, &packet);
	return rc;
}

static int64_t some_time(struct gaps *g)
{
	return net_now_ns(g->inner) +
	       rng_below(&g->rng, (uint32_t)(g->longest_ns / NS_PER_US)) * NS_PER_US;
}

static bool take(struct gaps *g, struct net_packet *out)
{
	if (g->head == g->count)
		return false;
	out->octets = span_of(g->waiting[g->head].octets, g->waiting[g->head].len);
	out->time_ns = g->waiting[g->head].time_ns;
	g->head++;
	return true;
}

/* Nothing comes of what arrives before the end of the stall. */
static int wait_stalled(struct gaps *g, int64_t deadline_ns, struct error *err)
{
	bool ends = deadline_ns >= g->stalled_until_ns;
	int rc = gather(g, ends ? g->stalled_until_ns : deadline_ns, err);

	if (rc < 0 || !ends)
		return rc;
	for (size_t i = g->head; i < g->count; i++)
		g->waiting[i].time_ns = g->stalled_until_ns;
	g->stalled_until_ns = 0;
	return 0;
}

static int gaps_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
			struct error *err)
{
	struct gaps *g = gaps_of(net);
	int rc = 0;

	if (!g->stalled_until_ns && take(g, out))
		return 1;
	if (!g->stalled_until_ns)
		g->head = g->count = 0;
	if (!g->stalled_until_ns && rng_chance(&g->rng, g->stalls))
		g->stalled_until_ns = some_time(g);
	if (g->stalled_until_ns)
		rc = wait_stalled(g, deadline_ns, err);
	else if (rng_chance(&g->rng, g->naps))
		rc = gather(g, some_time(g), err);
	if (rc < 0 || g->stalled_until_ns)
		return rc;
	return take(g, out) ? 1 : net_receive(g->inner, deadline_ns, out, err);
}

static int gaps_send(struct net *net, struct span packet, struct error *err)
{
	struct gaps *g = gaps_of(net);
	int rc = net_send(g->inner, packet, err);

	if (!rc && !g->stalled_until_ns && rng_chance(&g->rng, g->naps))
		rc = gather(g, some_time(g), err);
	return rc;
}

static int64_t gaps_now_ns(struct net *net)
{
	return net_now_ns(gaps_of(net)->inner);
}

static int gaps_route(struct net *net, const struct ip_addr *target, struct net_route *out,
		      struct error *err)
{
	return net_route(gaps_of(net)->inner, target, out, err);
}

static void gaps_close(struct net *net)
{
	struct gaps *g = gaps_of(net);

	net_close(g->inner);
	free(g->waiting);
}

struct net *gaps_open(struct gaps *g, struct net *inner, uint64_t seed)
{
	static const struct net_ops ops = {.name = "gaps",
					   .send = gaps_send,
					   .receive = gaps_receive,
					   .now_ns = gaps_now_ns,
					   .route = gaps_route,
					   .close = gaps_close};

	g->net.ops = &ops;
	g->inner = inner;
	g->head = g->count = 0;
	g->stalled_until_ns = 0;
	rng_seed(&g->rng, seed);
	g->waiting = calloc(GAPS_PACKETS_MAX, sizeof(*g->waiting));
	if (!g->waiting)
		abort();
	return &g->net;
}
