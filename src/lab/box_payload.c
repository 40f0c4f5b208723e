/* Changes what is said: a few octets substituted, inserted or deleted at one place of the stream.
 * Who changes the length translates sequence numbers from there on, in both directions, as ALGs for
 * FTP and SIP and inserters of HTTP headers do. A retransmission is changed as the first time. */
#include <stddef.h>
#include <string.h>

#include "lab/box_flows.h"
#include "lab/box_list.h"
#include "util/octets.h"
#include "util/seq.h"

enum mode { MODE_SUBSTITUTE, MODE_INSERT, MODE_DELETE };

static const char *const modes[] = {"substitute", "insert", "delete", NULL};

struct edited {
	struct box_flow flow;
	bool known;
	uint32_t base; /* of the stream that is changed: the sequence number of its first octet */
	uint32_t seen; /* how far it went, as it came */
};

struct payload {
	struct box box;
	struct box_filter filter; /* whose stream; its segments are not looked at */
	int mode;
	int64_t at, octets, fill;
	bool fix;
	struct box_flows flows;
};

static const struct box_param payload_params[] = {
    {.name = "mode",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct payload, mode),
     .choices = modes,
     .help = "substitute octets, insert or delete some"},
    {.name = "at",
     .type = PARAM_INT,
     .offset = offsetof(struct payload, at),
     .min = 0,
     .max = INT32_MAX,
     .help = "where in the stream: octets before it"},
    {.name = "octets",
     .type = PARAM_INT,
     .offset = offsetof(struct payload, octets),
     .min = 1,
     .max = 256,
     .help = "how many octets"},
    {.name = "fill",
     .type = PARAM_INT,
     .offset = offsetof(struct payload, fill),
     .min = 0,
     .max = 255,
     .help = "the octet that is written"},
    {.name = "checksum",
     .type = PARAM_BOOL,
     .offset = offsetof(struct payload, fix),
     .help = "whether the TCP checksum is made to fit again"},
    {.name = "direction",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct payload, filter.direction),
     .choices = box_directions,
     .help = "whose stream: towards the target, back, or both"},
    {0},
};

static void payload_init(struct box *box)
{
	struct payload *x = (struct payload *)box;

	x->octets = 1;
	x->fill = '#';
	x->fix = true;
	x->flows.size = sizeof(struct edited[2]);
}

static uint32_t growth(const struct payload *x)
{
	switch (x->mode) {
	case MODE_INSERT: return (uint32_t)x->octets;
	case MODE_DELETE: return -(uint32_t)x->octets;
	default: return 0;
	}
}

/* Where the octet at `seq` is found behind the box. */
static uint32_t outside(const struct payload *x, const struct edited *e, uint32_t seq)
{
	int32_t offset = seq_diff(seq, e->base), at = (int32_t)x->at;

	if (offset <= at || x->mode == MODE_SUBSTITUTE)
		return seq;
	if (x->mode == MODE_DELETE && offset < at + x->octets)
		return e->base + (uint32_t)at;
	return seq + growth(x);
}

/* What an acknowledgement of what is behind the box acknowledges before it. */
static uint32_t inside(const struct payload *x, const struct edited *e, uint32_t ack)
{
	int32_t offset = seq_diff(ack, e->base), at = (int32_t)x->at;

	if (x->mode == MODE_SUBSTITUTE || offset < at)
		return ack;
	if (x->mode == MODE_INSERT) {
		if (offset <= at + x->octets)
			return e->base + (uint32_t)at;
		return ack - growth(x);
	}
	if (offset == at && seq_diff(e->seen, e->base) <= at)
		return ack; /* nothing of what is deleted has come yet */
	if (offset == at && seq_diff(e->seen, e->base) < at + x->octets)
		return e->seen;
	return ack - growth(x);
}

/* Writes the payload as it leaves; returns its length. */
static size_t changed(const struct payload *x, const struct edited *e, const struct packet *p,
		      uint8_t out[BOX_PACKET_MAX])
{
	int64_t from = seq_diff(p->tcp.seq, e->base);
	size_t len = 0;

	for (size_t i = 0; i < p->payload.len; i++) {
		int64_t offset = from + (int64_t)i;
		bool here = offset >= x->at && offset < x->at + x->octets;

		if (x->mode == MODE_INSERT && offset == x->at) {
			memset(out + len, (int)x->fill, (size_t)x->octets);
			len += (size_t)x->octets;
		}
		if (x->mode != MODE_DELETE || !here)
			out[len++] = x->mode == MODE_SUBSTITUTE && here ? (uint8_t)x->fill
									: p->payload.at[i];
	}
	return len;
}

static void translate_sack(const struct payload *x, const struct edited *back,
			   struct box_options *options)
{
	struct tcp_option_list list;
	const struct tcp_option *o;

	tcp_options_parse(&list, span_of(options->at, options->len));
	o = tcp_option_find(&list, TCP_OPT_SACK, -1);
	for (size_t i = 2; o && !o->malformed && i + 4 <= o->len; i += 4) {
		uint8_t *edge = options->at + (o->at - options->at) + i;

		store_u32(edge, inside(x, back, load_u32(edge)));
	}
}

static void note(struct edited *e, const struct packet *p)
{
	uint32_t end = p->tcp.seq + box_segment_len(p);

	if (p->tcp.flags & TCP_SYN || !e->known) {
		e->base = p->tcp.seq + !!(p->tcp.flags & TCP_SYN);
		e->seen = e->base;
		e->known = true;
	}
	if (seq_before(e->seen, end))
		e->seen = end;
}

static bool edits(const struct payload *x, enum box_direction direction)
{
	return (x->filter.direction + 1) & (int)direction;
}

static void edit(const struct payload *x, struct box_packet *packet, const struct packet *p,
		 const struct edited *forth, const struct edited *back)
{
	struct box_options options = box_options_of(p);
	uint8_t octets[BOX_PACKET_MAX];
	struct packet out = *p;
	struct box_packet made;

	if (edits(x, packet->direction) && !(p->tcp.flags & TCP_SYN)) {
		out.tcp.seq = outside(x, forth, p->tcp.seq);
		out.payload = span_of(octets, changed(x, forth, p, octets));
	}
	if (edits(x, box_opposite(packet->direction)) && back->known && p->tcp.flags & TCP_ACK) {
		out.tcp.ack = inside(x, back, p->tcp.ack);
		translate_sack(x, back, &options);
	}
	if (!box_segment_make(&made, packet, &out, &options))
		return;
	if (!x->fix) /* as wrong as an edit that nobody noticed leaves it */
		store_u16(made.octets + p->ip.header_len + 16, p->tcp.checksum);
	memcpy(packet->octets, made.octets, made.len);
	packet->len = made.len;
}

static enum box_fate payload_packet(struct box *box, struct box_packet *packet,
				    const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct payload *x = (struct payload *)box;
	unsigned side = box_side(packet->direction);
	struct edited *sides;
	struct packet p;

	if (!box_segment(&p, packet, &all) || p.payload.len + 512 > BOX_PACKET_MAX)
		return BOX_PASS;
	sides = box_flows_get(&x->flows, &p, packet, io->now_ns);
	if (!sides)
		return BOX_PASS;
	note(&sides[side], &p);
	edit(x, packet, &p, &sides[side], &sides[!side]);
	return BOX_PASS;
}

static void payload_fini(struct box *box)
{
	box_flows_fini(&((struct payload *)box)->flows);
}

const struct box_ops box_payload = {
    .name = "payload",
    .summary = "substitutes, inserts or deletes octets of the stream",
    .size = sizeof(struct payload),
    .params = payload_params,
    .init = payload_init,
    .packet = payload_packet,
    .fini = payload_fini,
};
