/* Sequence number randomisation, as firewalls do against guessable ISNs: a constant is added to
 * one side's sequence numbers and taken off the acknowledgements for it. */
#include <stddef.h>

#include "lab/box_edit.h"
#include "lab/box_flow.h"
#include "lab/box_list.h"
#include "lab/box_wire.h"
#include "util/octets.h"

struct seq_shift {
	struct box box;
	struct box_filter filter; /* whose sequence numbers */
	int64_t delta;
	bool sack;
	int quotes;
	uint64_t salt;
};

static const struct box_param seq_shift_params[] = {
    {.name = "delta",
     .type = PARAM_INT,
     .offset = offsetof(struct seq_shift, delta),
     .min = 0,
     .max = UINT32_MAX,
     .help = "added to sequence numbers; 0: random, one a flow and direction"},
    {.name = "direction",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct seq_shift, filter.direction),
     .choices = box_directions,
     .help = "whose sequence numbers: of packets towards the target, back, or both"},
    {.name = "sack",
     .type = PARAM_BOOL,
     .offset = offsetof(struct seq_shift, sack),
     .help = "whether SACK blocks are translated, as they should be"},
    {.name = "quotes",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct seq_shift, quotes),
     .choices = box_quotes_names,
     .help = "quotes in ICMP errors: untouched, without their checksums, or fully"},
    {0},
};

static void seq_shift_init(struct box *box)
{
	((struct seq_shift *)box)->sack = true;
}

/* What is added to the sequence numbers of packets that walk in `of`. */
static uint32_t shift_of(struct seq_shift *s, const struct packet *p, enum box_direction walks,
			 enum box_direction of, struct rng *rng)
{
	uint64_t salt = box_salt(&s->salt, rng);
	uint32_t shift;

	if (!((s->filter.direction + 1) & (int)of))
		return 0;
	if (s->delta)
		return (uint32_t)s->delta;
	shift = (uint32_t)box_flow_hash(p, walks, salt + of);
	return shift ? shift : 1;
}

static void shift_sack(struct box_wire *w, const struct packet *p, uint32_t back)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_SACK, -1);
	size_t at;

	if (!o || o->malformed)
		return;
	/* An odd offset would tear the words the checksum is made of: such packets are rare, and
	 * box_edit recomputes what it began with. */
	at = (size_t)(o->at - w->at) + 2;
	for (size_t i = 0; i + 4 <= (size_t)o->len - 2; i += 4)
		store_u32(w->at + at + i, load_u32(w->at + at + i) - back);
}

static void shift_segment(struct seq_shift *s, struct box_packet *packet, const struct packet *p,
			  struct rng *rng)
{
	uint32_t forth = shift_of(s, p, packet->direction, packet->direction, rng);
	uint32_t back = shift_of(s, p, packet->direction, box_opposite(packet->direction), rng);
	struct box_wire w;
	struct box_edit edit;

	box_edit_begin(&edit, packet);
	if (box_wire_init(&w, packet->octets, packet->len, false)) {
		box_wire_set_u32(&w, 4, p->tcp.seq + forth);
		if (p->tcp.flags & TCP_ACK)
			box_wire_set_u32(&w, 8, p->tcp.ack - back);
		if (s->sack && back)
			shift_sack(&w, p, back);
	}
	box_edit_end(&edit);
}

static void shift_quote(struct seq_shift *s, struct box_packet *packet, struct rng *rng)
{
	enum box_direction quoted = box_opposite(packet->direction);
	struct box_wire quote;
	struct packet p;

	if (s->quotes == QUOTES_NONE || !box_wire_quote(&quote, packet, s->quotes == QUOTES_FULL) ||
	    packet_parse(&p, span_of(quote.at, quote.len)) || p.ip.proto != IP_PROTO_TCP ||
	    !(p.have & PACKET_HAS_PORTS))
		return;
	box_wire_set_u32(&quote, 4, p.tcp.seq - shift_of(s, &p, quoted, quoted, rng));
	box_wire_requoted(packet);
}

static enum box_fate seq_shift_packet(struct box *box, struct box_packet *packet,
				      const struct box_io *io)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};
	struct seq_shift *s = (struct seq_shift *)box;
	struct packet p;

	if (box_segment(&p, packet, &all))
		shift_segment(s, packet, &p, io->rng);
	else
		shift_quote(s, packet, io->rng);
	return BOX_PASS;
}

const struct box_ops box_seq_shift = {
    .name = "seq_shift",
    .summary = "randomises sequence numbers",
    .size = sizeof(struct seq_shift),
    .params = seq_shift_params,
    .init = seq_shift_init,
    .packet = seq_shift_packet,
};
