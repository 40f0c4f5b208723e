/* Takes options out of segments, as Palo Alto's strip-mptcp-option, Cisco's tcp-map and nftables'
 * `reset tcp option` do: cut out, overwritten with NOPs or with EOLs, or the rest cut off. At once,
 * or when a flow has gone on for a while. */
#include <string.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/time.h"

enum how { HOW_REMOVE, HOW_NOP, HOW_EOL, HOW_CUT };

static const char *const hows[] = {"remove", "nop", "eol", "cut", NULL};

struct strip {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	int how;
	int64_t after_octets, after_ms;
	struct box_flows flows; /* used only if it waits */
};

struct begun {
	struct box_flow flow;
	bool known;
	int64_t since_ns;
	uint32_t base[2]; /* sequence number of the first octet, by side */
	bool seen[2];
	uint32_t octets[2];
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
    {.name = "after_octets",
     .type = PARAM_INT,
     .offset = offsetof(struct strip, after_octets),
     .min = 0,
     .max = INT32_MAX,
     .help = "only once more octets than these went this way in the flow"},
    {.name = "after_ms",
     .type = PARAM_INT,
     .offset = offsetof(struct strip, after_ms),
     .min = 0,
     .max = INT32_MAX,
     .help = "only milliseconds after the flow began"},
    {0},
};

static void strip_init(struct box *box)
{
	struct strip *s = (struct strip *)box;

	s->option = box_option_unset();
	s->flows.size = sizeof(struct begun);
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

static void note(struct begun *f, unsigned side, const struct packet *p, int64_t now_ns)
{
	uint32_t end = p->tcp.seq + box_segment_len(p);

	if (!f->known || p->tcp.flags & TCP_SYN)
		f->since_ns = f->known && f->seen[!side] ? f->since_ns : now_ns;
	if (!f->seen[side] || p->tcp.flags & TCP_SYN) {
		f->base[side] = p->tcp.seq + !!(p->tcp.flags & TCP_SYN);
		f->octets[side] = 0;
	}
	if ((int32_t)(end - f->base[side] - f->octets[side]) > 0)
		f->octets[side] = end - f->base[side];
	f->known = f->seen[side] = true;
}

/* Is it too early for this segment's flow? */
static bool waits(struct strip *s, const struct box_packet *packet, int64_t now_ns)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	unsigned side = box_side(packet->direction);
	struct begun *f;
	struct packet p;

	if ((!s->after_octets && !s->after_ms) || !box_segment(&p, packet, &all))
		return false;
	f = box_flows_get(&s->flows, &p, packet, now_ns);
	if (!f)
		return false;
	note(f, side, &p, now_ns);
	return (s->after_octets && f->octets[side] <= s->after_octets) ||
	       now_ns - f->since_ns < s->after_ms * NS_PER_MS;
}

static enum box_fate strip_packet(struct box *box, struct box_packet *packet,
				  const struct box_io *io)
{
	struct strip *s = (struct strip *)box;
	struct area area = {.len = 0};
	struct packet p;

	if (waits(s, packet, io->now_ns))
		return BOX_PASS;
	if (box_segment(&p, packet, &s->filter) && stripped(s, &p, &area))
		box_options_replace(packet, &p, span_of(area.at, area.len));
	return BOX_PASS;
}

static void strip_fini(struct box *box)
{
	box_flows_fini(&((struct strip *)box)->flows);
}

const struct box_ops box_strip = {
    .name = "strip",
    .summary = "takes an option out of segments",
    .size = sizeof(struct strip),
    .params = strip_params,
    .init = strip_init,
    .ready = strip_ready,
    .packet = strip_packet,
    .fini = strip_fini,
};
