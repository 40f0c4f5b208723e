/* Moves an option to the head or the end of the others, as a normaliser does. */
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_list.h"

enum to { TO_FIRST, TO_LAST };

static const char *const tos[] = {"first", "last", NULL};

struct reorder {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	int to;
};

static const struct box_param reorder_params[] = {
    BOX_OPTION_PARAMS(struct reorder),
    BOX_FILTER_PARAMS(struct reorder),
    {.name = "to",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct reorder, to),
     .choices = tos,
     .help = "before or behind all other options"},
    {0},
};

static void reorder_init(struct box *box)
{
	((struct reorder *)box)->option = box_option_unset();
}

static int reorder_ready(struct box *box, struct error *err)
{
	return box_option_ready(box, &((struct reorder *)box)->option, err);
}

/* The octets from the first option up to the EOL or the end: among these it moves. */
static struct span movable(const struct packet *p)
{
	const struct tcp_option_list *list = &p->tcp.options;
	size_t len = p->tcp.option_area.len - list->tail.len;

	if (list->count && list->item[list->count - 1].kind == TCP_OPT_EOL)
		len--;
	return span_of(p->tcp.option_area.at, len);
}

static enum box_fate reorder_packet(struct box *box, struct box_packet *packet,
				    const struct box_io *io)
{
	const struct reorder *r = (const struct reorder *)box;
	const struct tcp_option *o;
	uint8_t area[TCP_OPTIONS_MAX];
	struct span all, others;
	struct packet p;
	size_t at;

	(void)io;
	if (!box_segment(&p, packet, &r->filter) || !(o = box_option_find(&r->option, &p)))
		return BOX_PASS;
	all = movable(&p);
	at = (size_t)(o->at - all.at);
	if (at >= all.len) /* it is the EOL itself */
		return BOX_PASS;
	others = span_cut(all, at + o->len, all.len);
	memcpy(area, p.tcp.option_area.at, p.tcp.option_area.len);
	if (r->to == TO_FIRST) {
		memcpy(area, o->at, o->len);
		memcpy(area + o->len, all.at, at);
	} else {
		memcpy(area + at, others.at, others.len);
		memcpy(area + at + others.len, o->at, o->len);
	}
	box_options_replace(packet, &p, span_of(area, p.tcp.option_area.len));
	return BOX_PASS;
}

const struct box_ops box_reorder = {
    .name = "reorder",
    .summary = "moves an option before or behind the others",
    .size = sizeof(struct reorder),
    .params = reorder_params,
    .init = reorder_init,
    .ready = reorder_ready,
    .packet = reorder_packet,
};
