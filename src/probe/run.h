/* The loop that drives a trace over a net until it is finished. */
#ifndef MBOXTRACE_PROBE_RUN_H
#define MBOXTRACE_PROBE_RUN_H

#include "net/net.h"
#include "probe/trace.h"

/* `stop` is looked at between packets: once it is non-zero the trace is stopped and concluded.
 * `idle`, if set, is called with `context` whenever the loop is about to wait, and may return an
 * earlier deadline (TIME_NEVER for none).
 * 0, or what the net returned; the trace's result is valid either way. */
struct trace_run {
	const volatile int *stop;
	int64_t (*idle)(void *context, int64_t now_ns);
	void *context;
};

int trace_run(struct trace *t, struct net *net, const struct trace_run *run, struct error *err);

#endif
