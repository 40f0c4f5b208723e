#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include "mptcp/cc.h"
#include "support/seed.h"
#include "util/time.h"

#define MSS 1000

/* A connection of up to four subflows in congestion avoidance. */
struct conn {
	const struct cc_ops *cc;
	struct cc_flow flow[4];
	struct cc_group group;
	int64_t now_ns;
};

static void conn_open(struct conn *c, const char *cc)
{
	memset(c, 0, sizeof(*c));
	c->cc = cc_find(cc);
	assert_non_null(c->cc);
}

static struct cc_flow *add(struct conn *c, uint32_t segments, int64_t rtt_ms)
{
	struct cc_flow *f = &c->flow[c->group.count];

	c->group.flow[c->group.count++] = f;
	f->mss = MSS;
	f->established = true;
	f->srtt_ns = f->min_rtt_ns = f->latest_rtt_ns = rtt_ms * NS_PER_MS;
	c->cc->init(f, c->now_ns);
	f->cwnd = f->ssthresh = segments * MSS;
	f->in_flight = f->cwnd;
	return f;
}

static void ack(struct conn *c, struct cc_flow *f, uint32_t octets)
{
	f->in_flight = f->cwnd;
	c->cc->acked(&c->group, f, octets, c->now_ns);
}

static void lose(struct conn *c, struct cc_flow *f)
{
	f->in_flight = f->cwnd;
	c->cc->lost(&c->group, f, c->now_ns);
}

static void time_out(struct conn *c, struct cc_flow *f)
{
	f->in_flight = f->cwnd;
	c->cc->timeout(&c->group, f, c->now_ns);
}

/* How many ACKs of a segment move the window, at most 100000; by how much, in *by. */
static int acks_to_move(struct conn *c, struct cc_flow *f, int *by)
{
	uint32_t before = f->cwnd;
	int n = 0;

	while (n < 100000 && f->cwnd == before) {
		ack(c, f, MSS);
		n++;
	}
	*by = (int)f->cwnd - (int)before;
	return n;
}

/* One segment up after the number of ACKs that an increase of `per_ack` segments takes; the other
 * way if it is negative. */
static void check_increase(struct conn *c, struct cc_flow *f, double per_ack)
{
	int by, n = acks_to_move(c, f, &by);

	assert_int_equal(by, per_ack < 0 ? -MSS : MSS);
	assert_in_range(n, (int)floor(1 / fabs(per_ack)), (int)ceil(1 / fabs(per_ack)) + 1);
}

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
		struct conn c;
		struct cc_flow *f;

		conn_open(&c, cc_list()[i]->name);
		f = add(&c, 10, 100);
		f->ssthresh = UINT32_MAX;
		ack(&c, f, 700);
		assert_int_equal(f->cwnd, 10700);
		ack(&c, f, 300);
		assert_int_equal(f->cwnd, 11000);
		ack(&c, f, 40 * MSS);
		assert_int_equal(f->cwnd, 13000);
		f->ssthresh = 14500;
		ack(&c, f, 2 * MSS);
		assert_int_equal(f->cwnd, 14000);
		ack(&c, f, 2 * MSS);
		assert_int_equal(f->cwnd, 14500);
	}
}

static void nothing_grows_without_need(void **state)
{
	(void)state;
	for (size_t i = 0; cc_list()[i]; i++) {
		struct conn c;

		conn_open(&c, cc_list()[i]->name);
		add(&c, 10, 100)->app_limited = true;
		add(&c, 10, 100)->app_limited = true;
		c.flow[1].ssthresh = UINT32_MAX;
		for (int n = 0; n < 1000; n++) {
			c.now_ns += 10 * NS_PER_MS;
			ack(&c, &c.flow[0], MSS);
			ack(&c, &c.flow[1], MSS);
		}
		assert_int_equal(c.flow[0].cwnd, 10 * MSS);
		assert_int_equal(c.flow[1].cwnd, 10 * MSS);
	}
}

static void reno_is_rfc_5681(void **state)
{
	struct conn c;
	struct cc_flow *f;
	int by;

	(void)state;
	conn_open(&c, "reno");
	f = add(&c, 10, 100);
	assert_int_equal(acks_to_move(&c, f, &by), 10);
	assert_int_equal(by, MSS);
	assert_int_equal(acks_to_move(&c, f, &by), 11);
	lose(&c, f);
	assert_int_equal(f->cwnd, 6 * MSS);
	assert_int_equal(f->ssthresh, 6 * MSS);
	/* FlightSize, not the window */
	f->in_flight = 5 * MSS;
	c.cc->lost(&c.group, f, 0);
	assert_int_equal(f->cwnd, 2500);
	lose(&c, f);
	assert_int_equal(f->ssthresh, 2 * MSS);
}

/* RFC 5681 §3.1: a time-out of what was already sent again leaves ssthresh. */
static void time_outs(void **state)
{
	(void)state;
	for (size_t i = 0; cc_list()[i]; i++) {
		struct conn c;
		struct cc_flow *f;
		uint32_t expected = strcmp(cc_list()[i]->name, "cubic") ? 10 * MSS : 14 * MSS;

		conn_open(&c, cc_list()[i]->name);
		f = add(&c, 20, 100);
		time_out(&c, f);
		assert_int_equal(f->cwnd, MSS);
		assert_int_equal(f->ssthresh, expected);
		time_out(&c, f);
		time_out(&c, f);
		assert_int_equal(f->cwnd, MSS);
		assert_int_equal(f->ssthresh, expected);
		ack(&c, f, 3 * MSS);
		assert_int_equal(f->cwnd, 2 * MSS);
	}
}

/* Rates 100 and 100 segments/s; 10 / 0.1² = 1000 is the largest gain; 1000 / 200² = 1/40. */
static void lia_is_rfc_6356(void **state)
{
	struct conn c;

	(void)state;
	conn_open(&c, "lia");
	add(&c, 10, 100);
	add(&c, 20, 200);
	check_increase(&c, &c.flow[0], 1.0 / 40);
	c.flow[0].cwnd = 10 * MSS;
	check_increase(&c, &c.flow[1], 1.0 / 40);
	lose(&c, &c.flow[1]);
	assert_int_equal(c.flow[1].cwnd, 10500);
}

/* Rates 100 and 100, gains 10000 and 100: 10000 / 200² = 1/4, yet no flow outdoes Reno's 1/100. */
static void lia_is_never_faster_than_reno(void **state)
{
	struct conn c;

	(void)state;
	conn_open(&c, "lia");
	add(&c, 1, 10);
	add(&c, 100, 1000);
	check_increase(&c, &c.flow[1], 1.0 / 100);
	c.flow[1].cwnd = 100 * MSS;
	check_increase(&c, &c.flow[0], 1.0 / 4);
}

/* Flow 1 has the most octets between losses and not the largest window: alpha is 1/2 for it and
 * -1/2 for flow 0. Rates 200 and 100: 2000 / 300² - 1/2 / 20, and 1000 / 300² + 1/2 / 10. */
static void olia_shifts_to_the_better_path(void **state)
{
	struct conn c;

	(void)state;
	conn_open(&c, "olia");
	add(&c, 20, 100);
	add(&c, 10, 100);
	c.flow[1].app_limited = true;
	ack(&c, &c.flow[1], 100000 * MSS);
	c.flow[1].app_limited = false;
	check_increase(&c, &c.flow[0], 2000.0 / 90000 - 0.5 / 20);
	c.flow[0].cwnd = 20 * MSS;
	check_increase(&c, &c.flow[1], 1000.0 / 90000 + 0.5 / 10);
	/* what was sent before the last loss still counts, before the one before it no more */
	lose(&c, &c.flow[1]);
	c.flow[1].cwnd = 10 * MSS;
	check_increase(&c, &c.flow[1], 1000.0 / 90000 + 0.5 / 10);
	lose(&c, &c.flow[1]);
	lose(&c, &c.flow[1]);
	c.flow[0].cwnd = 20 * MSS;
	c.flow[1].cwnd = 10 * MSS;
	check_increase(&c, &c.flow[0], 2000.0 / 90000);
}

/* The best path is the largest, too: alpha is 0. Rates 200 and 100. */
static void olia_without_a_shift(void **state)
{
	struct conn c;

	(void)state;
	conn_open(&c, "olia");
	add(&c, 20, 100);
	add(&c, 10, 100);
	ack(&c, &c.flow[0], 10);
	check_increase(&c, &c.flow[0], 2000.0 / 90000);
	c.flow[0].cwnd = 20 * MSS;
	c.flow[1].established = false;
	for (int i = 0; i < 5; i++)
		lose(&c, &c.flow[0]);
	assert_int_equal(c.flow[0].cwnd, 2 * MSS);
	c.flow[1].established = true;
	lose(&c, &c.flow[0]);
	assert_int_equal(c.flow[0].cwnd, MSS);
}

/* Rates 200 and 100, a is 1 and 2: 2000 / 300², and 1000 / 300² · 3/2 · 6/5. */
static void balia_is_its_draft(void **state)
{
	struct conn c;

	(void)state;
	conn_open(&c, "balia");
	add(&c, 20, 100);
	add(&c, 10, 100);
	check_increase(&c, &c.flow[0], 2000.0 / 90000);
	c.flow[0].cwnd = 20 * MSS;
	check_increase(&c, &c.flow[1], 1000.0 / 90000 * 1.5 * 1.2);
	c.flow[1].cwnd = 10 * MSS;
	lose(&c, &c.flow[1]); /* by 3/4 */
	assert_int_equal(c.flow[1].cwnd, 2500);
	c.flow[1].cwnd = 16 * MSS;
	lose(&c, &c.flow[1]); /* a is 20/16 = 1.25: by 5/8 */
	assert_int_equal(c.flow[1].cwnd, 6 * MSS);
	lose(&c, &c.flow[0]);
	assert_int_equal(c.flow[0].cwnd, 10 * MSS);
}

/* A window of ACKs every round trip. */
static void run_ms(struct conn *c, struct cc_flow *f, int64_t ms)
{
	int64_t end = c->now_ns + ms * NS_PER_MS;

	while (c->now_ns < end) {
		uint32_t n = f->cwnd / MSS;

		for (uint32_t i = 0; i < n && c->now_ns < end; i++) {
			c->now_ns += f->srtt_ns / n;
			ack(c, f, MSS);
		}
	}
}

/* From w_max = 100: to 70, back at 100 after K = cbrt(30 / 0.4) = 4.217 s, beyond it later:
 * 0.4 · (8.434 - 4.217)³ + 100 = 130. */
static void cubic_is_rfc_9438(void **state)
{
	struct conn c;
	struct cc_flow *f;

	(void)state;
	conn_open(&c, "cubic");
	f = add(&c, 100, 200);
	lose(&c, f);
	assert_int_equal(f->cwnd, 70 * MSS);
	assert_int_equal(f->ssthresh, 70 * MSS);
	run_ms(&c, f, 2100); /* 100 + 0.4 · (2.1 - 4.217)³ = 96.2 */
	assert_in_range(f->cwnd, 95 * MSS, 98 * MSS);
	run_ms(&c, f, 2117);
	assert_in_range(f->cwnd, 98 * MSS, 101 * MSS);
	run_ms(&c, f, 4217);
	assert_in_range(f->cwnd, 126 * MSS, 134 * MSS);
}

/* §4.7: a second loss at 70 under a w_max of 100 aims at 70 · 0.85 = 59.5 from 49: K = 2.97 s. */
static void cubic_makes_room(void **state)
{
	struct conn c;
	struct cc_flow *f;

	(void)state;
	conn_open(&c, "cubic");
	f = add(&c, 100, 200);
	lose(&c, f);
	lose(&c, f);
	assert_int_equal(f->cwnd, 49 * MSS);
	run_ms(&c, f, 2970);
	assert_in_range(f->cwnd, 58 * MSS, 61 * MSS);
}

/* §4.3: over a short round trip Reno is faster: 3 · 0.3 / 1.7 = 0.53 segments a window until 20 is
 * reached again, then 1. */
static void cubic_is_no_slower_than_reno(void **state)
{
	struct conn c;
	struct cc_flow *f;

	(void)state;
	conn_open(&c, "cubic");
	f = add(&c, 20, 5);
	lose(&c, f);
	run_ms(&c, f, 50);
	assert_in_range(f->cwnd, 18 * MSS, 20 * MSS);
	run_ms(&c, f, 100);
	assert_in_range(f->cwnd, 36 * MSS, 40 * MSS);
}

/* Nothing happens for a minute: the curve is not a minute ahead afterwards (§5.8). */
static void cubic_does_not_count_pauses(void **state)
{
	struct conn c;
	struct cc_flow *f;

	(void)state;
	conn_open(&c, "cubic");
	f = add(&c, 100, 200);
	lose(&c, f);
	run_ms(&c, f, 2100);
	f->app_limited = true;
	for (int i = 0; i < 60; i++) {
		c.now_ns += NS_PER_S;
		ack(&c, f, MSS);
	}
	f->app_limited = false;
	run_ms(&c, f, 2000);
	assert_in_range(f->cwnd, 98 * MSS, 101 * MSS);
}

/* A path that holds `bdp` segments at 100 ms and queues what is beyond. */
static void run_queue(struct conn *c, struct cc_flow *f, uint32_t bdp, int rounds)
{
	f->min_rtt_ns = 100 * NS_PER_MS;
	while (rounds--) {
		f->latest_rtt_ns = f->cwnd > bdp * MSS
				       ? (int64_t)((double)f->min_rtt_ns * f->cwnd / (bdp * MSS))
				       : f->min_rtt_ns;
		f->srtt_ns = f->latest_rtt_ns;
		run_ms(c, f, f->srtt_ns / NS_PER_MS);
	}
}

static void wvegas_queues_ten_segments(void **state)
{
	struct conn c;
	struct cc_flow *f;

	(void)state;
	conn_open(&c, "wvegas");
	f = add(&c, 10, 100);
	run_queue(&c, f, 50, 200);
	assert_in_range(f->cwnd, 57 * MSS, 63 * MSS);
	f->cwnd = 80 * MSS;
	run_queue(&c, f, 50, 100);
	assert_in_range(f->cwnd, 57 * MSS, 63 * MSS);
	/* slow start ends when a segment queues */
	f->ssthresh = UINT32_MAX;
	f->cwnd = 30 * MSS;
	run_queue(&c, f, 50, 4);
	assert_true(f->cwnd >= f->ssthresh);
	assert_in_range(f->cwnd, 46 * MSS, 56 * MSS);
}

/* Two equal paths: each queues a half of the ten. */
static void wvegas_divides_the_ten(void **state)
{
	struct conn c;

	(void)state;
	conn_open(&c, "wvegas");
	add(&c, 10, 100);
	add(&c, 10, 100);
	for (int i = 0; i < 300; i++) {
		run_queue(&c, &c.flow[0], 50, 1);
		run_queue(&c, &c.flow[1], 50, 1);
	}
	assert_in_range(c.flow[0].cwnd, 53 * MSS, 58 * MSS);
	assert_in_range(c.flow[1].cwnd, 53 * MSS, 58 * MSS);
}

/* Whatever happens to it, and whatever strangers are in its group: an established flow that is
 * alone behaves as Reno. */
static void alone_they_are_reno(void **state)
{
	static const char *const coupled[] = {"lia", "olia", "balia"};
	struct rng r = test_rng("cc_alone");
	struct conn a, b;

	(void)state;
	for (int n = 0; n < 300; n++) {
		conn_open(&a, coupled[n % 3]);
		conn_open(&b, "reno");
		add(&a, 10, 100);
		add(&a, 10, 100)->established = false;
		add(&a, 10, 0);
		add(&b, 10, 100);
		for (int i = 0; i < 500; i++) {
			uint32_t what = rng_below(&r, 100), octets = rng_below(&r, 3 * MSS);

			for (int side = 0; side < 2; side++) {
				struct conn *c = side ? &b : &a;

				if (what == 0)
					time_out(c, &c->flow[0]);
				else if (what < 3)
					lose(c, &c->flow[0]);
				else
					ack(c, &c->flow[0], octets);
			}
			assert_int_equal(a.flow[0].cwnd, b.flow[0].cwnd);
			assert_int_equal(a.flow[0].ssthresh, b.flow[0].ssthresh);
		}
	}
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

static void any_event(struct rng *r, struct conn *c, struct cc_flow *f)
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
		struct conn c;

		conn_open(&c, cc_list()[n % 6]->name);
		for (int i = 0; i < 4; i++) {
			struct cc_flow *f = add(&c, 1, 1);

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
	    cmocka_unit_test(lia_is_rfc_6356),
	    cmocka_unit_test(lia_is_never_faster_than_reno),
	    cmocka_unit_test(olia_shifts_to_the_better_path),
	    cmocka_unit_test(olia_without_a_shift),
	    cmocka_unit_test(balia_is_its_draft),
	    cmocka_unit_test(cubic_is_rfc_9438),
	    cmocka_unit_test(cubic_makes_room),
	    cmocka_unit_test(cubic_is_no_slower_than_reno),
	    cmocka_unit_test(cubic_does_not_count_pauses),
	    cmocka_unit_test(wvegas_queues_ten_segments),
	    cmocka_unit_test(wvegas_divides_the_ten),
	    cmocka_unit_test(alone_they_are_reno),
	    cmocka_unit_test(windows_are_never_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
