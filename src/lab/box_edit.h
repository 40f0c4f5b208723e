/* What boxes that edit TCP segments share: which segments they look at, which options they mean,
 * and how an option area is put back into a packet. */
#ifndef MBOXTRACE_LAB_BOX_EDIT_H
#define MBOXTRACE_LAB_BOX_EDIT_H

#include "lab/box.h"

/* Directions as a choice: forward, reverse, both; its mask of enum box_direction is index + 1. */
extern const char *const box_directions[];
extern const char *const box_segment_kinds[];

enum box_segments {
	SEGMENTS_ALL,
	SEGMENTS_SYN,
	SEGMENTS_SYNACK,
	SEGMENTS_HANDSHAKE, /* both of these */
	SEGMENTS_NONSYN,
};

struct box_filter {
	int direction; /* index into box_directions */
	int segments;  /* enum box_segments */
};

/* Rows for a parameter table; `box_struct` has a struct box_filter `filter`. */
#define BOX_FILTER_PARAMS(box_struct)                                                              \
	{.name = "direction",                                                                      \
	 .type = PARAM_CHOICE,                                                                     \
	 .offset = offsetof(box_struct, filter.direction),                                         \
	 .choices = box_directions,                                                                \
	 .help = "packets towards the target, back, or both"},                                     \
	{                                                                                          \
		.name = "segments", .type = PARAM_CHOICE,                                          \
		.offset = offsetof(box_struct, filter.segments), .choices = box_segment_kinds,     \
		.help = "which TCP segments"                                                       \
	}

/* What PARAM_KIND gives besides 0 to 255. */
enum { BOX_KIND_UNSET = -1, BOX_KIND_ANY = -2, BOX_KIND_UNKNOWN = -3 };

struct box_option {
	int kind;    /* BOX_KIND_UNSET with a subtype means MPTCP */
	int subtype; /* -1: any */
};

#define BOX_OPTION_PARAMS(box_struct)                                                              \
	{.name = "kind",                                                                           \
	 .type = PARAM_KIND,                                                                       \
	 .offset = offsetof(box_struct, option.kind),                                              \
	 .help = "option kind: a number, a name, unknown (all but MSS, WS, SACK, TS), or any"},    \
	{                                                                                          \
		.name = "subtype", .type = PARAM_SUBTYPE,                                          \
		.offset = offsetof(box_struct, option.subtype), .help = "MPTCP subtype, or any"    \
	}

static inline struct box_option box_option_unset(void)
{
	return (struct box_option){.kind = BOX_KIND_UNSET, .subtype = -1};
}

bool box_option_matches(const struct box_option *option, const struct tcp_option *o);
const struct tcp_option *box_option_find(const struct box_option *option, const struct packet *p);
/* For `ready`: ERR_USAGE unless an option was named. */
int box_option_ready(const struct box *box, const struct box_option *option, struct error *err);

bool box_walks(const struct box_filter *filter, const struct box_packet *packet);
/* Decodes a whole, unfragmented TCP packet that the filter lets through; false if it is not. */
bool box_segment(struct packet *p, const struct box_packet *packet,
		 const struct box_filter *filter);

/* An edit in place that keeps the transport checksum as wrong or right as it was, as the
 * incremental update of a real box does. Between begin and end the packet may change in any way
 * that leaves it parseable. */
struct box_edit {
	struct box_packet *packet;
	uint16_t carried, right; /* the transport checksum before: found, and as it should be */
	bool has_checksum;
};

void box_edit_begin(struct box_edit *edit, struct box_packet *packet);
void box_edit_end(struct box_edit *edit);

/* Puts `area` (at most TCP_OPTIONS_MAX octets) in the place of the segment's option area, padded
 * with EOL to a multiple of four: data offset, IP length and checksums follow. `p` is stale
 * afterwards. False, and nothing done, if it does not fit. */
bool box_options_replace(struct box_packet *packet, const struct packet *p, struct span area);

/* An option area on its way into a packet; unpadded. */
struct box_options {
	uint8_t at[TCP_OPTIONS_MAX];
	size_t len;
};

/* The segment's options up to an EOL; without those meant; and one more: false if it does not fit.
 */
struct box_options box_options_of(const struct packet *p);
void box_options_without(struct box_options *options, const struct box_option *option);
bool box_options_put(struct box_options *options, struct span option);

/* Builds a segment that takes the way of `like` from the edited copy `p` of a segment, with these
 * options and its payload; lengths and checksums are right. False if it does not fit. */
bool box_segment_make(struct box_packet *out, const struct box_packet *like, const struct packet *p,
		      const struct box_options *options);

/* Octets of sequence space it takes. */
static inline uint32_t box_segment_len(const struct packet *p)
{
	return (uint32_t)p->payload.len + !!(p->tcp.flags & TCP_SYN) + !!(p->tcp.flags & TCP_FIN);
}

/* Starts a TCP segment that answers `p` in the name of its destination and walks back to where
 * the packet came from. Set `tcp` and what else is wanted, then box_answer_send. */
void box_answer_init(struct packet *answer, const struct packet *p, uint8_t ttl);
void box_answer_send(struct packet *answer, struct span options, enum box_direction towards,
		     const struct box_io *io);

/* Answers with a RST (RFC 9293 §3.10.7.1); a RST is not answered. */
void box_answer_reset(const struct packet *p, const struct box_packet *packet, uint8_t ttl,
		      struct span options, const struct box_io *io);

static inline enum box_direction box_opposite(enum box_direction direction)
{
	return direction == BOX_FORWARD ? BOX_REVERSE : BOX_FORWARD;
}

#endif
