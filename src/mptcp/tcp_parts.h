/* What the files tcp_*.c share, and nobody else sees. The time of the call at hand is t->now_ns. */
#ifndef MBOXTRACE_MPTCP_TCP_PARTS_H
#define MBOXTRACE_MPTCP_TCP_PARTS_H

#include "mptcp/tcp_state.h"
#include "util/seq.h"

#define TCP_BURST 10 /* segments at a time, unless ACKs arrive between them */

/* A segment that arrived. */
struct tcp_arrival {
	const struct packet *p;
	uint32_t seq, ack, end; /* end: behind payload and FIN */
	uint16_t flags;
	struct span payload;
	uint32_t window; /* scaled */
	bool has_stamp;
	uint32_t stamp, stamp_echo;
	struct span sack; /* blocks of eight octets */
};

/* What an ACK newly said to have arrived. */
struct tcp_delivery {
	uint32_t acked, sacked; /* octets */
	bool duplicate;		/* a D-SACK */
	bool timed;		/* `sent_ns`: the latest of those sent only once */
	bool repaired;		/* a hole: what was behind it may have waited for long */
	int64_t sent_ns;
};

/* tcp_ring.c */
static inline struct tcp_sent *ring_at(const struct tcp_ring *r, uint32_t i)
{
	return &r->at[i & (r->size - 1)];
}

bool ring_reserve(struct tcp_ring *r, uint32_t more);
void ring_push(struct tcp_ring *r, const struct tcp_sent *s); /* reserved */
void ring_list(struct tcp_ring *r, uint32_t i);		      /* the last to be sent */
void ring_unlist(struct tcp_ring *r, struct tcp_sent *s);
void ring_fini(struct tcp_ring *r);
void ring_pop(struct tcp_ring *r);		 /* forgets the head */
void ring_cut(struct tcp_ring *r, uint32_t seq); /* forgets the head's octets before `seq` */
void ring_lose(struct tcp_ring *r, uint32_t i);
void ring_find(struct tcp_ring *r, struct tcp_sent *s); /* not lost any more */
void ring_sack(struct tcp_ring *r, uint32_t i);
void ring_forget_sacks(struct tcp_ring *r);
uint32_t ring_first_at(const struct tcp_ring *r, uint32_t seq); /* sent, not before `seq` */
/* Splits everything into pieces of at most `max` octets; false: out of memory, and no change. */
bool ring_split_all(struct tcp_ring *r, uint32_t max);
bool ring_split_unsent(struct tcp_ring *r, uint32_t octets); /* the next one */

/* tcp_open.c */
void tcp_take_syn_options(struct tcp *t, const struct packet *p);
void tcp_established(struct tcp *t);
void tcp_tell(struct tcp *t, enum tcp_event event);

/* tcp_header.c */
size_t tcp_build(struct tcp *t, const struct tcp_segment *segment, unsigned flags,
		 struct tcp_sent *s, uint8_t *out, size_t cap);
void tcp_header_init(struct tcp *t);
#define TCP_STAMP_VALID_NS (24 * 24 * INT64_C(3600) * NS_PER_S) /* RFC 7323 §5.5 */
uint32_t tcp_stamp_at(const struct tcp *t, int64_t time_ns);

/* tcp_option.c */
size_t tcp_options_write(struct tcp *t, const struct tcp_segment *segment, uint8_t *out);
void tcp_arrival_read(const struct tcp *t, struct tcp_arrival *a, const struct packet *p);

/* tcp_window.c */
void tcp_window_begin(struct tcp *t); /* before the first SYN */
uint16_t tcp_window_announce(struct tcp *t, bool syn);
void tcp_window_take(struct tcp *t, const struct tcp_arrival *a);

/* tcp_receive.c */
void tcp_ack_at_once(struct tcp *t);
void tcp_challenge(struct tcp *t);

/* tcp_path.c */
void tcp_black_hole(struct tcp *t);		      /* suspected at a time-out */
void tcp_path_passed(struct tcp *t, uint32_t octets); /* a segment with so many arrived */
void tcp_path_retry(struct tcp *t);		      /* outside of recovery */

/* tcp_payload.c */
void tcp_take_payload(struct tcp *t, const struct tcp_arrival *a);
void tcp_take_fin(struct tcp *t, const struct tcp_arrival *a);

/* tcp_reorder.c */
bool reorder_add(struct tcp_reorder *q, uint32_t base, uint32_t seq, struct span octets);
/* The octets at `seq`, the lowest: as many as are in one part. They stay until dropped. */
struct span reorder_peek(const struct tcp_reorder *q, uint32_t seq);
void reorder_drop(struct tcp_reorder *q, uint32_t until);
unsigned reorder_blocks(const struct tcp_reorder *q, struct tcp_range *out, unsigned room);
void reorder_duplicate(struct tcp_reorder *q, uint32_t from, uint32_t to);
void reorder_fini(struct tcp_reorder *q);

/* tcp_ack.c */
void tcp_take_ack(struct tcp *t, const struct tcp_arrival *a);
void tcp_delivered(struct tcp *t, const struct tcp_arrival *a, const struct tcp_sent *s,
		   struct tcp_delivery *d);

/* tcp_sack.c */
void tcp_sack_take(struct tcp *t, const struct tcp_arrival *a, struct tcp_delivery *d);
bool tcp_sack_usable(const struct tcp *t);

/* tcp_rack.c */
void rack_delivered(struct tcp *t, const struct tcp_arrival *a, const struct tcp_sent *s);
void rack_duplicate(struct tcp *t);
void rack_recovered(struct tcp *t);
void rack_detect(struct tcp *t);
int64_t rack_window_ns(const struct tcp *t);

/* tcp_recovery.c */
void tcp_recover(struct tcp *t, const struct tcp_arrival *a, const struct tcp_delivery *d,
		 bool duplicate);
void tcp_time_out(struct tcp *t);
void tcp_take_ecn_echo(struct tcp *t);
uint32_t tcp_in_flight(const struct tcp *t);

/* tcp_pick.c: the number in the ring of the next segment that may be sent; false: none. */
bool tcp_pick_lost(struct tcp *t, uint32_t *i);
bool tcp_pick_new(struct tcp *t, uint32_t *i);
bool tcp_pick_tail(struct tcp *t, uint32_t *i); /* as a probe */

/* tcp_rto.c */
void tcp_rtt_sample(struct tcp *t, int64_t rtt_ns);
void tcp_rtt_take(struct tcp *t, const struct tcp_arrival *a, const struct tcp_delivery *d);
int64_t tcp_rto_ns(const struct tcp *t); /* backed off */
int64_t tcp_min_rtt_ns(const struct tcp *t);
void tcp_rtx_arm(struct tcp *t);
void tcp_timers_run(struct tcp *t);

/* tcp_close.c */
void tcp_end(struct tcp *t, enum tcp_event why); /* CLOSED; TCP_EVENT_CLOSED: in good order */
void tcp_fin_acked(struct tcp *t);
void tcp_fin_taken(struct tcp *t);
void tcp_time_wait(struct tcp *t);

#endif
