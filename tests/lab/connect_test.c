/* Connections between our endpoint and the lab's over clean paths, and over paths that come and go:
 * everything arrives, and over MPTCP. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/lab_plan.h"
#include "support/rig.h"

static char text[2048];

static void run_plan(struct lab_run *run, const struct lab_plan *plan,
		     const struct lab_run_spec *spec)
{
	struct lab *lab = lab_plan_build(plan, spec->seed + 1);

	lab_run(run, lab, spec);
	lab_free(lab);
}

static void assert_whole(const struct lab_run *run, const char *what)
{
	if (!lab_run_whole(run) || !run->client_closed || !run->server_closed ||
	    run->client.outcome != OUTCOME_MPTCP || run->server.outcome != OUTCOME_MPTCP)
		fail_msg("%s: %s", what, lab_run_describe(run, text, sizeof(text)));
}

/* How many subflows carried octets of the stream. */
static unsigned carried(const struct conn_info *info)
{
	unsigned count = 0;

	for (size_t i = 0; i < info->subflow_count; i++)
		count += info->subflow[i].stats.sent_octets > 0;
	return count;
}

static void plain_transfers(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;
	char what[64];

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		lab_plan_defaults(&plan);
		lab_run_defaults(&spec);
		spec.seed = i;
		spec.conn.version = plan.serve.conn.version = (uint8_t)(i & 1);
		spec.conn.checksum = i & 2;
		plan.family = i & 4 ? 6 : 4;
		plan.paths = i & 8 ? 2 : 1;
		snprintf(what, sizeof(what), "v%u, checksum %u, IPv%u, %u paths", i & 1, !!(i & 2),
			 plan.family, plan.paths);
		run_plan(&run, &plan, &spec);
		assert_whole(&run, what);
		assert_int_equal(run.client.version, i & 1);
		assert_int_equal(run.client.checksum, !!(i & 2));
		assert_int_equal(run.client.subflow_count, plan.paths);
		assert_int_equal(run.server_app.in.octets, 100000);
	}
}

static void subflows(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;
	char what[64];

	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		lab_plan_defaults(&plan);
		lab_run_defaults(&spec);
		spec.seed = n;
		spec.octets = 400000;
		plan.paths = n > 1 ? 2 : 1;
		plan.link[0].rate_bps = plan.link[1].rate_bps = 10000000;
		if (n == 3) {
			plan.paths = 1;
			spec.conn.pm = "ndiffports";
			spec.conn.ndiffports = 3;
		}
		if (n == 4) { /* full mesh with a second address that is announced */
			plan.targets = 2;
			plan.serve.add_addr = true;
		}
		snprintf(what, sizeof(what), "%u subflows", n);
		run_plan(&run, &plan, &spec);
		assert_whole(&run, what);
		if (run.client.subflow_count != n)
			fail_msg("%s: %s", what, lab_run_describe(&run, text, sizeof(text)));
		assert_int_equal(carried(&run.client), n);
	}
}

static int service(const char *name)
{
	int i = 0;

	while (strcmp(lab_app_name(i), name) != 0)
		i++;
	return i;
}

static void both_ways(void **state)
{
	static const char *const services[] = {"echo", "send", "half-close"};
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		lab_plan_defaults(&plan);
		lab_run_defaults(&spec);
		spec.seed = i;
		plan.paths = 1 + i / 3;
		plan.serve.service = service(services[i % 3]);
		plan.serve.octets = 150000;
		plan.serve.out_seed = i % 3 ? 77 : spec.out_seed;
		spec.in_seed = plan.serve.out_seed;
		run_plan(&run, &plan, &spec);
		assert_whole(&run, services[i % 3]);
		if (i % 3 != 2)
			assert_int_equal(run.client_app.in.octets, i % 3 ? 150000 : 100000);
	}
}

static void cookies(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;

	(void)state;
	lab_plan_defaults(&plan);
	lab_run_defaults(&spec);
	plan.paths = 2;
	plan.serve.cookies = true;
	run_plan(&run, &plan, &spec);
	assert_whole(&run, "cookies");
}

static void lossy_paths(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		lab_plan_defaults(&plan);
		lab_run_defaults(&spec);
		spec.seed = i;
		plan.paths = 1 + i % 2;
		for (unsigned n = 0; n < plan.paths; n++)
			plan.link[n] = (struct lab_link){.delay_ns = 5 * NS_PER_MS,
							 .jitter_ns = NS_PER_MS,
							 .loss = 0.03,
							 .reorder = 0.05,
							 .duplicate = 0.02,
							 .rate_bps = 20000000,
							 .queue_packets = 50};
		run_plan(&run, &plan, &spec);
		assert_whole(&run, "lossy");
	}
}

/* The data sequence numbers of both directions wrap, at 2^32 or 2^64, sent in 4 octets or 8. */
static void streams_that_wrap(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;
	char what[64];

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		lab_plan_defaults(&plan);
		lab_run_defaults(&spec);
		spec.seed = i;
		spec.conn.idsn = (i & 1 ? UINT64_MAX : UINT32_MAX) - 50000;
		spec.conn.dsn_octets = i & 2 ? 4 : 8;
		spec.conn.checksum = i & 4;
		plan.paths = i & 8 ? 2 : 1;
		plan.serve.conn.idsn = spec.conn.idsn;
		plan.serve.conn.dsn_octets = i & 4 ? 4 : 8;
		plan.serve.service = service("echo");
		plan.serve.out_seed = spec.in_seed = spec.out_seed;
		for (unsigned n = 0; n < plan.paths; n++)
			plan.link[n] = (struct lab_link){.delay_ns = 10 * NS_PER_MS,
							 .loss = 0.02,
							 .reorder = 0.05,
							 .rate_bps = 10000000,
							 .queue_packets = 50};
		snprintf(what, sizeof(what), "variant %u", i);
		run_plan(&run, &plan, &spec);
		assert_whole(&run, what);
		assert_int_equal(run.client_app.in.octets, 100000);
	}
}

/* A path is cut in mid-transfer, and comes back: what was under way there goes the other way. */
static void a_path_is_cut(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		lab_plan_defaults(&plan);
		lab_run_defaults(&spec);
		spec.seed = i;
		spec.octets = 2000000;
		plan.paths = 2;
		plan.link[0].rate_bps = plan.link[1].rate_bps = 5000000;
		plan.link[i % 2].down_count = 1;
		plan.link[i % 2].down[0] = (struct lab_interval){
		    .from_ns = 300 * NS_PER_MS, .to_ns = (i / 2 ? 2 : 600) * NS_PER_S};
		run_plan(&run, &plan, &spec);
		assert_whole(&run, i % 2 ? "second path cut" : "first path cut");
	}
}

/* With one path there is nothing to do but wait. */
static void the_only_path_is_cut(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;

	(void)state;
	lab_plan_defaults(&plan);
	lab_run_defaults(&spec);
	spec.octets = 1000000;
	plan.link[0].rate_bps = 5000000;
	plan.link[0].down_count = 1;
	plan.link[0].down[0] =
	    (struct lab_interval){.from_ns = 300 * NS_PER_MS, .to_ns = 20 * NS_PER_S};
	run_plan(&run, &plan, &spec);
	assert_whole(&run, "the only path");
	assert_false(run.hung_up || run.server_hung_up);
	assert_true(run.lasted_ns > 20 * NS_PER_S);
}

static void a_dead_path_ends_with_a_reason(void **state)
{
	struct lab_run_spec spec;
	struct lab_plan plan;
	struct lab_run run;

	(void)state;
	lab_plan_defaults(&plan);
	lab_run_defaults(&spec);
	spec.octets = 1000000;
	plan.link[0].rate_bps = 5000000;
	plan.link[0].down_count = 1;
	plan.link[0].down[0] =
	    (struct lab_interval){.from_ns = 300 * NS_PER_MS, .to_ns = 36000 * NS_PER_S};
	run_plan(&run, &plan, &spec);
	if (!run.client_closed || run.hung_up || run.client.outcome != OUTCOME_TIMEOUT ||
	    !lab_run_in_order(&run))
		fail_msg("%s", lab_run_describe(&run, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_transfers),
	    cmocka_unit_test(subflows),
	    cmocka_unit_test(both_ways),
	    cmocka_unit_test(cookies),
	    cmocka_unit_test(lossy_paths),
	    cmocka_unit_test(streams_that_wrap),
	    cmocka_unit_test(a_path_is_cut),
	    cmocka_unit_test(the_only_path_is_cut),
	    cmocka_unit_test(a_dead_path_ends_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
