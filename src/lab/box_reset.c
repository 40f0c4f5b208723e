/* Answers segments with a RST in the name of whom they were for, and drops them, as nftables'
 * `reject with tcp reset` does. */
#include <stddef.h>

#include "lab/box_list.h"
#include "lab/box_trigger.h"

struct reset {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	struct box_trigger trigger;
	int64_t ttl;
};

static const struct box_param reset_params[] = {
    BOX_TRIGGER_PARAMS(struct reset),
    BOX_OPTION_PARAMS(struct reset),
    BOX_FILTER_PARAMS(struct reset),
    {.name = "ttl",
     .type = PARAM_INT,
     .offset = offsetof(struct reset, ttl),
     .min = 1,
     .max = 255,
     .help = "the RST leaves with this TTL"},
    {0},
};

static void reset_init(struct box *box)
{
	struct reset *r = (struct reset *)box;

	r->option = box_option_unset();
	r->ttl = 64;
}

static int reset_ready(struct box *box, struct error *err)
{
	const struct reset *r = (const struct reset *)box;

	return box_trigger_ready(box, &r->trigger, &r->option, err);
}

static enum box_fate reset_packet(struct box *box, struct box_packet *packet,
				  const struct box_io *io)
{
	const struct reset *r = (const struct reset *)box;
	struct packet p;

	if (!box_triggered(&r->trigger, &r->option, &r->filter, packet, &p))
		return BOX_PASS;
	box_answer_reset(&p, packet, (uint8_t)r->ttl, (struct span){0}, io);
	return BOX_DROP;
}

const struct box_ops box_reset = {
    .name = "reset",
    .summary = "answers segments with a RST in the name of whom they were for",
    .size = sizeof(struct reset),
    .params = reset_params,
    .init = reset_init,
    .ready = reset_ready,
    .packet = reset_packet,
};
