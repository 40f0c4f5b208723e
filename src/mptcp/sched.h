/* Schedulers: which subflow takes the next segment of the stream (RFC 8041 §3.7).
 *
 *   lowest-rtt   the fastest with room in its window
 *   round-robin  each in its turn
 *   redundant    all of them
 *   blest        the fastest; a slower one only if the shared window will not block for it
 *                (Ferlin et al., BLEST: Blocking Estimation-based MPTCP Scheduler, 2016)
 *
 * None picks a backup subflow while another one is usable. */
#ifndef MBOXTRACE_MPTCP_SCHED_H
#define MBOXTRACE_MPTCP_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A subflow as a scheduler sees it. */
struct sched_subflow {
	bool usable;   /* established, not closing, not stale */
	bool backup;   /* only if no other is usable (RFC 8684 §3.3.8) */
	uint32_t room; /* octets that its congestion and send windows still admit */
	uint32_t in_flight, cwnd;
	uint32_t mss;
	int64_t srtt_ns; /* 0: not measured */
	int64_t rttvar_ns;
};

struct sched_view {
	const struct sched_subflow *subflow;
	size_t count;
	uint64_t unsent;      /* octets of the stream waiting */
	uint64_t window_left; /* of the shared receive window */
};

struct sched_state { /* a strategy's own, zeroed at the start of the connection */
	uint64_t word[8];
};

struct sched_ops {
	const char *name; /* "lowest-rtt", "round-robin", "redundant", "blest" */
	bool redundant;	  /* every segment goes over every usable subflow */
	/* Index of the subflow for the next segment; -1: none may take it now (the best may be to
	 * wait for a faster one). Under a redundant strategy: for a segment that was never sent;
	 * the owner copies it to the others as they have room. The shared window is the owner's to
	 * heed; room and in_flight must be of now, the segments just picked included. */
	int (*pick)(struct sched_state *state, const struct sched_view *view);
};

const struct sched_ops *sched_find(const char *name);
const struct sched_ops *const *sched_list(void); /* the first is the default: lowest-rtt */

#endif
