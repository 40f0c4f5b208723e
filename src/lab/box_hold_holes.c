/* Forwards data only in order: what comes behind a hole waits until it is filled, as boxes that
 * reassemble the stream to look at it do. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/seq.h"

#define HELD_MAX 256 /* a flow and direction: what comes beyond them is lost */

struct waiting {
	uint32_t seq, end;
	struct box_packet packet;
};

struct in_order {
	bool known;
	uint32_t began, next;
	size_t count;
	struct waiting *held[HELD_MAX]; /* owned, by sequence number */
};

struct ordered {
	struct box_flow flow;
	struct in_order side[2];
};

struct hold_holes {
	struct box box;
	struct box_filter filter;
	struct box_flows flows;
};

static const struct box_param hold_holes_params[] = {
    BOX_FILTER_PARAMS(struct hold_holes),
    {0},
};

static void flow_fini(struct box_flow *flow)
{
	struct ordered *o = (struct ordered *)flow;

	for (unsigned side = 0; side < 2; side++)
		for (size_t i = 0; i < o->side[side].count; i++)
			free(o->side[side].held[i]);
}

static void hold_holes_init(struct box *box)
{
	struct hold_holes *x = (struct hold_holes *)box;

	x->filter.direction = BOX_BOTH - 1;
	x->flows.size = sizeof(struct ordered);
	x->flows.fini = flow_fini;
}

static void hold(struct in_order *o, const struct box_packet *packet, uint32_t seq, uint32_t end)
{
	struct waiting *w;
	size_t at = o->count;

	while (at && seq_before(seq, o->held[at - 1]->seq))
		at--;
	if (o->count == HELD_MAX || (at && o->held[at - 1]->seq == seq))
		return;
	w = malloc(sizeof(*w));
	if (!w)
		return;
	w->seq = seq;
	w->end = end;
	memcpy(w->packet.octets, packet->octets, packet->len);
	w->packet.len = packet->len;
	w->packet.direction = packet->direction;
	w->packet.path = packet->path;
	memmove(o->held + at + 1, o->held + at, (o->count - at) * sizeof(struct waiting *));
	o->held[at] = w;
	o->count++;
}

static void advance(struct in_order *o, uint32_t end)
{
	if (seq_before(o->next, end))
		o->next = end;
}

static void release(struct in_order *o, const struct box_io *io)
{
	size_t gone = 0;

	for (; gone < o->count && !seq_before(o->next, o->held[gone]->seq); gone++) {
		io->emit(io->context, &o->held[gone]->packet);
		advance(o, o->held[gone]->end);
		free(o->held[gone]);
	}
	o->count -= gone;
	memmove(o->held, o->held + gone, o->count * sizeof(struct waiting *));
}

/* Before the first segment, and behind a new SYN, there is nothing to wait for. */
static bool begins(struct in_order *o, const struct packet *p, uint32_t end)
{
	if (o->known && (!(p->tcp.flags & TCP_SYN) || p->tcp.seq == o->began))
		return false;
	o->known = true;
	o->began = p->tcp.seq;
	o->next = end;
	return true;
}

static enum box_fate hold_holes_packet(struct box *box, struct box_packet *packet,
				       const struct box_io *io)
{
	struct hold_holes *x = (struct hold_holes *)box;
	struct ordered *f;
	struct in_order *o;
	struct packet p;
	uint32_t end;

	if (!box_segment(&p, packet, &x->filter) || p.tcp.flags & TCP_RST)
		return BOX_PASS;
	f = box_flows_get(&x->flows, &p, packet, io->now_ns);
	if (!f)
		return BOX_PASS;
	o = &f->side[box_side(packet->direction)];
	end = p.tcp.seq + box_segment_len(&p);
	if (begins(o, &p, end))
		return BOX_PASS;
	if (end != p.tcp.seq && seq_before(o->next, p.tcp.seq)) {
		hold(o, packet, p.tcp.seq, end);
		return BOX_DROP;
	}
	if (end != p.tcp.seq) {
		advance(o, end);
		release(o, io); /* these walk behind this one */
	}
	return BOX_PASS;
}

static void hold_holes_fini(struct box *box)
{
	box_flows_fini(&((struct hold_holes *)box)->flows);
}

const struct box_ops box_hold_holes = {
    .name = "hold_holes",
    .summary = "forwards data only in order",
    .size = sizeof(struct hold_holes),
    .params = hold_holes_params,
    .init = hold_holes_init,
    .packet = hold_holes_packet,
    .fini = hold_holes_fini,
};
