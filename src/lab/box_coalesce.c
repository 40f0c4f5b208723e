/* Merges adjacent in-order segments of a flow, as receive offload and traffic normalisers do: with
 * the options of the first, of the last, or as many of both as fit. */
#include <stddef.h>
#include <string.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/time.h"

enum keep { KEEP_FIRST, KEEP_LAST, KEEP_ALL };

static const char *const keeps[] = {"first", "last", "all", NULL};

struct held {
	bool is;
	int64_t until_ns;
	struct box_packet packet;
};

struct coalesced {
	struct box_flow flow;
	struct held side[2];
};

struct coalesce {
	struct box box;
	struct box_filter filter;
	int keep;
	int64_t hold_us, max;
	int64_t next_ns; /* no segment is held beyond this time; may be too early */
	struct box_flows flows;
};

static const struct box_param coalesce_params[] = {
    {.name = "keep",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct coalesce, keep),
     .choices = keeps,
     .help = "whose options the merged segment has"},
    {.name = "hold_us",
     .type = PARAM_INT,
     .offset = offsetof(struct coalesce, hold_us),
     .min = 1,
     .max = 1000000,
     .help = "microseconds a segment waits for the next one"},
    {.name = "max",
     .type = PARAM_INT,
     .offset = offsetof(struct coalesce, max),
     .min = 2,
     .max = BOX_PACKET_MAX - 160,
     .help = "octets of data in a merged segment at most"},
    BOX_FILTER_PARAMS(struct coalesce),
    {0},
};

static void coalesce_init(struct box *box)
{
	struct coalesce *c = (struct coalesce *)box;

	c->hold_us = 1000;
	c->max = 2920;
	c->next_ns = TIME_NEVER;
	c->filter.direction = BOX_BOTH - 1;
	c->flows.size = sizeof(struct coalesced);
}

static bool holds_data(const struct packet *p)
{
	return p->payload.len && !(p->tcp.flags & (TCP_SYN | TCP_RST | TCP_URG));
}

static void release(struct held *h, const struct box_io *io)
{
	if (h->is)
		io->emit(io->context, &h->packet);
	h->is = false;
}

/* The options of a merged segment: whole ones, of both the first's before the last's. */
static struct box_options merged_options(enum keep keep, const struct packet *first,
					 const struct packet *last)
{
	struct box_options options = box_options_of(keep == KEEP_LAST ? last : first);
	const struct tcp_option_list *more = &last->tcp.options;

	for (size_t i = 0; keep == KEEP_ALL && i < more->count; i++)
		if (more->item[i].kind == TCP_OPT_MPTCP)
			box_options_put(&options, span_of(more->item[i].at, more->item[i].len));
	return options;
}

/* Appends `next` to what is held; false if it does not fit there. */
static bool merge(const struct coalesce *c, struct held *h, const struct packet *next)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	uint8_t payload[BOX_PACKET_MAX];
	struct box_options options;
	struct packet p;

	if (!box_segment(&p, &h->packet, &all) || p.tcp.flags & TCP_FIN ||
	    p.tcp.seq + p.payload.len != next->tcp.seq ||
	    p.payload.len + next->payload.len > (size_t)c->max)
		return false;
	memcpy(payload, p.payload.at, p.payload.len);
	memcpy(payload + p.payload.len, next->payload.at, next->payload.len);
	options = merged_options((enum keep)c->keep, &p, next);
	p.payload = span_of(payload, p.payload.len + next->payload.len);
	p.tcp.ack = next->tcp.ack;
	p.tcp.window = next->tcp.window;
	p.tcp.flags |= next->tcp.flags;
	return box_segment_make(&h->packet, &h->packet, &p, &options);
}

static void hold(struct coalesce *c, struct held *h, const struct box_packet *packet,
		 int64_t now_ns)
{
	h->is = true;
	h->until_ns = now_ns + c->hold_us * NS_PER_US;
	memcpy(h->packet.octets, packet->octets, packet->len);
	h->packet.len = packet->len;
	h->packet.direction = packet->direction;
	h->packet.path = packet->path;
	if (h->until_ns < c->next_ns)
		c->next_ns = h->until_ns;
}

static enum box_fate coalesce_packet(struct box *box, struct box_packet *packet,
				     const struct box_io *io)
{
	struct coalesce *c = (struct coalesce *)box;
	struct coalesced *f;
	struct packet p;
	struct held *h;

	if (!box_segment(&p, packet, &c->filter))
		return BOX_PASS;
	f = box_flows_get(&c->flows, &p, packet, io->now_ns);
	if (!f)
		return BOX_PASS;
	h = &f->side[box_side(packet->direction)];
	if (!h->is && !holds_data(&p))
		return BOX_PASS;
	if (h->is && holds_data(&p) && merge(c, h, &p))
		return BOX_DROP;
	release(h, io);
	if (holds_data(&p))
		hold(c, h, packet, io->now_ns);
	else
		io->emit(io->context, packet); /* behind what was held */
	return BOX_DROP;
}

static int64_t coalesce_expiry_ns(const struct box *box)
{
	return ((const struct coalesce *)box)->next_ns;
}

static void coalesce_expire(struct box *box, const struct box_io *io)
{
	struct coalesce *c = (struct coalesce *)box;

	c->next_ns = TIME_NEVER;
	for (unsigned i = 0; i < c->flows.count; i++)
		for (unsigned side = 0; side < 2; side++) {
			struct held *h = &((struct coalesced *)c->flows.flow[i])->side[side];

			if (h->is && h->until_ns <= io->now_ns)
				release(h, io);
			if (h->is && h->until_ns < c->next_ns)
				c->next_ns = h->until_ns;
		}
}

static void coalesce_fini(struct box *box)
{
	box_flows_fini(&((struct coalesce *)box)->flows);
}

const struct box_ops box_coalesce = {
    .name = "coalesce",
    .summary = "merges adjacent segments of a flow",
    .size = sizeof(struct coalesce),
    .params = coalesce_params,
    .init = coalesce_init,
    .packet = coalesce_packet,
    .expiry_ns = coalesce_expiry_ns,
    .expire = coalesce_expire,
    .fini = coalesce_fini,
};
