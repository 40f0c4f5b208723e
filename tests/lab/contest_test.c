/* What coupled congestion control makes of bottlenecks, whole endpoints over the lab: the bars of
 * `make bench`, shorter. */
#include "support/cmocka_all.h"

#include "support/contest.h"
#include "util/time.h"

#define M 1000000

static const char *const coupled[] = {"lia", "olia", "balia"};

static void a_shared_bottleneck_is_shared(void **state)
{
	static const struct contest_link link = {10 * M, 20 * NS_PER_MS, 16};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		double share = contest_share(coupled[i], &link, 5 * NS_PER_S, 20 * NS_PER_S, 1);

		if (share > 1.2 || share < 0.6)
			fail_msg("%s: %.2f of its share", coupled[i], share);
	}
}

/* 10 Mbit/s at 10 and at 100 ms; the connection is opened over the one or the other. */
static double rate(const char *cc, unsigned count, int far_first, uint32_t receive_buffer)
{
	static const struct contest_link near = {10 * M, 10 * NS_PER_MS, 20},
					 far = {10 * M, 100 * NS_PER_MS, 84};
	struct contest_paths paths = {.count = count,
				      .link = {far_first ? far : near, far_first ? near : far},
				      .cc = cc,
				      .receive_buffer = receive_buffer};

	return contest_rate(&paths, 5 * NS_PER_S, 10 * NS_PER_S, 1);
}

static void disjoint_paths_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (int far_first = 0; far_first < 2; far_first++) {
			double part = rate(coupled[i], 2, far_first, 0) * 8 / (20 * M);

			if (part < 0.85 || part > 1)
				fail_msg("%s: %.2f of the sum", coupled[i], part);
		}
}

/* A second path does no harm, however small the window is. */
static void a_small_window_goes_to_the_better_path(void **state)
{
	static const uint32_t bdp[] = {12500, 125000};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (int n = 0; n < 4; n++) {
			double one = rate(coupled[i], 1, 0, bdp[n / 2]),
			       both = rate(coupled[i], 2, n % 2, bdp[n / 2]);

			if (both < one * 0.995)
				fail_msg("%s, %u octets: %.3f of the better path alone", coupled[i],
					 bdp[n / 2], both / one);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_shared_bottleneck_is_shared),
	    cmocka_unit_test(disjoint_paths_add_up),
	    cmocka_unit_test(a_small_window_goes_to_the_better_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
