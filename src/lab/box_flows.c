#include "lab/box_flows.h"

#include <stdlib.h>
#include <string.h>

/* The flow as its client sees it. */
static struct box_flow name_of(const struct packet *p, enum box_direction direction)
{
	struct box_flow f = {
	    .client = p->ip.src,
	    .server = p->ip.dst,
	    .client_port = p->tcp.src_port,
	    .server_port = p->tcp.dst_port,
	};

	if (direction == BOX_REVERSE)
		f = (struct box_flow){
		    .client = p->ip.dst,
		    .server = p->ip.src,
		    .client_port = p->tcp.dst_port,
		    .server_port = p->tcp.src_port,
		};
	return f;
}

static bool is(const struct box_flow *f, const struct box_flow *name)
{
	return f->client_port == name->client_port && f->server_port == name->server_port &&
	       ip_addr_equal(&f->client, &name->client) && ip_addr_equal(&f->server, &name->server);
}

static struct box_flow *lookup(struct box_flows *flows, const struct box_flow *name)
{
	if (flows->last < flows->count && is(flows->flow[flows->last], name))
		return flows->flow[flows->last];
	for (unsigned i = 0; i < flows->count; i++) {
		if (!is(flows->flow[i], name))
			continue;
		flows->last = i;
		return flows->flow[i];
	}
	return NULL;
}

void *box_flows_find(struct box_flows *flows, const struct packet *p, enum box_direction direction)
{
	struct box_flow name = name_of(p, direction);

	return lookup(flows, &name);
}

static void make_room(struct box_flows *flows)
{
	struct box_flow *oldest = flows->flow[0];

	for (unsigned i = 1; i < flows->count; i++)
		if (flows->flow[i]->used_ns < oldest->used_ns)
			oldest = flows->flow[i];
	box_flows_forget(flows, oldest);
}

static struct box_flow *make(struct box_flows *flows, const struct box_flow *name)
{
	struct box_flow *f;

	if (flows->count == BOX_FLOWS_MAX)
		make_room(flows);
	f = calloc(1, flows->size);
	if (!f)
		return NULL;
	*f = *name;
	flows->last = flows->count;
	flows->flow[flows->count++] = f;
	return f;
}

void *box_flows_get(struct box_flows *flows, const struct packet *p,
		    const struct box_packet *packet, int64_t now_ns)
{
	struct box_flow name = name_of(p, packet->direction);
	struct box_flow *f = lookup(flows, &name);

	if (!f)
		f = make(flows, &name);
	if (!f)
		return NULL;
	f->used_ns = now_ns;
	f->path = packet->path;
	return f;
}

void box_flows_forget(struct box_flows *flows, struct box_flow *flow)
{
	for (unsigned i = 0; i < flows->count; i++) {
		if (flows->flow[i] != flow)
			continue;
		flows->flow[i] = flows->flow[--flows->count];
		break;
	}
	if (flows->fini)
		flows->fini(flow);
	free(flow);
}

void box_flows_fini(struct box_flows *flows)
{
	while (flows->count)
		box_flows_forget(flows, flows->flow[0]);
}
