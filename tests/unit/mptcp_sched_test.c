#include "support/cmocka_all.h"

#include <string.h>

#include "mptcp/sched.h"
#include "support/seed.h"
#include "util/time.h"

#define MSS    1000
#define PLENTY (UINT64_C(1) << 30)

/* A subflow with a window of 10 segments and nothing in flight. */
static struct sched_subflow subflow(int64_t rtt_ms)
{
	return (struct sched_subflow){
	    .usable = true,
	    .room = 10 * MSS,
	    .cwnd = 10 * MSS,
	    .mss = MSS,
	    .srtt_ns = rtt_ms * NS_PER_MS,
	};
}

static void fill(struct sched_subflow *s, uint32_t segments)
{
	s->in_flight += segments * MSS;
	s->room -= segments * MSS;
}

static int pick(const char *name, struct sched_state *state, const struct sched_subflow *s,
		size_t count, uint64_t window)
{
	struct sched_view view = {s, count, PLENTY, window};

	return sched_find(name)->pick(state, &view);
}

static int pick_once(const char *name, const struct sched_subflow *s, size_t count)
{
	struct sched_state state = {{0}};

	return pick(name, &state, s, count, PLENTY);
}

static void names(void **state)
{
	static const char *const name[] = {"lowest-rtt", "round-robin", "redundant", "blest"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(name) / sizeof(*name); i++) {
		assert_string_equal(sched_list()[i]->name, name[i]);
		assert_ptr_equal(sched_find(name[i]), sched_list()[i]);
		assert_int_equal(sched_list()[i]->redundant, !strcmp(name[i], "redundant"));
	}
	assert_null(sched_list()[i]);
	assert_null(sched_find("ecf"));
}

static void lowest_rtt(void **state)
{
	struct sched_subflow s[] = {subflow(50), subflow(10), subflow(20)};

	(void)state;
	assert_int_equal(pick_once("lowest-rtt", s, 3), 1);
	fill(&s[1], 10);
	assert_int_equal(pick_once("lowest-rtt", s, 3), 2);
	s[2].usable = false;
	assert_int_equal(pick_once("lowest-rtt", s, 3), 0);
	fill(&s[0], 10);
	assert_int_equal(pick_once("lowest-rtt", s, 3), -1);
	assert_int_equal(pick_once("lowest-rtt", s, 0), -1);
}

static void round_robin(void **state)
{
	struct sched_subflow s[] = {subflow(50), subflow(10), subflow(20)};
	struct sched_state turn = {{0}};

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(pick("round-robin", &turn, s, 3, PLENTY), i % 3);
	s[1].usable = false; /* 1 would be next */
	assert_int_equal(pick("round-robin", &turn, s, 3, PLENTY), 2);
	assert_int_equal(pick("round-robin", &turn, s, 3, PLENTY), 0);
	assert_int_equal(pick("round-robin", &turn, s, 1, PLENTY), 0); /* the others are gone */
	assert_int_equal(pick("round-robin", &turn, s, 0, PLENTY), -1);
}

/* RFC 8684 §3.3.8: a backup path carries data only when no other is usable; that the others are
 * full is no reason. */
static void backups_wait(void **state)
{
	(void)state;
	for (size_t i = 0; sched_list()[i]; i++) {
		const char *name = sched_list()[i]->name;
		struct sched_subflow s[] = {subflow(5), subflow(50)};

		s[0].backup = true;
		assert_int_equal(pick_once(name, s, 2), 1);
		fill(&s[1], 10);
		assert_int_equal(pick_once(name, s, 2), -1);
		s[1].usable = false;
		assert_int_equal(pick_once(name, s, 2), 0);
	}
}

/* No crumbs: a segment goes where all of it fits, or all that there is. With nothing in flight
 * there is nothing to wait for. */
static void room_for_a_whole_segment(void **state)
{
	(void)state;
	for (size_t i = 0; sched_list()[i]; i++) {
		struct sched_state st = {{0}};
		struct sched_subflow s = subflow(5);
		struct sched_view view = {&s, 1, PLENTY, PLENTY};

		fill(&s, 9);
		s.room = MSS - 1;
		assert_int_equal(sched_list()[i]->pick(&st, &view), -1);
		view.unsent = 300;
		assert_int_equal(sched_list()[i]->pick(&st, &view), 0);
		s.room = 299;
		assert_int_equal(sched_list()[i]->pick(&st, &view), -1);
		s.in_flight = 0;
		assert_int_equal(sched_list()[i]->pick(&st, &view), 0);
		s.room = 0;
		assert_int_equal(sched_list()[i]->pick(&st, &view), -1);
	}
}

/* 10 ms with a full window of 10 segments, 100 ms with 5 in flight: r = 10, X = (10 + 9/2) · 10 =
 * 145 segments. The slow one may send while the window's total - 5 - 1 is no less than X. */
static void blest_estimates_blocking(void **state)
{
	struct sched_subflow s[] = {subflow(10), subflow(100)};
	struct sched_state st = {{0}};

	(void)state;
	fill(&s[0], 10);
	fill(&s[1], 5);
	assert_int_equal(pick("lowest-rtt", &st, s, 2, MSS), 1);
	assert_int_equal(pick("blest", &st, s, 2, (151 - 15) * MSS), 1);
	assert_int_equal(pick("blest", &st, s, 2, (151 - 15) * MSS - 1), -1);
	/* nothing to wait for */
	s[0].usable = false;
	assert_int_equal(pick("blest", &st, s, 2, MSS), 1);
}

static void blest_prefers_the_fastest(void **state)
{
	struct sched_subflow s[] = {subflow(10), subflow(100)};
	struct sched_state st = {{0}};

	(void)state;
	assert_int_equal(pick("blest", &st, s, 2, MSS), 0);
	fill(&s[0], 10);
	s[0].srtt_ns = 0; /* no estimate without a measurement */
	assert_int_equal(pick("blest", &st, s, 2, MSS), 1);
	/* equal paths do not wait for each other */
	s[0].srtt_ns = s[1].srtt_ns;
	assert_int_equal(pick("blest", &st, s, 2, MSS), 1);
}

/* The smallest window, in segments, in which the slow subflow is still used. */
static unsigned admitted_from(const struct sched_state *st)
{
	struct sched_subflow s[] = {subflow(10), subflow(100)};
	unsigned segments = 1;

	fill(&s[0], 10);
	for (;; segments++) {
		struct sched_state copy = *st;

		copy.word[1] = 0; /* not the time to judge */
		if (pick("blest", &copy, s, 2, segments * MSS) == 1)
			return segments;
	}
}

/* A window full of what the slow subflow holds raises lambda, up to 1.3; quiet lowers it again. */
static void blest_learns(void **state)
{
	struct sched_subflow s[] = {subflow(10), subflow(100)};
	struct sched_state st = {{0}};
	unsigned before = admitted_from(&st), after;

	(void)state;
	fill(&s[1], 10);
	for (int i = 0; i < 200; i++)
		pick("blest", &st, s, 2, 0);
	after = admitted_from(&st);
	assert_in_range(after, before + 145 / 10, before + 145 * 3 / 10 + 2);
	for (int i = 0; i < 2000; i++)
		pick("blest", &st, s, 2, 2 * MSS - 1);
	assert_int_equal(admitted_from(&st), before + 44); /* 145 · 1.3 = 188.5 */
	s[1] = subflow(100);
	for (int i = 0; i < 200000; i++)
		pick("blest", &st, s, 2, 100 * MSS);
	assert_int_equal(admitted_from(&st), before);
}

static struct sched_subflow any_subflow(struct rng *r)
{
	return (struct sched_subflow){
	    .usable = rng_below(r, 3) > 0,
	    .backup = rng_below(r, 3) == 0,
	    .room = rng_below(r, 3) ? rng_below(r, 5000) : 0,
	    .in_flight = rng_below(r, 3) ? rng_u32(r) : 0,
	    .cwnd = rng_u32(r) >> rng_below(r, 32),
	    .mss = rng_below(r, 2000),
	    .srtt_ns = rng_below(r, 4) ? (int64_t)(rng_u64(r) >> (30 + rng_below(r, 30))) : 0,
	};
}

static void check_pick(int picked, const struct sched_view *view)
{
	bool primary = false;

	assert_in_range(picked + 1, 0, view->count);
	if (picked < 0)
		return;
	for (size_t i = 0; i < view->count; i++)
		primary |= view->subflow[i].usable && !view->subflow[i].backup;
	assert_true(view->subflow[picked].usable);
	assert_true(view->subflow[picked].room > 0);
	assert_false(primary && view->subflow[picked].backup);
}

static void no_pick_is_absurd(void **state)
{
	struct rng r = test_rng("sched");
	struct sched_state st = {{0}};
	struct sched_subflow s[8];

	(void)state;
	for (int n = 0; n < 200000; n++) {
		const struct sched_ops *ops = sched_list()[n % 4];
		struct sched_view view = {s, rng_below(&r, 9), rng_below(&r, 4000),
					  rng_u64(&r) >> rng_below(&r, 64)};
		int fallback, picked;

		for (size_t i = 0; i < view.count; i++)
			s[i] = any_subflow(&r);
		fallback = sched_find("lowest-rtt")->pick(&st, &view);
		check_pick(fallback, &view);
		if (n % 4 != 3)
			memset(&st, 0, sizeof(st));
		picked = ops->pick(&st, &view);
		check_pick(picked, &view);
		if (n % 4 < 3) /* only blest may wait although somebody has room */
			assert_int_equal(picked < 0, fallback < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(lowest_rtt),
	    cmocka_unit_test(round_robin),
	    cmocka_unit_test(backups_wait),
	    cmocka_unit_test(room_for_a_whole_segment),
	    cmocka_unit_test(blest_estimates_blocking),
	    cmocka_unit_test(blest_prefers_the_fastest),
	    cmocka_unit_test(blest_learns),
	    cmocka_unit_test(no_pick_is_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
