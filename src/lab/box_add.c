/* Adds an option where there is none of its kind, as WAN optimisers mark the SYNs they see. */
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_list.h"

struct add {
	struct box box;
	struct box_filter filter;
	int kind;
	int64_t length, fill;
};

static const struct box_param add_params[] = {
    {.name = "kind",
     .type = PARAM_KIND,
     .offset = offsetof(struct add, kind),
     .help = "option kind: a number or a name"},
    {.name = "length",
     .type = PARAM_INT,
     .offset = offsetof(struct add, length),
     .min = 2,
     .max = TCP_OPTIONS_MAX,
     .help = "octets, kind and length included"},
    {.name = "fill",
     .type = PARAM_INT,
     .offset = offsetof(struct add, fill),
     .min = 0,
     .max = 255,
     .help = "the octet its body is made of"},
    BOX_FILTER_PARAMS(struct add),
    {0},
};

static void add_init(struct box *box)
{
	struct add *a = (struct add *)box;

	a->kind = BOX_KIND_UNSET;
	a->length = 4;
	a->filter.segments = SEGMENTS_SYN;
}

static int add_ready(struct box *box, struct error *err)
{
	if (((struct add *)box)->kind > TCP_OPT_NOP)
		return 0;
	return error_set(err, ERR_USAGE,
			 "box 'add': no option named: expected kind, a number from 2 to 255 or a "
			 "name of one option");
}

/* Behind the options that are there, before an EOL. */
static size_t options_len(const struct packet *p)
{
	const struct tcp_option_list *list = &p->tcp.options;
	size_t len = 0;

	for (size_t i = 0; i < list->count && list->item[i].kind != TCP_OPT_EOL; i++)
		len += list->item[i].len;
	return len;
}

static enum box_fate add_packet(struct box *box, struct box_packet *packet, const struct box_io *io)
{
	const struct add *a = (const struct add *)box;
	uint8_t area[2 * TCP_OPTIONS_MAX];
	struct packet p;
	size_t len;

	(void)io;
	if (!box_segment(&p, packet, &a->filter) ||
	    tcp_option_find(&p.tcp.options, (uint8_t)a->kind, -1))
		return BOX_PASS;
	len = options_len(&p);
	if (len)
		memcpy(area, p.tcp.option_area.at, len);
	area[len] = (uint8_t)a->kind;
	area[len + 1] = (uint8_t)a->length;
	memset(area + len + 2, (int)a->fill, (size_t)a->length - 2);
	box_options_replace(packet, &p, span_of(area, len + (size_t)a->length));
	return BOX_PASS;
}

const struct box_ops box_add = {
    .name = "add",
    .summary = "adds an option to segments that lack it",
    .size = sizeof(struct add),
    .params = add_params,
    .init = add_init,
    .ready = add_ready,
    .packet = add_packet,
};
