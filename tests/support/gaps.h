/* A net in front of another one, on a busy machine: now and then this process is kept from running,
 * so that packets wait and time has passed when it wakes up; or the path stands still, so that what
 * is under way arrives late, all at once. Nothing is lost by it. */
#ifndef MBOXTRACE_TESTS_GAPS_H
#define MBOXTRACE_TESTS_GAPS_H

#include "net/net.h"
#include "util/rng.h"

#define GAPS_PACKETS_MAX 4096

struct gaps_packet {
	uint8_t octets[2048];
	size_t len;
	int64_t time_ns;
};

struct gaps {
	struct net net;
	struct net *inner;
	struct rng rng;
	double naps, stalls; /* how likely each is at a call */
	int64_t longest_ns;
	int64_t stalled_until_ns;
	size_t head, count; /* of what waits */
	struct gaps_packet *waiting;
};

/* Takes `inner` over: closing the net that it returns closes it. */
struct net *gaps_open(struct gaps *g, struct net *inner, uint64_t seed);

#endif
