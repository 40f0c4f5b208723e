/* What people and programs look at. A report is fed a trace's events and its result and writes to
 * a stream, flushed as things become known. */
#ifndef MBOXTRACE_REPORT_REPORT_H
#define MBOXTRACE_REPORT_REPORT_H

#include <stdio.h>

#include "probe/trace.h"

/* Names of addresses, resolved without holding up the trace (report/names.h); NULL: numeric. */
struct names;

struct report_config {
	FILE *out;
	const char *target_name; /* as the user gave it */
	const char *device;
	struct names *names; /* NULL: -n */
	int verbose;	     /* -v: raw diffs */
	bool colour;	     /* `out` is a terminal that wants it */
	/* Called before anything is written to `out`: the time to take a status line away. */
	void (*before_write)(void *context);
	void *context;
	int64_t wall_ns; /* wall clock, since 1970, at the trace's time `at_ns` */
	int64_t at_ns;
};

struct report;

struct report_ops {
	const char *name; /* "text", "json" */
	void (*start)(struct report *r, const struct trace_result *result);
	void (*hop)(struct report *r, const struct trace_result *result, uint8_t ttl);
	/* Called often; flushes what was held back (names) and says when to be called again. */
	int64_t (*idle)(struct report *r, const struct trace_result *result, int64_t now_ns);
	void (*finish)(struct report *r, const struct trace_result *result);
	void (*free)(struct report *r);
};

struct report {
	const struct report_ops *ops;
};

struct report *report_text_new(const struct report_config *config); /* NULL: out of memory */
struct report *report_json_new(const struct report_config *config);

#endif
