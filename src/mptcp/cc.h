/* Congestion control: a strategy by name, per subflow, that sees its siblings (RFC 6356 and the
 * coupled ones after it). Windows are in octets; times in nanoseconds.
 *
 *   reno    RFC 5681, 6928 (initial window), 3465 (appropriate byte counting)
 *   cubic   RFC 9438
 *   lia     RFC 6356
 *   olia    draft-khalili-mptcp-congestion-control
 *   balia   draft-walid-mptcp-congestion-control
 *   wvegas  weighted Vegas, draft-xu-mptcp-congestion-control
 *
 * All of them slow-start each flow by itself. A lone established flow behaves as reno does under
 * lia, olia and balia, and as Vegas under wvegas; lone is also who has only siblings of which
 * nothing was acknowledged for a second (and four round trips): backups, and those that hang. All
 * flows of a group use the same strategy. The window is never less than a segment; it does not grow
 * while the flow is app_limited. */
#ifndef MBOXTRACE_MPTCP_CC_H
#define MBOXTRACE_MPTCP_CC_H

#include <stdbool.h>
#include <stdint.h>

#define CC_STATE_MAX 16 /* 64-bit words of a strategy's own state per flow */
#define CC_FLOWS_MAX 32

/* What a strategy knows and sets of one subflow. The TCP owns it and fills in what it measures. */
struct cc_flow {
	uint32_t mss;
	uint32_t cwnd, ssthresh; /* set by the strategy */
	uint32_t in_flight;	 /* FlightSize of RFC 5681: sent, not acknowledged
				  * cumulatively, before the ACK at hand */
	int64_t srtt_ns, min_rtt_ns, latest_rtt_ns;
	bool established; /* only such flows are coupled, while they carry data */
	bool app_limited; /* the window was not what held the sender back */
	uint64_t state[CC_STATE_MAX];
};

/* The subflows of one connection. */
struct cc_group {
	unsigned count;
	struct cc_flow *flow[CC_FLOWS_MAX]; /* not owned */
};

struct cc_ops {
	const char *name; /* "lia", "olia", "balia", "wvegas", "cubic", "reno" */
	void (*init)(struct cc_flow *f, int64_t now_ns); /* initial window (RFC 6928) and so on */
	/* `octets` were newly acknowledged outside of recovery. */
	void (*acked)(const struct cc_group *g, struct cc_flow *f, uint32_t octets, int64_t now_ns);
	/* A loss (or ECN mark) was detected: once a window. Sets ssthresh, and cwnd to it. */
	void (*lost)(const struct cc_group *g, struct cc_flow *f, int64_t now_ns);
	/* A retransmission time-out: cwnd becomes one segment. A second one in a row, before
	 * anything was acknowledged, leaves ssthresh alone (RFC 5681 §3.1). */
	void (*timeout)(const struct cc_group *g, struct cc_flow *f, int64_t now_ns);
};

const struct cc_ops *cc_find(const char *name); /* NULL if unknown */
const struct cc_ops *const *cc_list(void);	/* NULL-terminated; the first is the default: lia */

#endif
