/* One trace from its options to its report: what belongs to it, and opening it. */
#ifndef MBOXTRACE_CLI_SESSION_H
#define MBOXTRACE_CLI_SESSION_H

#include "cli/path.h"
#include "cli/sink.h"
#include "cli/status.h"
#include "cli/trace_options.h"
#include "report/report.h"

struct session {
	struct options options;
	struct notation probe; /* -P, or the scenario's */
	bool has_probe;
	struct path path;
	struct sink sink;
	struct names *names;
	struct report *report;
	struct status status;
	struct trace *trace;
};

/* Opens output, path and report and sets up the trace, in an order that sends nothing before all
 * of it is there. 0, or an error code with its message; session_close must be called either way. */
int session_open(struct session *s, const struct trace_events *events, struct error *err);

/* Frees everything; 0, or an error if the output could not be written to its end. */
int session_close(struct session *s, struct error *err);

#endif
