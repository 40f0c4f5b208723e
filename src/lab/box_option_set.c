/* Rewrites octets inside an option: a window scale, a timestamp, a key. */
#include "lab/box_edit.h"
#include "lab/box_list.h"
#include "util/octets.h"

struct option_set {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	int64_t value, at, width;
};

static const struct box_param option_set_params[] = {
    BOX_OPTION_PARAMS(struct option_set),
    BOX_FILTER_PARAMS(struct option_set),
    {.name = "value",
     .type = PARAM_INT,
     .offset = offsetof(struct option_set, value),
     .min = 0,
     .max = UINT32_MAX,
     .help = "what is written"},
    {.name = "at",
     .type = PARAM_INT,
     .offset = offsetof(struct option_set, at),
     .min = 0,
     .max = TCP_OPTIONS_MAX - 1,
     .help = "the octet behind kind and length where it is written, from 0"},
    {.name = "width",
     .type = PARAM_INT,
     .offset = offsetof(struct option_set, width),
     .min = 0,
     .max = 4,
     .help = "octets written; 0: up to 4, as many as the option has"},
    {0},
};

static void option_set_init(struct box *box)
{
	((struct option_set *)box)->option = box_option_unset();
}

static int option_set_ready(struct box *box, struct error *err)
{
	return box_option_ready(box, &((struct option_set *)box)->option, err);
}

static enum box_fate option_set_packet(struct box *box, struct box_packet *packet,
				       const struct box_io *io)
{
	const struct option_set *s = (const struct option_set *)box;
	const struct tcp_option *o;
	struct box_edit edit;
	struct packet p;
	size_t at = 2 + (size_t)s->at, width = (size_t)s->width;

	(void)io;
	if (!box_segment(&p, packet, &s->filter) || !(o = box_option_find(&s->option, &p)) ||
	    at >= o->len)
		return BOX_PASS;
	if (!width)
		width = o->len - at < 4 ? o->len - at : 4;
	if (at + width > o->len)
		return BOX_PASS;
	box_edit_begin(&edit, packet);
	store_bits(packet->octets, 8 * ((size_t)(o->at - packet->octets) + at), 8 * width,
		   (uint64_t)s->value);
	box_edit_end(&edit);
	return BOX_PASS;
}

const struct box_ops box_option_set = {
    .name = "option_set",
    .summary = "rewrites octets inside an option",
    .size = sizeof(struct option_set),
    .params = option_set_params,
    .init = option_set_init,
    .ready = option_set_ready,
    .packet = option_set_packet,
};
