/* The options of `trace`. */
#ifndef MBOXTRACE_CLI_TRACE_OPTIONS_H
#define MBOXTRACE_CLI_TRACE_OPTIONS_H

#include "cli/option.h"
#include "probe/trace.h"

/* -w MAX[,HERE,NEAR]: seconds, and multiples of a round trip. */
struct option_wait {
	double max_s, here, near;
};

struct options {
	const char *target; /* NULL: none was given */
	int64_t family;	    /* 4, 6, or 0: any */
	int64_t first_ttl, max_ttl, queries, in_flight;
	int64_t port; /* 0: not given */
	struct option_wait wait;
	int64_t numeric;
	const char *device;
	struct ip_addr source; /* -s; family 0: not given */
	struct option_locals { /* --local, and -s before them */
		size_t count;
		struct ip_addr at[1 + TRACE_FURTHER_MAX];
	} local;
	const char *probe; /* -P, as given */
	int64_t json;
	const char *output, *pcap;
	int64_t verbose;
	int64_t connect; /* look into a connection, too */
	int64_t mirror;	 /* and compare with a mirror at the target */
	const char *lab;
	int64_t seed; /* -1: not given */
	int64_t help, version;
	const char *completion; /* the shell to print a completion for */
};

extern const struct option_set trace_options;

/* As option_set_parse, and what must fit together does. */
int options_parse(struct options *o, int argc, char **argv, struct error *err);

#endif
