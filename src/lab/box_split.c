/* Cuts data segments into several, as segmentation offload does: with the options on each piece, or
 * with the option meant on one of them only. */
#include <stddef.h>
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_list.h"

enum on_pieces { ON_ALL_PIECES, ON_FIRST, ON_LAST };

static const char *const on_pieces[] = {"all", "first", "last", NULL};

struct split {
	struct box box;
	struct box_filter filter;
	struct box_option option;
	int64_t pieces;
	int options;
};

static const struct box_param split_params[] = {
    {.name = "pieces",
     .type = PARAM_INT,
     .offset = offsetof(struct split, pieces),
     .min = 2,
     .max = 16,
     .help = "how many segments become of one"},
    {.name = "options",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct split, options),
     .choices = on_pieces,
     .help = "which pieces carry the option meant"},
    BOX_OPTION_PARAMS(struct split),
    BOX_FILTER_PARAMS(struct split),
    {0},
};

static void split_init(struct box *box)
{
	struct split *s = (struct split *)box;

	s->pieces = 2;
	s->option = box_option_unset();
	s->option.kind = TCP_OPT_MPTCP;
	s->filter.direction = BOX_BOTH - 1;
}

static bool keeps_option(const struct split *s, size_t piece, size_t pieces)
{
	switch (s->options) {
	case ON_FIRST: return !piece;
	case ON_LAST: return piece + 1 == pieces;
	default: return true;
	}
}

static void split_emit(const struct split *s, const struct box_packet *packet,
		       const struct packet *p, size_t pieces, const struct box_io *io)
{
	size_t each = (p->payload.len + pieces - 1) / pieces;

	for (size_t i = 0; i * each < p->payload.len; i++) {
		bool last = (i + 1) * each >= p->payload.len;
		struct box_options area = box_options_of(p);
		struct packet piece = *p;
		struct box_packet out;

		if (!keeps_option(s, last ? pieces - 1 : i, pieces))
			box_options_without(&area, &s->option);
		piece.tcp.seq += (uint32_t)(i * each);
		piece.payload = span_cut(p->payload, i * each, each);
		if (!last)
			piece.tcp.flags &= (uint16_t) ~(TCP_FIN | TCP_PSH);
		if (i)
			piece.tcp.flags &= (uint16_t)~TCP_CWR; /* RFC 3168 §6.1.2: once */
		if (box_segment_make(&out, packet, &piece, &area))
			io->emit(io->context, &out);
	}
}

static enum box_fate split_packet(struct box *box, struct box_packet *packet,
				  const struct box_io *io)
{
	const struct split *s = (const struct split *)box;
	size_t pieces = (size_t)s->pieces;
	struct packet p;

	if (!box_segment(&p, packet, &s->filter) || p.payload.len < 2 ||
	    p.tcp.flags & (TCP_SYN | TCP_RST | TCP_URG))
		return BOX_PASS;
	split_emit(s, packet, &p, pieces < p.payload.len ? pieces : p.payload.len, io);
	return BOX_DROP;
}

const struct box_ops box_split = {
    .name = "split",
    .summary = "cuts data segments into several",
    .size = sizeof(struct split),
    .params = split_params,
    .init = split_init,
    .packet = split_packet,
};
