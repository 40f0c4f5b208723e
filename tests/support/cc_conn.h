/* A connection of up to four subflows, for its congestion control only: ACKs and losses by hand. */
#ifndef MBOXTRACE_TESTS_SUPPORT_CC_CONN_H
#define MBOXTRACE_TESTS_SUPPORT_CC_CONN_H

#include "mptcp/cc.h"

#define CC_CONN_MSS 1000

struct cc_conn {
	const struct cc_ops *cc;
	struct cc_flow flow[4];
	struct cc_group group;
	int64_t now_ns;
};

void cc_conn_open(struct cc_conn *c, const char *cc);
/* In congestion avoidance with a window of `segments`, in use. */
struct cc_flow *cc_conn_add(struct cc_conn *c, uint32_t segments, int64_t rtt_ms);
/* The window is full, and ... */
void cc_conn_ack(struct cc_conn *c, struct cc_flow *f, uint32_t octets);
void cc_conn_lose(struct cc_conn *c, struct cc_flow *f);
void cc_conn_time_out(struct cc_conn *c, struct cc_flow *f);
/* How many ACKs of a segment move the window, at most 100000; by how much, in *by. */
int cc_conn_acks_to_move(struct cc_conn *c, struct cc_flow *f, int *by);
/* A window of ACKs every round trip. */
void cc_conn_run_ms(struct cc_conn *c, struct cc_flow *f, int64_t ms);

#endif
