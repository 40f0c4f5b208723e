/* Random compositions of boxes, losses, reordering, duplication, delays and cuts, by seed. Whatever
 * they do:
 *   what arrives is a beginning of what was sent, and all of it, or the connection ends with a
 *   reason,
 *   nothing hangs, and memory is bounded,
 *   a connection ends early, or falls back, only for a reason that RFC 8684 gives for what a box
 *   of this composition does, or (SYNs alone) for what a lossy path may do.
 *
 * MBOXTRACE_RUNS seeds from MBOXTRACE_SEED on (1); one of them alone, with what its client sent and
 * received as a capture:
 *   MBOXTRACE_SEED=77 MBOXTRACE_RUNS=1 MBOXTRACE_CAPTURE=77.pcap
 * build/tests/plain/lab/connect_random_test */
#include <stdio.h>

#include "support/cmocka_all.h"
#include "support/random_run.h"
#include "support/walk.h"

#define RUNS 300

static void complain(const struct random_run *r, const char *what)
{
	char text[2048];

	print_message("seed %llu: %s: %u paths, %u targets, IPv%u, v%u, pm %s, %s",
		      (unsigned long long)r->seed, what, r->plan.paths, r->plan.targets,
		      r->plan.family, r->spec.conn.version, r->spec.conn.pm,
		      lab_app_name(r->plan.serve.service));
	for (size_t i = 0; i < r->plan.box_count; i++)
		print_message("; %d: %s %s", r->plan.box[i].path, r->plan.box[i].name,
			      r->plan.box[i].params);
	print_message("; %s", lab_run_describe(&r->run, text, sizeof(text)));
	print_message("  again: MBOXTRACE_SEED=%llu MBOXTRACE_RUNS=1 MBOXTRACE_CAPTURE=%llu.pcap "
		      "build/tests/plain/lab/connect_random_test\n",
		      (unsigned long long)r->seed, (unsigned long long)r->seed);
}

static void random_compositions(void **state)
{
	unsigned runs = walk_runs(RUNS), bad = 0, whole = 0, fallbacks = 0, ended = 0;
	static struct random_run r;

	(void)state;
	for (unsigned i = 0; i < runs; i++) {
		struct lab *lab;
		const char *what;

		random_setup(&r, walk_first_seed() + i);
		lab = lab_plan_build(&r.plan, r.seed);
		lab_run(&r.run, lab, &r.spec);
		lab_free(lab);
		what = random_wrong(&r);
		if (what)
			complain(&r, what);
		bad += what != NULL;
		whole += lab_run_whole(&r.run);
		fallbacks += random_fell_back(&r.run);
		ended += r.run.client.outcome >= OUTCOME_REFUSED;
	}
	print_message("%u runs: %u whole, %u fell back, %u ended early with a reason, %u bad\n",
		      runs, whole, fallbacks, ended, bad);
	assert_int_equal(bad, 0);
}

/* One seed gives one run, to the last octet and nanosecond. */
static void runs_repeat(void **state)
{
	static struct random_run r;
	struct lab_run first;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		for (unsigned n = 0; n < 2; n++) {
			struct lab *lab;

			random_setup(&r, seed);
			r.spec.capture = NULL;
			lab = lab_plan_build(&r.plan, seed);
			lab_run(&r.run, lab, &r.spec);
			lab_free(lab);
			if (!n)
				first = r.run;
		}
		assert_int_equal(first.lasted_ns, r.run.lasted_ns);
		assert_int_equal(first.packets, r.run.packets);
		assert_int_equal(first.client_app.in.hash, r.run.client_app.in.hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_compositions),
	    cmocka_unit_test(runs_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
