/* Takes options out of segments, as Palo Alto's strip-mptcp-option, Cisco's tcp-map and nftables'
 * `reset tcp option` do: cut out, overwritten with NOPs or with EOLs, or the rest cut off. */
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_list.h"

enum how { HOW_REMOVE, HOW_NOP, HOW_EOL, HOW_CUT };

static const char *const hows[] = {"remove", "nop", "eol", "cut", NULL};

struct strip {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	int how;
};

static const struct box_param strip_params[] = {
    BOX_OPTION_PARAMS(struct strip),
    BOX_FILTER_PARAMS(struct strip),
    {.name = "how",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct strip, how),
     .choices = hows,
     .help = "remove: cut out; nop: NOPs in its place; eol: EOLs in its place; cut: it and all "
	     "behind it cut off"},
    {0},
};

static void strip_init(struct box *box)
{
	struct strip *s = (struct strip *)box;

	s->option = box_option_unset();
}

static int strip_ready(struct box *box, struct error *err)
{
	return box_option_ready(box, &((struct strip *)box)->option, err);
}

struct area {
	uint8_t at[TCP_OPTIONS_MAX];
	size_t len;
};

static void area_put(struct area *area, const uint8_t *octets, size_t len)
{
	if (len)
		memcpy(area->at + area->len, octets, len);
	area->len += len;
}

static void area_fill(struct area *area, uint8_t octet, size_t len)
{
	memset(area->at + area->len, octet, len);
	area->len += len;
}

/* The option area without what the box takes out; false if that leaves it as it was. */
static bool stripped(const struct strip *s, const struct packet *p, struct area *area)
{
	const struct tcp_option_list *list = &p->tcp.options;
	bool touched = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct tcp_option *o = &list->item[i];
		bool strip = box_option_matches(&s->option, o);

		touched |= strip;
		if (!strip)
			area_put(area, o->at, o->len);
		else if (s->how == HOW_CUT)
			return true;
		else if (s->how != HOW_REMOVE)
			area_fill(area, s->how == HOW_NOP ? TCP_OPT_NOP : TCP_OPT_EOL, o->len);
	}
	area_put(area, list->tail.at, list->tail.len);
	return touched;
}

static enum box_fate strip_packet(struct box *box, struct box_packet *packet,
				  const struct box_io *io)
{
	const struct strip *s = (const struct strip *)box;
	struct area area = {.len = 0};
	struct packet p;

	(void)io;
	if (box_segment(&p, packet, &s->filter) && stripped(s, &p, &area))
		box_options_replace(packet, &p, span_of(area.at, area.len));
	return BOX_PASS;
}

const struct box_ops box_strip = {
    .name = "strip",
    .summary = "takes an option out of segments",
    .size = sizeof(struct strip),
    .params = strip_params,
    .init = strip_init,
    .ready = strip_ready,
    .packet = strip_packet,
};
