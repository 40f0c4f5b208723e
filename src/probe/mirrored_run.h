/* The third part of a trace: a connection to a mirror at the target (mptcp/mirror.h), and what it
 * shows among the findings of the trace. */
#ifndef MBOXTRACE_PROBE_MIRRORED_RUN_H
#define MBOXTRACE_PROBE_MIRRORED_RUN_H

#include "probe/run.h"

struct mirrored_config {
	uint16_t local_port; /* of the connection: none of the trace's */
	uint64_t seed;
};

/* Runs with a trace that is finished, and concludes it again. 0, or what the net returned. */
int mirrored_run(struct trace *t, struct net *net, const struct mirrored_config *config,
		 const struct trace_run *run, struct error *err);

#endif
