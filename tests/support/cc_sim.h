/* Congestion control without a TCP: greedy flows over drop-tail bottlenecks, packet by packet, in
 * virtual time. A packet is dropped when the queue is full, else it is acknowledged its round trip
 * after it has left the bottleneck. Three later ACKs show a loss, once a window; silence, a
 * time-out. There is no stream: what is lost is replaced by new packets. The same seed gives the
 * same run.
 *
 *   cc_sim_init(&s, seed);
 *   link = cc_sim_link(&s, 10e6, 100);
 *   tcp = cc_sim_conn(&s, "reno");
 *   flow = cc_sim_flow(&s, tcp, link, 40 * NS_PER_MS);
 *   cc_sim_run(&s, 60 * NS_PER_S);
 *   cc_sim_rate(&s, tcp)
 *   cc_sim_fini(&s); */
#ifndef MBOXTRACE_TESTS_SUPPORT_CC_SIM_H
#define MBOXTRACE_TESTS_SUPPORT_CC_SIM_H

#include "mptcp/cc.h"
#include "util/rng.h"

#define CC_SIM_LINKS_MAX 4
#define CC_SIM_FLOWS_MAX 8
#define CC_SIM_MSS	 1448
#define CC_SIM_WIRE	 1500 /* octets of a packet on the link */

struct cc_sim_link {
	double octet_ns;
	double queue_ns; /* the longest wait that is admitted */
	int64_t busy_until_ns;
};

struct cc_sim_conn {
	const struct cc_ops *cc;
	struct cc_group group;
	uint64_t delivered; /* packets since the last cc_sim_reset */
};

struct cc_sim_packet {
	int64_t sent_ns, acked_ns; /* acked_ns: TIME_NEVER if it was dropped */
	bool acked;
};

struct cc_sim_flow {
	struct cc_flow cc;
	struct cc_sim_conn *conn;
	struct cc_sim_link *link;
	int64_t rtt_ns, start_ns, progress_ns;
	uint64_t una, cursor, next; /* oldest outstanding, next to be acknowledged, next to send */
	uint64_t recover;	    /* a loss before this one belongs to the same window */
	uint64_t pipe;
	unsigned backoff;
	struct cc_sim_packet *ring;
	uint64_t losses, timeouts;
};

struct cc_sim {
	struct rng rng;
	int64_t now_ns, since_ns;
	unsigned links, conns, flows;
	struct cc_sim_link link[CC_SIM_LINKS_MAX];
	struct cc_sim_conn conn[CC_SIM_FLOWS_MAX];
	struct cc_sim_flow flow[CC_SIM_FLOWS_MAX];
};

void cc_sim_init(struct cc_sim *s, uint64_t seed);
void cc_sim_fini(struct cc_sim *s);
unsigned cc_sim_link(struct cc_sim *s, double bits_per_s, unsigned queue_packets);
unsigned cc_sim_conn(struct cc_sim *s, const char *cc);
/* Starts within the first second. */
unsigned cc_sim_flow(struct cc_sim *s, unsigned conn, unsigned link, int64_t rtt_ns);
void cc_sim_run(struct cc_sim *s, int64_t until_ns);
void cc_sim_reset(struct cc_sim *s); /* what was delivered until now does not count */
double cc_sim_rate(const struct cc_sim *s, unsigned conn); /* bits a second on the wire */

#endif
