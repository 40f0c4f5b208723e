/* Sets the TTL (hop limit) to a value, or lifts it to a minimum, as VPNs and gateways that hide
 * what is behind them do. Hops behind it never answer. */
#include "lab/box_edit.h"
#include "lab/box_list.h"

struct ttl_set {
	struct box box;
	struct box_filter filter;
	int64_t value, min;
};

static const struct box_param ttl_set_params[] = {
    {.name = "value",
     .type = PARAM_INT,
     .offset = offsetof(struct ttl_set, value),
     .min = 1,
     .max = 255,
     .help = "every packet leaves with this TTL"},
    {.name = "min",
     .type = PARAM_INT,
     .offset = offsetof(struct ttl_set, min),
     .min = 1,
     .max = 255,
     .help = "packets with less leave with this TTL"},
    {.name = "direction",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct ttl_set, filter.direction),
     .choices = box_directions,
     .help = "packets towards the target, back, or both"},
    {0},
};

static int ttl_set_ready(struct box *box, struct error *err)
{
	const struct ttl_set *t = (const struct ttl_set *)box;

	if (!t->value == !t->min)
		return error_set(err, ERR_USAGE, "box 'ttl_set': expected either value or min");
	return 0;
}

static enum box_fate ttl_set_packet(struct box *box, struct box_packet *packet,
				    const struct box_io *io)
{
	const struct ttl_set *t = (const struct ttl_set *)box;
	struct box_edit edit;
	uint8_t *ttl = packet->octets + (packet->octets[0] >> 4 == 6 ? 7 : 8);

	(void)io;
	if (!box_walks(&t->filter, packet) || (t->min && *ttl >= t->min))
		return BOX_PASS;
	box_edit_begin(&edit, packet);
	*ttl = (uint8_t)(t->min ? t->min : t->value);
	box_edit_end(&edit);
	return BOX_PASS;
}

const struct box_ops box_ttl_set = {
    .name = "ttl_set",
    .summary = "sets the TTL, hiding the hops behind it",
    .size = sizeof(struct ttl_set),
    .params = ttl_set_params,
    .ready = ttl_set_ready,
    .packet = ttl_set_packet,
};
