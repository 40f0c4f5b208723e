/* Connections between our endpoint and the lab's over clean paths, and over paths that come and go:
 * everything arrives, and over MPTCP. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/lab_plan.h"
#include "support/rig.h"

static char text[2048];

/* What is to be, and what came of it. */
struct trial {
	struct lab_plan plan;
	struct lab_run_spec spec;
	struct lab_run run;
};

static void begin(struct trial *t, unsigned seed)
{
	lab_plan_defaults(&t->plan);
	lab_run_defaults(&t->spec);
	t->spec.seed = seed;
}

static void run(struct trial *t)
{
	struct lab *lab = lab_plan_build(&t->plan, t->spec.seed + 1);

	lab_run(&t->run, lab, &t->spec);
	lab_free(lab);
}

static void run_whole(struct trial *t, const char *what)
{
	const struct lab_run *r = &t->run;

	run(t);
	if (!lab_run_whole(r) || !r->client_closed || !r->server_closed ||
	    r->client.outcome != OUTCOME_MPTCP || r->server.outcome != OUTCOME_MPTCP)
		fail_msg("%s: %s", what, lab_run_describe(r, text, sizeof(text)));
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
	struct trial t;
	char what[64];

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		begin(&t, i);
		t.spec.conn.version = t.plan.serve.conn.version = (uint8_t)(i & 1);
		t.spec.conn.checksum = i & 2;
		t.plan.family = i & 4 ? 6 : 4;
		t.plan.paths = i & 8 ? 2 : 1;
		snprintf(what, sizeof(what), "v%u, checksum %u, IPv%u, %u paths", i & 1, !!(i & 2),
			 t.plan.family, t.plan.paths);
		run_whole(&t, what);
		assert_int_equal(t.run.client.version, i & 1);
		assert_int_equal(t.run.client.checksum, !!(i & 2));
		assert_int_equal(t.run.client.subflow_count, t.plan.paths);
		assert_int_equal(t.run.server_app.in.octets, 100000);
	}
}

static void subflows(void **state)
{
	struct trial t;
	char what[64];

	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		begin(&t, n);
		t.spec.octets = 400000;
		t.plan.paths = n > 1 ? 2 : 1;
		t.plan.link[0].rate_bps = t.plan.link[1].rate_bps = 10000000;
		if (n == 3) {
			t.plan.paths = 1;
			t.spec.conn.pm = "ndiffports";
			t.spec.conn.ndiffports = 3;
		}
		if (n == 4) { /* full mesh with a second address that is announced */
			t.plan.targets = 2;
			t.plan.serve.add_addr = true;
		}
		snprintf(what, sizeof(what), "%u subflows", n);
		run_whole(&t, what);
		if (t.run.client.subflow_count != n)
			fail_msg("%s: %s", what, lab_run_describe(&t.run, text, sizeof(text)));
		assert_int_equal(carried(&t.run.client), n);
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
	struct trial t;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		begin(&t, i);
		t.plan.paths = 1 + i / 3;
		t.plan.serve.service = service(services[i % 3]);
		t.plan.serve.octets = 150000;
		t.plan.serve.out_seed = i % 3 ? 77 : t.spec.out_seed;
		t.spec.in_seed = t.plan.serve.out_seed;
		run_whole(&t, services[i % 3]);
		if (i % 3 != 2)
			assert_int_equal(t.run.client_app.in.octets, i % 3 ? 150000 : 100000);
	}
}

static void cookies(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 0);
	t.plan.paths = 2;
	t.plan.serve.cookies = true;
	run_whole(&t, "cookies");
}

static void lossy_paths(void **state)
{
	struct trial t;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		begin(&t, i);
		t.plan.paths = 1 + i % 2;
		for (unsigned n = 0; n < t.plan.paths; n++)
			t.plan.link[n] = (struct lab_link){.delay_ns = 5 * NS_PER_MS,
							   .jitter_ns = NS_PER_MS,
							   .loss = 0.03,
							   .reorder = 0.05,
							   .duplicate = 0.02,
							   .rate_bps = 20000000,
							   .queue_packets = 50};
		run_whole(&t, "lossy");
	}
}

/* The data sequence numbers of both directions wrap, at 2^32 or 2^64, sent in 4 octets or 8. */
static void streams_that_wrap(void **state)
{
	struct trial t;
	char what[64];

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		begin(&t, i);
		t.spec.conn.idsn = (i & 1 ? UINT64_MAX : UINT32_MAX) - 50000;
		t.spec.conn.dsn_octets = i & 2 ? 4 : 8;
		t.spec.conn.checksum = i & 4;
		t.plan.paths = i & 8 ? 2 : 1;
		t.plan.serve.conn.idsn = t.spec.conn.idsn;
		t.plan.serve.conn.dsn_octets = i & 4 ? 4 : 8;
		t.plan.serve.service = service("echo");
		t.plan.serve.out_seed = t.spec.in_seed = t.spec.out_seed;
		for (unsigned n = 0; n < t.plan.paths; n++)
			t.plan.link[n] = (struct lab_link){.delay_ns = 10 * NS_PER_MS,
							   .loss = 0.02,
							   .reorder = 0.05,
							   .rate_bps = 10000000,
							   .queue_packets = 50};
		snprintf(what, sizeof(what), "variant %u", i);
		run_whole(&t, what);
		assert_int_equal(t.run.client_app.in.octets, 100000);
	}
}

/* A path is cut in mid-transfer, and comes back: what was under way there goes the other way. */
static void a_path_is_cut(void **state)
{
	struct trial t;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		begin(&t, i);
		t.spec.octets = 2000000;
		t.plan.paths = 2;
		t.plan.link[0].rate_bps = t.plan.link[1].rate_bps = 5000000;
		t.plan.link[i % 2].down_count = 1;
		t.plan.link[i % 2].down[0] = (struct lab_interval){
		    .from_ns = 300 * NS_PER_MS, .to_ns = (i / 2 ? 2 : 600) * NS_PER_S};
		run_whole(&t, i % 2 ? "second path cut" : "first path cut");
	}
}

/* With one path there is nothing to do but wait. */
static void the_only_path_is_cut(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 0);
	t.spec.octets = 1000000;
	t.plan.link[0].rate_bps = 5000000;
	t.plan.link[0].down_count = 1;
	t.plan.link[0].down[0] =
	    (struct lab_interval){.from_ns = 300 * NS_PER_MS, .to_ns = 20 * NS_PER_S};
	run_whole(&t, "the only path");
	assert_false(t.run.hung_up || t.run.server_hung_up);
	assert_true(t.run.lasted_ns > 20 * NS_PER_S);
}

static void a_dead_path_ends_with_a_reason(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 0);
	t.spec.octets = 1000000;
	t.plan.link[0].rate_bps = 5000000;
	t.plan.link[0].down_count = 1;
	t.plan.link[0].down[0] =
	    (struct lab_interval){.from_ns = 300 * NS_PER_MS, .to_ns = 36000 * NS_PER_S};
	run(&t);
	if (!t.run.client_closed || t.run.hung_up || t.run.client.outcome != OUTCOME_TIMEOUT ||
	    !lab_run_in_order(&t.run))
		fail_msg("%s", lab_run_describe(&t.run, text, sizeof(text)));
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
