/* Does not let acknowledgements pass for data it has not seen, as firewalls that follow the window
 * do: they are dropped, or lowered to what was seen. */
#include <stddef.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/octets.h"
#include "util/seq.h"

enum how { HOW_DROP, HOW_LOWER };

static const char *const hows[] = {"drop", "lower", NULL};

struct watched {
	struct box_flow flow;
	bool known[2];
	uint32_t top[2]; /* behind the last octet seen, by side */
};

struct clamp_ack {
	struct box box;
	struct box_filter filter;
	int how;
	struct box_flows flows;
};

static const struct box_param clamp_ack_params[] = {
    {.name = "how",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct clamp_ack, how),
     .choices = hows,
     .help = "whether such an ACK is dropped, or lowered to what was seen"},
    BOX_FILTER_PARAMS(struct clamp_ack),
    {0},
};

static void clamp_ack_init(struct box *box)
{
	struct clamp_ack *x = (struct clamp_ack *)box;

	x->filter.direction = BOX_BOTH - 1;
	x->flows.size = sizeof(struct watched);
}

static void note(struct watched *f, unsigned side, const struct packet *p)
{
	uint32_t end = p->tcp.seq + box_segment_len(p);

	if (!f->known[side] || p->tcp.flags & TCP_SYN || seq_before(f->top[side], end))
		f->top[side] = end;
	f->known[side] = true;
}

static enum box_fate clamp_ack_packet(struct box *box, struct box_packet *packet,
				      const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct clamp_ack *x = (struct clamp_ack *)box;
	unsigned side = box_side(packet->direction);
	struct box_edit edit;
	struct watched *f;
	struct packet p;

	if (!box_segment(&p, packet, &all))
		return BOX_PASS;
	f = box_flows_get(&x->flows, &p, packet, io->now_ns);
	if (!f)
		return BOX_PASS;
	note(f, side, &p);
	if (!(p.tcp.flags & TCP_ACK) || !f->known[!side] || !box_walks(&x->filter, packet) ||
	    !seq_before(f->top[!side], p.tcp.ack))
		return BOX_PASS;
	if (x->how == HOW_DROP)
		return BOX_DROP;
	box_edit_begin(&edit, packet);
	store_u32(packet->octets + p.ip.header_len + 8, f->top[!side]);
	box_edit_end(&edit);
	return BOX_PASS;
}

static void clamp_ack_fini(struct box *box)
{
	box_flows_fini(&((struct clamp_ack *)box)->flows);
}

const struct box_ops box_clamp_ack = {
    .name = "clamp_ack",
    .summary = "lets no ACK pass for data it has not seen",
    .size = sizeof(struct clamp_ack),
    .params = clamp_ack_params,
    .init = clamp_ack_init,
    .packet = clamp_ack_packet,
    .fini = clamp_ack_fini,
};
