/* What a box that acknowledges in the receiver's name keeps of each flow. */
#ifndef MBOXTRACE_LAB_BOX_EARLY_ACK_H
#define MBOXTRACE_LAB_BOX_EARLY_ACK_H

#include "lab/box_flows.h"

#define KEPT_MAX 64 /* segments a flow; beyond them it is no proxy any more */

struct kept {
	uint32_t end;
	struct box_packet packet;
};

struct acked {
	struct box_flow flow;
	bool known;
	uint32_t next;	  /* acknowledged to the sender */
	uint32_t tsval;	  /* the receiver's last */
	uint32_t edge;	  /* of the window it offered: the box offers no more in its name */
	uint32_t ack_seq; /* what the receiver would send next */
	uint8_t shift;	  /* of its window */
	bool scales[2];	  /* sender, receiver */
	bool sender_known, stamp_known;
	uint32_t sender_ack, sender_tsval, sender_tsecr; /* the sender's last */
	uint64_t segments;
	unsigned tries;
	bool resending; /* until all that is kept has arrived */
	int64_t resend_ns;
	size_t count;
	struct kept *kept[KEPT_MAX]; /* owned, oldest first */
};

struct early_ack {
	struct box box;
	int direction;
	int64_t lose, rto_ms;
	int64_t next_ns;
	struct box_flows flows;
};

/* box_early_kept.c: keeps a segment that ends with `end`; false if there is no room for more. */
bool early_ack_keep(struct early_ack *x, struct acked *a, const struct box_packet *packet,
		    uint32_t end, int64_t now_ns);
/* The receiver has all up to `ack`. */
void early_ack_forget(struct early_ack *x, struct acked *a, uint32_t ack, int64_t now_ns);
/* The oldest again; all are given up if that was in vain too often. */
void early_ack_resend(struct early_ack *x, struct acked *a, const struct box_io *io);
void early_ack_flow_fini(struct box_flow *flow);

#endif
