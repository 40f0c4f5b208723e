/* One hop of a trace, sorted for people: which address answered which probe. */
#ifndef MBOXTRACE_REPORT_HOP_H
#define MBOXTRACE_REPORT_HOP_H

#include "probe/trace.h"

/* What one address answered. `reply[i]` is its first reply to probe i, or NULL. */
struct hop_answer {
	struct ip_addr from;
	const struct trace_reply *reply[TRACE_PROBES_MAX];
};

struct hop {
	uint8_t ttl;
	bool target; /* the target itself answered here */
	size_t answer_count;
	struct hop_answer answer[TRACE_PROBES_MAX]; /* in order of arrival */
	bool asked[TRACE_PROBES_MAX];		    /* the probes that this hop was asked with */
	bool answered[TRACE_PROBES_MAX];
};

/* Fills in `hop` from the replies to the probes that every hop is asked with (not to follow-ups,
 * which come when its line is long printed). Views into the result. */
void hop_collect(struct hop *hop, const struct trace_result *result, uint8_t ttl);

/* False if the probe had answers that nobody can say which hop they are of: then a hop without one
 * is not known to be silent. */
bool hop_all_placed(const struct trace_result *result, size_t probe);

/* Octets of the TCP header (and what follows) that a reply quotes; 0 if it quotes none. */
size_t hop_quoted_octets(const struct trace_reply *reply);

/* The last hop to report: nobody asks for silence beyond the target. */
uint8_t hop_last(const struct trace_result *result);

/* How far the options were seen over the whole trace. */
struct hop_coverage {
	unsigned hops;	      /* routers before the target or the last hop that answered */
	unsigned options;     /* of these, quoted all options of a probe */
	unsigned silent;      /* answered nobody */
	unsigned short_quote; /* answered, but quoted too little */
};

struct hop_coverage hop_coverage_of(const struct trace_result *result);

#endif
