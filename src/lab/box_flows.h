/* What boxes remember of connections: a bounded table; a full one forgets the flow that was silent
 * longest. */
#ifndef MBOXTRACE_LAB_BOX_FLOWS_H
#define MBOXTRACE_LAB_BOX_FLOWS_H

#include "lab/box_edit.h"

#define BOX_FLOWS_MAX 128

/* The head of a box's own struct per flow. */
struct box_flow {
	struct ip_addr client, server;
	uint16_t client_port, server_port;
	uint8_t path;
	int64_t used_ns;
};

struct box_flows {
	size_t size;			     /* of the box's own struct */
	void (*fini)(struct box_flow *flow); /* may be NULL; the flow itself is freed here */
	unsigned count, last;
	struct box_flow *flow[BOX_FLOWS_MAX]; /* owned */
};

/* The flow of a segment that walks in `direction`; NULL if unknown. */
void *box_flows_find(struct box_flows *flows, const struct packet *p, enum box_direction direction);
/* Likewise, but made (all zero) if unknown; NULL only without memory. Either way it is used now. */
void *box_flows_get(struct box_flows *flows, const struct packet *p,
		    const struct box_packet *packet, int64_t now_ns);
void box_flows_forget(struct box_flows *flows, struct box_flow *flow);
void box_flows_fini(struct box_flows *flows);

static inline unsigned box_side(enum box_direction direction)
{
	return direction == BOX_REVERSE;
}

#endif
