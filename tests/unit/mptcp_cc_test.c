#include "support/cmocka_all.h"

#include <string.h>

#include "support/cc_conn.h"
#include "support/seed.h"
#include "util/time.h"

#define MSS CC_CONN_MSS

static void names(void **state)
{
	static const char *const name[] = {"lia", "olia", "balia", "wvegas", "cubic", "reno"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(name) / sizeof(*name); i++) {
		assert_string_equal(cc_list()[i]->name, name[i]);
		assert_ptr_equal(cc_find(name[i]), cc_list()[i]);
	}
	assert_null(cc_list()[i]);
	assert_null(cc_find("bbr"));
}

/* RFC 6928 §2: min(10 · MSS, max(2 · MSS, 14600)) */
static void initial_window(void **state)
{
	static const uint32_t row[][2] = {
	    {536, 5360}, {1220, 12200}, {1460, 14600}, {2000, 14600}, {8960, 17920},
	};
	struct cc_flow f;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		for (size_t cc = 0; cc_list()[cc]; cc++) {
			memset(&f, 0xff, sizeof(f));
			f.mss = row[i][0];
			cc_list()[cc]->init(&f, 1);
			assert_int_equal(f.cwnd, row[i][1]);
			assert_int_equal(f.ssthresh, UINT32_MAX);
		}
}

/* By what was acknowledged, two segments an ACK at most; one after a time-out (RFC 3465 §2.3). */
static void slow_start(void **state)
{
	(void)state;
	for (size_t i = 0; cc_list()[i]; i++) {
		struct cc_conn c;
		struct cc_flow *f;

		cc_conn_open(&c, cc_list()[i]->name);
		f = cc_conn_add(&c, 10, 100);
		f->ssthresh = UINT32_MAX;
		cc_conn_ack(&c, f, 700);
		assert_int_equal(f->cwnd, 10700);
		cc_conn_ack(&c, f, 300);
		assert_int_equal(f->cwnd, 11000);
		cc_conn_ack(&c, f, 40 * MSS);
		assert_int_equal(f->cwnd, 13000);
		f->ssthresh = 14500;
		cc_conn_ack(&c, f, 2 * MSS);
		assert_int_equal(f->cwnd, 14000);
		cc_conn_ack(&c, f, 2 * MSS);
		assert_int_equal(f->cwnd, 14500);
	}
}

static void nothing_grows_without_need(void **state)
{
	(void)state;
	for (size_t i = 0; cc_list()[i]; i++) {
		struct cc_conn c;

		cc_conn_open(&c, cc_list()[i]->name);
		cc_conn_add(&c, 10, 100)->app_limited = true;
		cc_conn_add(&c, 10, 100)->app_limited = true;
		c.flow[1].ssthresh = UINT32_MAX;
		for (int n = 0; n < 1000; n++) {
			c.now_ns += 10 * NS_PER_MS;
			cc_conn_ack(&c, &c.flow[0], MSS);
			cc_conn_ack(&c, &c.flow[1], MSS);
		}
		assert_int_equal(c.flow[0].cwnd, 10 * MSS);
		assert_int_equal(c.flow[1].cwnd, 10 * MSS);
	}
}

static void reno_is_rfc_5681(void **state)
{
	struct cc_conn c;
	struct cc_flow *f;
	int by;

	(void)state;
	cc_conn_open(&c, "reno");
	f = cc_conn_add(&c, 10, 100);
	assert_int_equal(cc_conn_acks_to_move(&c, f, &by), 10);
	assert_int_equal(by, MSS);
	assert_int_equal(cc_conn_acks_to_move(&c, f, &by), 11);
	cc_conn_lose(&c, f);
	assert_int_equal(f->cwnd, 6 * MSS);
	assert_int_equal(f->ssthresh, 6 * MSS);
	/* FlightSize, not the window */
	f->in_flight = 5 * MSS;
	c.cc->lost(&c.group, f, 0);
	assert_int_equal(f->cwnd, 2500);
	cc_conn_lose(&c, f);
	assert_int_equal(f->ssthresh, 2 * MSS);
}

/* RFC 5681 §3.1: a time-out of what was already sent again leaves ssthresh. */
static void time_outs(void **state)
{
	(void)state;
	for (size_t i = 0; cc_list()[i]; i++) {
		struct cc_conn c;
		struct cc_flow *f;
		uint32_t expected = strcmp(cc_list()[i]->name, "cubic") ? 10 * MSS : 14 * MSS;

		cc_conn_open(&c, cc_list()[i]->name);
		f = cc_conn_add(&c, 20, 100);
		cc_conn_time_out(&c, f);
		assert_int_equal(f->cwnd, MSS);
		assert_int_equal(f->ssthresh, expected);
		cc_conn_time_out(&c, f);
		cc_conn_time_out(&c, f);
		assert_int_equal(f->cwnd, MSS);
		assert_int_equal(f->ssthresh, expected);
		cc_conn_ack(&c, f, 3 * MSS);
		assert_int_equal(f->cwnd, 2 * MSS);
	}
}

/* A flow that was at `segments` over `rtt_ms`. */
static struct cc_flow *cubic_after_a_loss(struct cc_conn *c, unsigned segments, unsigned rtt_ms)
{
	struct cc_flow *f;

	cc_conn_open(c, "cubic");
	f = cc_conn_add(c, segments, rtt_ms);
	cc_conn_lose(c, f);
	return f;
}

/* From w_max = 100: to 70, back at 100 after K = cbrt(30 / 0.4) = 4.217 s, beyond it later:
 * 0.4 · (8.434 - 4.217)³ + 100 = 130. */
static void cubic_is_rfc_9438(void **state)
{
	struct cc_conn c;
	struct cc_flow *f = cubic_after_a_loss(&c, 100, 200);

	(void)state;
	assert_int_equal(f->cwnd, 70 * MSS);
	assert_int_equal(f->ssthresh, 70 * MSS);
	cc_conn_run_ms(&c, f, 2100); /* 100 + 0.4 · (2.1 - 4.217)³ = 96.2 */
	assert_in_range(f->cwnd, 95 * MSS, 98 * MSS);
	cc_conn_run_ms(&c, f, 2117);
	assert_in_range(f->cwnd, 98 * MSS, 101 * MSS);
	cc_conn_run_ms(&c, f, 4217);
	assert_in_range(f->cwnd, 126 * MSS, 134 * MSS);
}

/* §4.7: a second loss at 70 under a w_max of 100 aims at 70 · 0.85 = 59.5 from 49: K = 2.97 s. */
static void cubic_makes_room(void **state)
{
	struct cc_conn c;
	struct cc_flow *f = cubic_after_a_loss(&c, 100, 200);

	(void)state;
	cc_conn_lose(&c, f);
	assert_int_equal(f->cwnd, 49 * MSS);
	cc_conn_run_ms(&c, f, 2970);
	assert_in_range(f->cwnd, 58 * MSS, 61 * MSS);
}

/* §4.3: over a short round trip Reno is faster: 3 · 0.3 / 1.7 = 0.53 segments a window until 20 is
 * reached again, then 1. */
static void cubic_is_no_slower_than_reno(void **state)
{
	struct cc_conn c;
	struct cc_flow *f = cubic_after_a_loss(&c, 20, 5);

	(void)state;
	cc_conn_run_ms(&c, f, 50);
	assert_in_range(f->cwnd, 18 * MSS, 20 * MSS);
	cc_conn_run_ms(&c, f, 100);
	assert_in_range(f->cwnd, 36 * MSS, 40 * MSS);
}

/* §4.2: however far the curve is ahead, by half of the window a round trip at most: ten ACKs of 70
 * are half a segment each. */
static void cubic_does_not_jump(void **state)
{
	struct cc_conn c;
	struct cc_flow *f = cubic_after_a_loss(&c, 100, 200);

	(void)state;
	cc_conn_ack(&c, f, MSS);
	c.now_ns += 20 * NS_PER_S;
	for (int i = 0; i < 10; i++)
		cc_conn_ack(&c, f, MSS);
	assert_in_range(f->cwnd, 74 * MSS, 76 * MSS);
}

/* Nothing happens for a minute: the curve is not a minute ahead afterwards (§5.8). */
static void cubic_does_not_count_pauses(void **state)
{
	struct cc_conn c;
	struct cc_flow *f = cubic_after_a_loss(&c, 100, 200);

	(void)state;
	cc_conn_run_ms(&c, f, 2100);
	f->app_limited = true;
	for (int i = 0; i < 60; i++) {
		c.now_ns += NS_PER_S;
		cc_conn_ack(&c, f, MSS);
	}
	f->app_limited = false;
	cc_conn_run_ms(&c, f, 2000);
	assert_in_range(f->cwnd, 98 * MSS, 101 * MSS);
}

static int64_t any_rtt(struct rng *r)
{
	static const int64_t rtt[] = {0, 1, NS_PER_US, NS_PER_MS, 200 * NS_PER_MS, 90 * NS_PER_S};

	return rtt[rng_below(r, 6)];
}

static void any_change(struct rng *r, struct cc_flow *f)
{
	f->srtt_ns = any_rtt(r);
	f->min_rtt_ns = any_rtt(r);
	f->latest_rtt_ns = any_rtt(r);
	f->established = rng_below(r, 4) > 0;
	f->app_limited = rng_below(r, 8) == 0;
}

static void any_event(struct rng *r, struct cc_conn *c, struct cc_flow *f)
{
	uint32_t what = rng_below(r, 200);

	c->now_ns += any_rtt(r) / (1 + rng_below(r, 100));
	f->in_flight = rng_below(r, 4) ? f->cwnd : rng_u32(r);
	if (what == 0)
		c->cc->timeout(&c->group, f, c->now_ns);
	else if (what < 4)
		c->cc->lost(&c->group, f, c->now_ns);
	else if (what < 10)
		any_change(r, f);
	else
		c->cc->acked(&c->group, f, rng_below(r, 16) ? rng_below(r, 4 * MSS) : rng_u32(r),
			     c->now_ns);
}

static void windows_are_never_absurd(void **state)
{
	struct rng r = test_rng("cc_windows");

	(void)state;
	for (int n = 0; n < 600; n++) {
		struct cc_conn c;

		cc_conn_open(&c, cc_list()[n % 6]->name);
		for (int i = 0; i < 4; i++) {
			struct cc_flow *f = cc_conn_add(&c, 1, 1);

			f->mss = rng_below(&r, 16) ? 1 + rng_below(&r, 9000) : 0;
			any_change(&r, f);
			c.cc->init(f, 0);
		}
		for (int i = 0; i < 3000; i++) {
			struct cc_flow *f = &c.flow[rng_below(&r, 4)];
			uint32_t before = f->cwnd;

			any_event(&r, &c, f);
			assert_true(f->cwnd >= f->mss && f->cwnd > 0);
			assert_true(f->cwnd <= UINT32_C(1) << 30);
			assert_true(f->ssthresh >= f->mss);
			assert_true(f->cwnd <= before ||
				    f->cwnd - before <= before + 3 * (f->mss + 1));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(initial_window),
	    cmocka_unit_test(slow_start),
	    cmocka_unit_test(nothing_grows_without_need),
	    cmocka_unit_test(reno_is_rfc_5681),
	    cmocka_unit_test(time_outs),
	    cmocka_unit_test(cubic_is_rfc_9438),
	    cmocka_unit_test(cubic_makes_room),
	    cmocka_unit_test(cubic_is_no_slower_than_reno),
	    cmocka_unit_test(cubic_does_not_jump),
	    cmocka_unit_test(cubic_does_not_count_pauses),
	    cmocka_unit_test(windows_are_never_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
