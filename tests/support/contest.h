/* Greedy connections over lab paths with bottlenecks, in virtual time: who gets how much of them.
 *
 *   192.0.2.7 ── link ──┬── bottleneck ── router ── link ── 203.0.113.80    shared
 *   192.0.3.7 ── link ──┘
 *
 *   192.0.2.7 ── bottleneck ── router ── link ── 203.0.113.80               disjoint
 *   192.0.3.7 ── bottleneck ── router ── link ──┘                                         */
#ifndef MBOXTRACE_TESTS_SUPPORT_CONTEST_H
#define MBOXTRACE_TESTS_SUPPORT_CONTEST_H

#include <stdint.h>

struct contest_link {
	uint64_t rate_bps;
	int64_t rtt_ns; /* of the whole path; queues come on top of it */
	uint32_t queue_packets;
};

/* What an MPTCP connection of two subflows under `cc` takes of a bottleneck that it shares with one
 * TCP connection (Reno), as a multiple of the half that is its share. The first `skip_ns` do not
 * count. */
double contest_share(const char *cc, const struct contest_link *link, int64_t skip_ns,
		     int64_t for_ns, uint64_t seed);

struct contest_paths {
	unsigned count; /* 1 or 2; the connection is opened over the first */
	struct contest_link link[2];
	const char *cc;
	uint32_t receive_buffer; /* octets; 0: large */
};

/* Octets of the stream a second that one connection over these paths carries. */
double contest_rate(const struct contest_paths *paths, int64_t skip_ns, int64_t for_ns,
		    uint64_t seed);

#endif
