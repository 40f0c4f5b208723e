/* Inside mirrored.c: one direction of one subflow, and what is found there.
 *
 *   mirrored_side.c    what left, and what arrived
 *   mirrored_pair.c    which of the ones that left is the one that arrived, and how it changed
 *   mirrored_cut.c     splitting, merging, edited data
 *   mirrored_order.c   delays: early acknowledgements, segments held behind a hole
 *   mirrored_sack.c    SACK blocks that are not translated
 *   mirrored_join.c    subflows that did not come about
 *   mirrored_tally.c   how often what was seen
 *   mirrored_report.c  findings
 *   mirrored_back.c    their intervals on the way back */
#ifndef MBOXTRACE_PROBE_MIRRORED_PARTS_H
#define MBOXTRACE_PROBE_MIRRORED_PARTS_H

#include "packet/packet.h"
#include "probe/mirrored.h"

#define SIDE_MAX (MIRROR_LOG_CLIENT + MIRROR_TOLD_MAX)

struct side {
	size_t count;
	const struct mirror_segment *at[SIDE_MAX];
	bool syn;
	uint32_t isn;
	uint8_t syn_ttl;
};

/* How often a change was seen, of how many segments that could show it. */
struct tally {
	struct change change;
	unsigned seen, of;
	unsigned data_seen, data_of; /* of those with data */
	unsigned on_syn;	     /* of those that were seen */
	bool varies;		     /* not all were from one value to one other */
};

/* Everything that left is known up to this time, and timestamp. */
struct until {
	bool known;
	bool whole; /* it is the end, but for what was sent again later */
	int64_t time_ns;
	bool stamped;
	uint32_t stamp;
};

struct comparison {
	struct side left, arrived;
	const struct mirror_subflow *subflow;
	const struct mirror_octets *octets; /* of the direction, as the client has them */
	bool forward;
	struct until until[2]; /* of what left without data, and with */
	uint32_t shift;	       /* added to the direction's sequence numbers */
	uint32_t peer_shift;   /* to the other one's */
	unsigned measured;     /* segments of which the delay is known */
	int64_t delay_ns;      /* the least from end to end, by the clocks of both */
	int64_t spread_ns;     /* what the others took longer, on average */
	int64_t round_trip_ns; /* the least, both ways; TIME_NEVER: not known */
	size_t count;
	struct tally at[MIRRORED_FINDINGS_MAX];
	unsigned segments, with_payload;
	const struct mirror_segment *paired[SIDE_MAX]; /* `segments`: as they left */
	bool answered_for; /* somebody acknowledges in the sender's name */
	unsigned raised;   /* arrived with a higher acknowledgement than they left with */
	uint8_t packet[2][MIRROR_HEADERS_MAX + UINT16_MAX + 1];
};

/* side */
bool mirrored_parse(const struct mirror_segment *s, struct packet *p);
/* Both halves of a direction of `subflow`, which the peer knows as `theirs` (NULL: not at all). */
void mirrored_load(struct comparison *c, const struct mirror_client *m,
		   const struct mirror_subflow *subflow, const struct mirror_flow *theirs,
		   bool forward);
/* How the peer knows a subflow of ours; false: it did not tell of it. */
bool mirrored_theirs(const struct mirror_client *m, const struct mirror_subflow *subflow,
		     struct mirror_flow *out);
uint32_t mirrored_place(const struct side *side, const struct packet *p); /* behind the SYN */
bool mirrored_known(const struct mirror_octets *o, uint32_t from, uint32_t len);
bool mirrored_stamp(const struct packet *p, uint32_t *out); /* TSval */

/* Is all of what is like `s`, and left not later, known? */
bool mirrored_within(const struct comparison *c, const struct mirror_segment *s);

/* tally */
bool mirrored_is_loss(enum change_kind kind); /* of an option */
bool mirrored_same_change(enum change_kind a, enum change_kind b);
/* `left`: the headers of the segment that it befell, as it left; `data`: it has data. */
void mirrored_count(struct comparison *c, const struct change *change, const struct packet *left,
		    bool data);
void mirrored_count_plain(struct comparison *c, const char *field, enum change_kind kind,
			  unsigned seen);
void mirrored_count_bearers(struct comparison *c); /* of how many each was seen, at the end */

/* pair */
void mirrored_compare_one(struct comparison *c, const struct mirror_segment *arrived);
bool mirrored_is_volatile(const struct change *d); /* of what differs from one to the next */

/* cut */
bool mirrored_same_options(const struct packet *a, const struct packet *b);
bool mirrored_same_payload(const struct comparison *c, const struct mirror_segment *s,
			   uint32_t from);
void mirrored_compare_cut(struct comparison *c, const struct packet *arrived, uint32_t len);
void mirrored_compare_sent(struct comparison *c);

/* order: delays of both directions first */
void mirrored_measure(struct comparison *forward, struct comparison *reverse);
bool mirrored_is_timely(const struct comparison *c, const struct mirror_segment *left,
			const struct mirror_segment *arrived);
bool mirrored_is_told(const struct comparison *c, const struct mirror_segment *left);
bool mirrored_is_early(const struct comparison *c, const struct mirror_segment *arrived);
unsigned mirrored_early_acks(const struct comparison *c); /* among what arrived */
void mirrored_compare_order(struct comparison *c);

/* sack */
void mirrored_compare_sacks(struct comparison *c);

/* report: what was found, with the joined subflow's number (0: the initial one) */
void mirrored_report(struct mirrored *out, const struct comparison *c, uint8_t subflow);

/* join: what the SYNs of a subflow came to */
void mirrored_report_join(struct mirrored *out, struct comparison *forward,
			  struct comparison *reverse, uint8_t subflow);

/* back: narrows down what was found on the way back by what routers quoted there */
void mirrored_locate(struct mirrored *out, const struct mirror_client *m);

#endif
