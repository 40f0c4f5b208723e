#include "support/cmocka_all.h"

#include <math.h>

#include "support/cc_conn.h"
#include "support/seed.h"
#include "util/time.h"

#define MSS CC_CONN_MSS

/* One segment up after the number of ACKs that an increase of `per_ack` segments takes; the other
 * way if it is negative. */
static void check_increase(struct cc_conn *c, struct cc_flow *f, double per_ack)
{
	int by, n = cc_conn_acks_to_move(c, f, &by);

	assert_int_equal(by, per_ack < 0 ? -MSS : MSS);
	assert_in_range(n, (int)floor(1 / fabs(per_ack)), (int)ceil(1 / fabs(per_ack)) + 1);
}

/* Rates 100 and 100 segments/s; 10 / 0.1² = 1000 is the largest gain; 1000 / 200² = 1/40. */
static void lia_is_rfc_6356(void **state)
{
	struct cc_conn c;

	(void)state;
	cc_conn_open(&c, "lia");
	cc_conn_add(&c, 10, 100);
	cc_conn_add(&c, 20, 200);
	check_increase(&c, &c.flow[0], 1.0 / 40);
	c.flow[0].cwnd = 10 * MSS;
	check_increase(&c, &c.flow[1], 1.0 / 40);
	cc_conn_lose(&c, &c.flow[1]);
	assert_int_equal(c.flow[1].cwnd, 10500);
}

/* Rates 100 and 100, gains 10000 and 100: 10000 / 200² = 1/4, yet no flow outdoes Reno's 1/100. */
static void lia_is_never_faster_than_reno(void **state)
{
	struct cc_conn c;

	(void)state;
	cc_conn_open(&c, "lia");
	cc_conn_add(&c, 1, 10);
	cc_conn_add(&c, 100, 1000);
	check_increase(&c, &c.flow[1], 1.0 / 100);
	c.flow[1].cwnd = 100 * MSS;
	check_increase(&c, &c.flow[0], 1.0 / 4);
}

/* Flow 1 has the most octets between losses and not the largest window: alpha is 1/2 for it and
 * -1/2 for flow 0. Rates 200 and 100: 2000 / 300² - 1/2 / 20, and 1000 / 300² + 1/2 / 10. */
static void olia_shifts_to_the_better_path(void **state)
{
	struct cc_conn c;

	(void)state;
	cc_conn_open(&c, "olia");
	cc_conn_add(&c, 20, 100);
	cc_conn_add(&c, 10, 100);
	c.flow[1].app_limited = true;
	cc_conn_ack(&c, &c.flow[1], 100000 * MSS);
	c.flow[1].app_limited = false;
	check_increase(&c, &c.flow[0], 2000.0 / 90000 - 0.5 / 20);
	c.flow[0].cwnd = 20 * MSS;
	check_increase(&c, &c.flow[1], 1000.0 / 90000 + 0.5 / 10);
	/* what was sent before the last loss still counts, before the one before it no more */
	cc_conn_lose(&c, &c.flow[1]);
	c.flow[1].cwnd = 10 * MSS;
	check_increase(&c, &c.flow[1], 1000.0 / 90000 + 0.5 / 10);
	cc_conn_lose(&c, &c.flow[1]);
	cc_conn_lose(&c, &c.flow[1]);
	c.flow[0].cwnd = 20 * MSS;
	c.flow[1].cwnd = 10 * MSS;
	check_increase(&c, &c.flow[0], 2000.0 / 90000);
}

/* The best path is the largest, too: alpha is 0. Rates 200 and 100. */
static void olia_without_a_shift(void **state)
{
	struct cc_conn c;

	(void)state;
	cc_conn_open(&c, "olia");
	cc_conn_add(&c, 20, 100);
	cc_conn_add(&c, 10, 100);
	cc_conn_ack(&c, &c.flow[0], 10);
	check_increase(&c, &c.flow[0], 2000.0 / 90000);
	c.flow[0].cwnd = 20 * MSS;
	c.flow[1].established = false;
	for (int i = 0; i < 5; i++)
		cc_conn_lose(&c, &c.flow[0]);
	assert_int_equal(c.flow[0].cwnd, 2 * MSS);
	c.flow[1].established = true;
	cc_conn_lose(&c, &c.flow[0]);
	assert_int_equal(c.flow[0].cwnd, MSS);
}

/* Rates 200 and 100, a is 1 and 2: 2000 / 300², and 1000 / 300² · 3/2 · 6/5. */
static void balia_is_its_draft(void **state)
{
	struct cc_conn c;

	(void)state;
	cc_conn_open(&c, "balia");
	cc_conn_add(&c, 20, 100);
	cc_conn_add(&c, 10, 100);
	check_increase(&c, &c.flow[0], 2000.0 / 90000);
	c.flow[0].cwnd = 20 * MSS;
	check_increase(&c, &c.flow[1], 1000.0 / 90000 * 1.5 * 1.2);
	c.flow[1].cwnd = 10 * MSS;
	cc_conn_lose(&c, &c.flow[1]); /* by 3/4 */
	assert_int_equal(c.flow[1].cwnd, 2500);
	c.flow[1].cwnd = 16 * MSS;
	cc_conn_lose(&c, &c.flow[1]); /* a is 20/16 = 1.25: by 5/8 */
	assert_int_equal(c.flow[1].cwnd, 6 * MSS);
	cc_conn_lose(&c, &c.flow[0]);
	assert_int_equal(c.flow[0].cwnd, 10 * MSS);
}

/* A path that holds `bdp` segments at 100 ms and queues what is beyond. */
static void run_queue(struct cc_conn *c, struct cc_flow *f, uint32_t bdp, int rounds)
{
	f->min_rtt_ns = 100 * NS_PER_MS;
	while (rounds--) {
		f->latest_rtt_ns = f->cwnd > bdp * MSS
				       ? (int64_t)((double)f->min_rtt_ns * f->cwnd / (bdp * MSS))
				       : f->min_rtt_ns;
		f->srtt_ns = f->latest_rtt_ns;
		cc_conn_run_ms(c, f, f->srtt_ns / NS_PER_MS);
	}
}

static void wvegas_queues_ten_segments(void **state)
{
	struct cc_conn c;
	struct cc_flow *f;

	(void)state;
	cc_conn_open(&c, "wvegas");
	f = cc_conn_add(&c, 10, 100);
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
	struct cc_conn c;

	(void)state;
	cc_conn_open(&c, "wvegas");
	cc_conn_add(&c, 10, 100);
	cc_conn_add(&c, 10, 100);
	for (int i = 0; i < 300; i++) {
		run_queue(&c, &c.flow[0], 50, 1);
		run_queue(&c, &c.flow[1], 50, 1);
	}
	assert_in_range(c.flow[0].cwnd, 53 * MSS, 58 * MSS);
	assert_in_range(c.flow[1].cwnd, 53 * MSS, 58 * MSS);
}

/* A sibling that has been silent for a second, or four round trips, counts no more: Reno's 1/20
 * instead of 20 / 30² and so on. */
static void waiting_siblings_do_not_count(void **state)
{
	static const char *const coupled[] = {"lia", "olia", "balia"};
	struct cc_conn c;

	(void)state;
	for (int i = 0; i < 3; i++) {
		int by;

		cc_conn_open(&c, coupled[i]);
		cc_conn_add(&c, 20, 100);
		cc_conn_add(&c, 10, 400);
		c.now_ns = 1600 * NS_PER_MS - 1;
		assert_true(cc_conn_acks_to_move(&c, &c.flow[0], &by) > 20);
		c.flow[0].cwnd = 20 * MSS;
		c.now_ns++;
		assert_int_equal(cc_conn_acks_to_move(&c, &c.flow[0], &by), 20);
		cc_conn_ack(&c, &c.flow[1], 1);
		c.flow[0].cwnd = 20 * MSS;
		assert_true(cc_conn_acks_to_move(&c, &c.flow[0], &by) > 20);
	}
}

/* Whatever happens to it, and whatever strangers are in its group: an established flow that is
 * alone behaves as Reno. */
static void alone_they_are_reno(void **state)
{
	static const char *const coupled[] = {"lia", "olia", "balia"};
	struct rng r = test_rng("cc_alone");
	struct cc_conn a, b;

	(void)state;
	for (int n = 0; n < 300; n++) {
		cc_conn_open(&a, coupled[n % 3]);
		cc_conn_open(&b, "reno");
		cc_conn_add(&a, 10, 100);
		cc_conn_add(&a, 10, 100)->established = false;
		cc_conn_add(&a, 10, 0);
		cc_conn_add(&a, 30, 100); /* idle */
		a.now_ns = NS_PER_S;
		cc_conn_add(&b, 10, 100);
		for (int i = 0; i < 500; i++) {
			uint32_t what = rng_below(&r, 100), octets = rng_below(&r, 3 * MSS);

			for (int side = 0; side < 2; side++) {
				struct cc_conn *c = side ? &b : &a;

				if (what == 0)
					cc_conn_time_out(c, &c->flow[0]);
				else if (what < 3)
					cc_conn_lose(c, &c->flow[0]);
				else
					cc_conn_ack(c, &c->flow[0], octets);
			}
			assert_int_equal(a.flow[0].cwnd, b.flow[0].cwnd);
			assert_int_equal(a.flow[0].ssthresh, b.flow[0].ssthresh);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lia_is_rfc_6356),
	    cmocka_unit_test(lia_is_never_faster_than_reno),
	    cmocka_unit_test(olia_shifts_to_the_better_path),
	    cmocka_unit_test(olia_without_a_shift),
	    cmocka_unit_test(balia_is_its_draft),
	    cmocka_unit_test(wvegas_queues_ten_segments),
	    cmocka_unit_test(wvegas_divides_the_ten),
	    cmocka_unit_test(waiting_siblings_do_not_count),
	    cmocka_unit_test(alone_they_are_reno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
