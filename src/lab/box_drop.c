/* Drops segments without a word: because of an option, an ECN mark, or all of them. */
#include <stddef.h>

#include "lab/box_list.h"
#include "lab/box_trigger.h"

struct drop {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	struct box_trigger trigger;
};

static const struct box_param drop_params[] = {
    BOX_TRIGGER_PARAMS(struct drop),
    BOX_OPTION_PARAMS(struct drop),
    BOX_FILTER_PARAMS(struct drop),
    {0},
};

static void drop_init(struct box *box)
{
	((struct drop *)box)->option = box_option_unset();
}

static int drop_ready(struct box *box, struct error *err)
{
	const struct drop *d = (const struct drop *)box;

	return box_trigger_ready(box, &d->trigger, &d->option, err);
}

static enum box_fate drop_packet(struct box *box, struct box_packet *packet,
				 const struct box_io *io)
{
	const struct drop *d = (const struct drop *)box;
	struct packet p;

	(void)io;
	return box_triggered(&d->trigger, &d->option, &d->filter, packet, &p) ? BOX_DROP : BOX_PASS;
}

const struct box_ops box_drop = {
    .name = "drop",
    .summary = "drops segments because of an option, an ECN mark, or all",
    .size = sizeof(struct drop),
    .params = drop_params,
    .init = drop_init,
    .ready = drop_ready,
    .packet = drop_packet,
};
