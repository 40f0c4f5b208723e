/* Random lab paths for tests of whole traces: built from a seed, traced, judged. */
#ifndef MBOXTRACE_TESTS_WALK_H
#define MBOXTRACE_TESTS_WALK_H

#include "lab/lab.h"
#include "probe/run.h"
#include "support/gaps.h"

#define WALK_ROUTERS_MAX 14
#define WALK_BOXES_MAX	 3

struct walk_box {
	const char *name, *params; /* "key=value key=value" */
};

struct walk {
	struct rng rng;
	struct lab *lab;
	uint8_t family;
	unsigned routers;
	enum quote_policy quote[WALK_ROUTERS_MAX];
	bool silent[WALK_ROUTERS_MAX];
	bool lossy;
	unsigned box_after;		/* the box stands behind this many routers */
	unsigned after[WALK_BOXES_MAX]; /* and each of several */
	unsigned left_open; /* SYNs that were answered with SYN/ACK and not closed with a RST */
	unsigned further_routers; /* of the path of a further address: the box stands there … */
	unsigned further_after;	  /* … behind so many */
	enum lab_mptcp mptcp;
	struct trace *trace;
	const struct trace_result *result;
	uint64_t seed;
	const void *row; /* the spec's */
	struct gaps gaps;
};

/* What a random path may have. */
struct walk_spec {
	bool partial, silent, lossy;
	bool limited;	     /* routers run out of ICMP tokens */
	bool harsh;	     /* losses up to a fifth, much comes twice or out of order */
	bool closed;	     /* the target's port is closed */
	bool problems;	     /* the target quotes what arrives in parameter problems */
	bool connect;	     /* the target is an endpoint, traced from inside a connection, too */
	bool mirror;	     /* and mirrors, and walks back */
	bool further;	     /* there is a further address; the box stands on its path only */
	const char *box;     /* NULL: none; stands at a random place */
	const char *params;  /* "key=value key=value" */
	const char *service; /* of the endpoint; NULL: it echoes */
	unsigned octets;     /* that `send` sends */
	bool no_checksum;    /* the target does not speak MPTCP with checksums */
	struct walk_box boxes[WALK_BOXES_MAX]; /* more of them, likewise */
	int target_mptcp;		       /* enum lab_mptcp; -1: random */
	const void *row;		       /* of the test's table, for its judge */
	double naps, stalls;		       /* see gaps.h; up to half a second each */
};

void walk_run(struct walk *w, uint64_t seed, const struct walk_spec *spec);
void walk_fini(struct walk *w);

/* The first finding of a field; NULL if there is none. */
const struct finding *walk_finding(const struct walk *w, const char *field);
/* Findings that are not the target's own choice. */
size_t walk_interferences(const struct walk *w);
/* Runs a path for each seed from the first on, and has it judged. */
void walk_all(unsigned runs, const struct walk_spec *spec, void (*judge)(const struct walk *w));
/* Fails the test with what went wrong unless `ok`. */
void walk_check(const struct walk *w, bool ok, const char *what);
void walk_check_nothing_found(const struct walk *w);
const char *walk_describe(const struct walk *w, char *out, size_t cap);

/* How many seeds: MBOXTRACE_RUNS, or `otherwise`. The first seed: MBOXTRACE_SEED or 1. */
unsigned walk_runs(unsigned otherwise);
uint64_t walk_first_seed(void);

#endif
