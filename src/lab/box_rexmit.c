/* A normaliser against inconsistent retransmissions: what was sent once is sent again as it was
 * then, or a segment that says something else now is dropped. Remembers the last 64 KiB a
 * direction. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/seq.h"

#define REMEMBERED 65536u

enum how { HOW_REPLACE, HOW_DROP };

static const char *const hows[] = {"replace", "drop", NULL};

struct memory {
	uint32_t top; /* behind the last octet seen */
	uint8_t octets[REMEMBERED];
	bool there[REMEMBERED];
};

struct normalised {
	struct box_flow flow;
	struct memory *side[2]; /* owned */
};

struct rexmit {
	struct box box;
	struct box_filter filter;
	int how;
	struct box_flows flows;
};

static const struct box_param rexmit_params[] = {
    {.name = "how",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct rexmit, how),
     .choices = hows,
     .help = "whether a retransmission that differs is put right, or dropped"},
    BOX_FILTER_PARAMS(struct rexmit),
    {0},
};

static void flow_fini(struct box_flow *flow)
{
	free(((struct normalised *)flow)->side[0]);
	free(((struct normalised *)flow)->side[1]);
}

static void rexmit_init(struct box *box)
{
	struct rexmit *x = (struct rexmit *)box;

	x->filter.direction = BOX_BOTH - 1;
	x->flows.size = sizeof(struct normalised);
	x->flows.fini = flow_fini;
}

/* Makes room for octets up to `end`: those 64 KiB before are forgotten. */
static void advance(struct memory *m, uint32_t end)
{
	uint32_t more = end - m->top;

	if (!seq_before(m->top, end))
		return;
	if (more > REMEMBERED) {
		memset(m->there, 0, sizeof(m->there));
		m->top = end;
	}
	for (; m->top != end; m->top++)
		m->there[m->top % REMEMBERED] = false;
}

/* Compares the payload with what was said before, and learns what is new. `octets` becomes what was
 * said first; true if that differs. */
static bool normalise(struct memory *m, uint32_t seq, uint8_t *octets, size_t len)
{
	bool differs = false;

	advance(m, seq + (uint32_t)len);
	for (size_t i = 0; i < len; i++) {
		uint32_t at = seq + (uint32_t)i;

		if (m->top - at > REMEMBERED)
			continue; /* too long ago */
		at %= REMEMBERED;
		differs |= m->there[at] && m->octets[at] != octets[i];
		if (m->there[at])
			octets[i] = m->octets[at];
		m->octets[at] = octets[i];
		m->there[at] = true;
	}
	return differs;
}

static struct memory *memory_of(struct normalised *f, const struct box_packet *packet, uint32_t seq)
{
	struct memory **m = &f->side[box_side(packet->direction)];

	if (!*m) {
		*m = calloc(1, sizeof(**m));
		if (*m)
			(*m)->top = seq;
	}
	return *m;
}

static enum box_fate rexmit_packet(struct box *box, struct box_packet *packet,
				   const struct box_io *io)
{
	struct rexmit *x = (struct rexmit *)box;
	uint8_t octets[BOX_PACKET_MAX];
	struct box_edit edit;
	struct normalised *f;
	struct memory *m;
	struct packet p;

	if (!box_segment(&p, packet, &x->filter) || !p.payload.len)
		return BOX_PASS;
	f = box_flows_get(&x->flows, &p, packet, io->now_ns);
	m = f ? memory_of(f, packet, p.tcp.seq) : NULL;
	if (!m)
		return BOX_PASS;
	memcpy(octets, p.payload.at, p.payload.len);
	if (!normalise(m, p.tcp.seq, octets, p.payload.len))
		return BOX_PASS;
	if (x->how == HOW_DROP)
		return BOX_DROP;
	box_edit_begin(&edit, packet);
	memcpy(packet->octets + (p.payload.at - packet->octets), octets, p.payload.len);
	box_edit_end(&edit);
	return BOX_PASS;
}

static void rexmit_fini(struct box *box)
{
	box_flows_fini(&((struct rexmit *)box)->flows);
}

const struct box_ops box_rexmit = {
    .name = "rexmit",
    .summary = "makes retransmissions say what was said before",
    .size = sizeof(struct rexmit),
    .params = rexmit_params,
    .init = rexmit_init,
    .packet = rexmit_packet,
    .fini = rexmit_fini,
};
