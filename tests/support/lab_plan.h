/* Labs for connections, from a plan: some paths with a link and boxes each, and an endpoint as the
 * target.
 *
 *   192.0.2.7 ── link ── boxes ── router ── (boxes ── router …) link ── 203.0.113.80 (and .81, …)
 *   192.0.3.7 ── link ── boxes ── router ── link ──┘ */
#ifndef MBOXTRACE_TESTS_LAB_PLAN_H
#define MBOXTRACE_TESTS_LAB_PLAN_H

#include "support/lab_run.h"

#define LAB_PLAN_PATHS	 4
#define LAB_PLAN_BOXES	 6
#define LAB_PLAN_ROUTERS 16
#define LAB_PLAN_ALL	 (-1)	     /* one box of every path: it sees them all */
#define LAB_PLAN_INSIDE	 "10.0.0.80" /* the target's address behind a "dnat" */

struct lab_plan_box {
	int path;
	const char *name;
	char params[96];
};

struct lab_plan {
	unsigned paths;	  /* 0: one */
	unsigned targets; /* addresses of the target; 0: one */
	unsigned routers; /* of each path; 0: one */
	uint8_t family;	  /* 0: 4 */
	struct lab_link link[LAB_PLAN_PATHS];
	size_t box_count;
	struct lab_plan_box box[LAB_PLAN_BOXES];
	unsigned after[LAB_PLAN_BOXES]; /* routers of its path before each box */
	struct lab_serve serve;		/* lab_plan_defaults sets its conn */
};

void lab_plan_defaults(struct lab_plan *plan); /* one path of 10 ms, a server that discards */
struct lab *lab_plan_build(const struct lab_plan *plan, uint64_t seed);

#endif
