/* The second part of a trace: from inside a connection to the target. An endpoint opens it; its
 * first data with MP_CAPABLE and the keys, its next data with a mapping, and ACKs with a DATA_ACK,
 * with ADD_ADDR and with REMOVE_ADDR and MP_PRIO are held for a moment, while copies of them that
 * differ in TTL and IPv4 ID alone are asked along the path; then they go out themselves, and what
 * comes back confirms or contradicts what the hops showed. SYNs with MP_JOIN, with the
 * connection's token and with one of nobody's, are asked meanwhile, and of the target afterwards:
 * from further ports, and from further addresses of this host over paths of their own, which plain
 * SYNs have walked before.
 *
 * While segments are held the endpoint's time stands still: it retransmits nothing.
 *
 * IPv6 packets have no ID: a quote is filed under the TTL at which the walk of the SYNs met its
 * router, if that is one alone; else hops are asked one at a time. */
#ifndef MBOXTRACE_PROBE_INSIDE_H
#define MBOXTRACE_PROBE_INSIDE_H

#include "probe/held.h"
#include "probe/run.h"

struct inside_config {
	uint16_t local_port; /* of the connection: none of the trace's */
	struct span request; /* what is said to the target: two octets at least */
	uint64_t seed;
	size_t further_count; /* local addresses that joins are tried from as well */
	struct trace_further further[TRACE_FURTHER_MAX];
};

/* Runs with a trace that is finished, and finishes it again. 0, or what the net returned. */
int inside_run(struct trace *t, struct net *net, const struct inside_config *config,
	       const struct trace_run *run, struct error *err);

#endif
