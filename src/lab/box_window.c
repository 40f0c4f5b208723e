/* Caps the receive window that segments announce, in octets: knows the window scale from the SYNs,
 * as shapers that hold senders back do. */
#include <stddef.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/octets.h"

struct scaled {
	struct box_flow flow;
	bool syn[2], scales[2];
	uint8_t shift[2];
};

struct window {
	struct box box;
	struct box_filter filter;
	int64_t max;
	struct box_flows flows;
};

static const struct box_param window_params[] = {
    {.name = "max",
     .type = PARAM_INT,
     .offset = offsetof(struct window, max),
     .min = 0,
     .max = 1 << 30,
     .help = "octets that are announced at most"},
    BOX_FILTER_PARAMS(struct window),
    {0},
};

static void window_init(struct box *box)
{
	struct window *w = (struct window *)box;

	w->max = 65535;
	w->filter.direction = BOX_BOTH - 1;
	w->flows.size = sizeof(struct scaled);
}

static void note_syn(struct scaled *f, unsigned side, const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_WSCALE, -1);

	f->syn[side] = true;
	f->scales[side] = o && o->len == 3;
	f->shift[side] = f->scales[side] ? (o->at[2] < 14 ? o->at[2] : 14) : 0;
}

static enum box_fate window_packet(struct box *box, struct box_packet *packet,
				   const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct window *w = (struct window *)box;
	unsigned side = box_side(packet->direction), shift = 0;
	struct box_edit edit;
	struct scaled *f;
	struct packet p;

	if (!box_segment(&p, packet, &all))
		return BOX_PASS;
	f = box_flows_get(&w->flows, &p, packet, io->now_ns);
	if (!f)
		return BOX_PASS;
	if (p.tcp.flags & TCP_SYN)
		note_syn(f, side, &p);
	else if (f->scales[0] && f->scales[1])
		shift = f->shift[side];
	else if (!f->syn[0] || !f->syn[1])
		return BOX_PASS; /* who has not seen the SYNs cannot know */
	if (!box_segment(&p, packet, &w->filter) || (int64_t)p.tcp.window << shift <= w->max)
		return BOX_PASS;
	box_edit_begin(&edit, packet);
	store_u16(packet->octets + p.ip.header_len + 14, (uint16_t)(w->max >> shift));
	box_edit_end(&edit);
	return BOX_PASS;
}

static void window_fini(struct box *box)
{
	box_flows_fini(&((struct window *)box)->flows);
}

const struct box_ops box_window = {
    .name = "window",
    .summary = "caps the receive window",
    .size = sizeof(struct window),
    .params = window_params,
    .init = window_init,
    .packet = window_packet,
    .fini = window_fini,
};
