/* The congestion controls at bottlenecks, in virtual time and with fixed seeds. */
#include "support/cmocka_all.h"

#include "support/cc_sim.h"
#include "util/time.h"

#define SEEDS 4
#define M     1e6

static const struct path {
	double rate;
	int64_t rtt_ms;
	unsigned queue; /* packets: half of the bandwidth-delay product, or all of it */
} paths[] = {
    {10 * M, 20, 8},  {10 * M, 20, 16},	  {20 * M, 50, 41},
    {20 * M, 50, 83}, {50 * M, 100, 208}, {50 * M, 100, 416},
};

/* The part that `subflows` flows under `cc` take beside one Reno flow, as a multiple of the half
 * that one TCP should get. */
static double share(const char *cc, unsigned subflows, const struct path *p, uint64_t seed)
{
	struct cc_sim s;
	unsigned link, tcp, mptcp;
	double one, other;

	cc_sim_init(&s, seed);
	link = cc_sim_link(&s, p->rate, p->queue);
	tcp = cc_sim_conn(&s, "reno");
	mptcp = cc_sim_conn(&s, cc);
	cc_sim_flow(&s, tcp, link, p->rtt_ms * NS_PER_MS);
	while (subflows--)
		cc_sim_flow(&s, mptcp, link, p->rtt_ms * NS_PER_MS);
	cc_sim_run(&s, 20 * NS_PER_S);
	cc_sim_reset(&s);
	cc_sim_run(&s, 320 * NS_PER_S);
	one = cc_sim_rate(&s, tcp);
	other = cc_sim_rate(&s, mptcp);
	cc_sim_fini(&s);
	assert_true(one + other <= p->rate * 1.001);
	assert_true(one + other >= p->rate * 0.9);
	return other / (one + other) * 2;
}

static double mean_share(const char *cc, unsigned subflows, const struct path *p)
{
	double sum = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		sum += share(cc, subflows, p, seed);
	return sum / SEEDS;
}

/* What the other tests would show, were nothing coupled: a flow is a flow. */
static void uncoupled_flows_take_a_share_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		double one = mean_share("reno", 1, &paths[i]),
		       two = mean_share("reno", 2, &paths[i]);

		assert_true(one > 0.93 && one < 1.07);
		assert_true(two > 1.26 && two < 1.41);
	}
}

static void coupled_flows_do_no_harm(void **state)
{
	static const char *const coupled[] = {"lia", "olia", "balia"};

	(void)state;
	for (size_t cc = 0; cc < 3; cc++)
		for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
			double taken = mean_share(coupled[cc], 2, &paths[i]);

			if (taken > 1.2 || taken < 0.7)
				fail_msg("%s, %.0f Mbit/s, %d ms, %u packets: %.2f of its share",
					 coupled[cc], paths[i].rate / M, (int)paths[i].rtt_ms,
					 paths[i].queue, taken);
		}
}

/* Of the sum of 10 Mbit/s at 10 ms and 10 Mbit/s at 100 ms. */
static double used(const char *cc, unsigned short_queue, unsigned long_queue, uint64_t seed)
{
	struct cc_sim s;
	unsigned conn;
	double rate;

	cc_sim_init(&s, seed);
	cc_sim_link(&s, 10 * M, short_queue);
	cc_sim_link(&s, 10 * M, long_queue);
	conn = cc_sim_conn(&s, cc);
	cc_sim_flow(&s, conn, 0, 10 * NS_PER_MS);
	cc_sim_flow(&s, conn, 1, 100 * NS_PER_MS);
	cc_sim_run(&s, 5 * NS_PER_S);
	cc_sim_reset(&s);
	cc_sim_run(&s, 65 * NS_PER_S);
	rate = cc_sim_rate(&s, conn);
	cc_sim_fini(&s);
	return rate / (20 * M);
}

static void disjoint_paths_add_up(void **state)
{
	static const unsigned queue[][2] = {{10, 42}, {20, 84}, {100, 100}};

	(void)state;
	for (size_t cc = 0; cc_list()[cc]; cc++)
		for (size_t q = 0; q < 3; q++)
			for (uint64_t seed = 1; seed <= SEEDS; seed++) {
				double part =
				    used(cc_list()[cc]->name, queue[q][0], queue[q][1], seed);

				if (part < 0.85)
					fail_msg("%s, %u and %u packets: %.2f of the sum",
						 cc_list()[cc]->name, queue[q][0], queue[q][1],
						 part);
			}
}

/* A path that gets worse by a second flow on it is left to that flow, in part. */
static void olia_moves_off_the_crowded_path(void **state)
{
	struct cc_sim s;
	unsigned conn, tcp, crowded, free_flow;
	uint64_t before_crowded, before_free;

	(void)state;
	cc_sim_init(&s, 1);
	cc_sim_link(&s, 10 * M, 40);
	cc_sim_link(&s, 10 * M, 40);
	conn = cc_sim_conn(&s, "olia");
	tcp = cc_sim_conn(&s, "reno");
	crowded = cc_sim_flow(&s, conn, 0, 40 * NS_PER_MS);
	free_flow = cc_sim_flow(&s, conn, 1, 40 * NS_PER_MS);
	cc_sim_flow(&s, tcp, 0, 40 * NS_PER_MS);
	cc_sim_run(&s, 20 * NS_PER_S);
	cc_sim_reset(&s);
	before_crowded = s.flow[crowded].next;
	before_free = s.flow[free_flow].next;
	cc_sim_run(&s, 140 * NS_PER_S);
	assert_true(s.flow[free_flow].next - before_free >
		    4 * (s.flow[crowded].next - before_crowded));
	assert_true(cc_sim_rate(&s, tcp) > 7.5 * M);
	assert_true(cc_sim_rate(&s, conn) > 9.5 * M);
	cc_sim_fini(&s);
}

static void same_seed_same_run(void **state)
{
	(void)state;
	assert_true(share("balia", 2, &paths[1], 7) == share("balia", 2, &paths[1], 7));
	assert_true(share("balia", 2, &paths[1], 7) != share("balia", 2, &paths[1], 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uncoupled_flows_take_a_share_each),
	    cmocka_unit_test(coupled_flows_do_no_harm),
	    cmocka_unit_test(disjoint_paths_add_up),
	    cmocka_unit_test(olia_moves_off_the_crowded_path),
	    cmocka_unit_test(same_seed_same_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
