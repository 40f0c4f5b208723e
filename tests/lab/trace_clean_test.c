/* A clean path is called clean: random paths without boxes, thousands of seeds. */
#include "support/cmocka_all.h"
#include "support/walk.h"

static void check_clean(const struct walk *w)
{
	walk_check_nothing_found(w);
	walk_check(w, w->lossy || lab_half_open(w->lab) == 0, "left half-open");
}

/* All routers quote everything, nothing is lost: it must say so, and cheaply. */
static void check_plain(const struct walk *w)
{
	const struct trace_result *r = w->result;
	unsigned hops = w->routers + 1;

	check_clean(w);
	walk_check(w, r->reached && r->path_length == hops, "path length");
	walk_check(w, r->verdict == VERDICT_CLEAN, "clean");
	walk_check(w, r->finding_count == (w->mptcp != LAB_MPTCP_V1), "target finding");
	for (size_t i = 0; i < 3; i++)
		walk_check(w, r->probes[i].sent <= (hops + 5 > 16 ? hops + 5 : 16), "packets");
}

static void test_plain(void **state)
{
	(void)state;
	walk_all(walk_runs(1500), &(struct walk_spec){.target_mptcp = -1}, check_plain);
}

/* MPTCP came back: whatever routers hide, both directions passed. */
static void check_mptcp(const struct walk *w)
{
	check_clean(w);
	walk_check(w, w->result->verdict == VERDICT_CLEAN, "clean with MPTCP end to end");
	walk_check(w, w->result->path_length == w->routers + 1, "path length");
}

static void test_partial_and_silent(void **state)
{
	(void)state;
	walk_all(walk_runs(1000),
		 &(struct walk_spec){.partial = true, .silent = true, .target_mptcp = LAB_MPTCP_V1},
		 check_mptcp);
}

/* Without MPTCP at the target it is clean only if the last router showed the options. */
static void check_witnessed(const struct walk *w)
{
	bool seen = !w->silent[w->routers - 1] && w->quote[w->routers - 1] >= QUOTE_128;

	check_clean(w);
	walk_check(w, w->result->verdict == (seen ? VERDICT_CLEAN : VERDICT_INCONCLUSIVE),
		   "witness");
}

static void test_without_mptcp(void **state)
{
	(void)state;
	walk_all(
	    walk_runs(1000),
	    &(struct walk_spec){.partial = true, .silent = true, .target_mptcp = LAB_MPTCP_NONE},
	    check_witnessed);
}

/* The target itself says what arrived: clean whatever the routers hide. */
static void check_arrived(const struct walk *w)
{
	check_clean(w);
	walk_check(w, w->result->verdict == VERDICT_CLEAN, "the target is a witness");
}

static void test_without_mptcp_but_witnessed(void **state)
{
	(void)state;
	walk_all(
	    walk_runs(500),
	    &(struct walk_spec){
		.partial = true, .silent = true, .problems = true, .target_mptcp = LAB_MPTCP_NONE},
	    check_arrived);
}

static void test_lossy(void **state)
{
	(void)state;
	walk_all(
	    walk_runs(1000),
	    &(struct walk_spec){.partial = true, .silent = true, .lossy = true, .target_mptcp = -1},
	    check_clean);
}

/* This process sleeps now and then: what came meanwhile is not asked for again. */
static void test_naps(void **state)
{
	(void)state;
	walk_all(walk_runs(500), &(struct walk_spec){.target_mptcp = -1, .naps = 0.05},
		 check_plain);
}

/* The path stands still now and then. */
static void test_stalls(void **state)
{
	(void)state;
	walk_all(walk_runs(1000),
		 &(struct walk_spec){
		     .partial = true, .silent = true, .target_mptcp = -1, .stalls = 0.02},
		 check_clean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_partial_and_silent),
	    cmocka_unit_test(test_without_mptcp),
	    cmocka_unit_test(test_without_mptcp_but_witnessed),
	    cmocka_unit_test(test_lossy),
	    cmocka_unit_test(test_naps),
	    cmocka_unit_test(test_stalls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
