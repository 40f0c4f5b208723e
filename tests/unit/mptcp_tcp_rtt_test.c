/* Round-trip times and the retransmission timer (RFC 6298, RFC 7323 §4). */
#include "mptcp/tcp_parts.h"
#include "support/cmocka_all.h"
#include "support/tcp_pair.h"

#define MS NS_PER_MS

/* §2: samples of R = 100 ms, then 200, then 200, then 40, and the least RTO of 200. */
static void the_formula(void **state)
{
	static const struct {
		double rtt, srtt, rttvar, rto; /* ms */
	} row[] = {
	    {100, 100, 50, 300},
	    {200, 112.5, 62.5, 362.5},
	    {200, 123.4375, 68.75, 398.4375},
	    {40, 113.0078125, 72.421875, 402.6953125},
	};
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;

	(void)state;
	pair_init(&pair, 1);
	pair_connect(&pair);
	t->srtt_ns = t->rttvar_ns = 0;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		tcp_rtt_sample(t, (int64_t)(row[i].rtt * MS));
		assert_int_equal(t->srtt_ns / 1000, (int64_t)(row[i].srtt * MS) / 1000);
		assert_int_equal(t->rttvar_ns / 1000, (int64_t)(row[i].rttvar * MS) / 1000);
		assert_int_equal(t->rto_ns / 1000, (int64_t)(row[i].rto * MS) / 1000);
	}
	for (unsigned i = 0; i < 100; i++)
		tcp_rtt_sample(t, 10 * MS);
	assert_int_equal(t->rto_ns, 200 * MS);
	pair_fini(&pair);
}

/* Loses all data from the `counter`-th segment on. */
static bool lose_later(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		       const struct packet *p)
{
	(void)octets;
	(void)len;
	if (from != 0 || p->payload.len == 0)
		return true;
	if (pair->counter == 0)
		return false;
	pair->counter--;
	return true;
}

/* §5.5: twice as long each time, up to the maximum; §5.7: an ACK of something new ends that. */
static void backing_off(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;
	int64_t due[] = {200, 600, 1400, 2900, 4400, 5900}; /* ms after it was sent */
	int64_t start;

	(void)state;
	pair_init(&pair, 1);
	pair.config[0].sack = false; /* no probe of the tail */
	pair.config[0].rto_max_ns = 1500 * MS;
	pair.filter = lose_later;
	pair.counter = 5;
	pair_connect(&pair);
	pair.end[0].to_send = 5 * 1000;
	pair.end[0].piece_max = 1000;
	assert_true(pair_settle(&pair, NS_PER_S));
	start = pair.now_ns;
	pair.counter = 0;
	pair.end[0].to_send += 100;
	for (size_t i = 0; i < sizeof(due) / sizeof(*due); i++) {
		pair_run(&pair, start + (due[i] - 1) * MS - pair.now_ns);
		assert_int_equal(t->stats.timeouts, i);
		pair_run(&pair, 2 * MS);
		assert_int_equal(t->stats.timeouts, i + 1);
	}
	pair.counter = 1000;
	pair_run(&pair, 1600 * MS);
	assert_true(pair_whole(&pair));
	assert_int_equal(tcp_rto_ns(t), 200 * MS);
	pair_fini(&pair);
}

/* The first two transmissions of data take 300 ms longer than all else: the second is sent before
 * the first's ACK is there, and of which is that ACK? */
static bool slow_once(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		      const struct packet *p)
{
	(void)octets;
	(void)len;
	pair->link.delay_ns = 10 * MS;
	if (from == 0 && p->payload.len && pair->counter++ < 2)
		pair->link.delay_ns = 310 * MS;
	return true;
}

/* §3, Karn: without timestamps nobody knows, and nothing is learned. With them the echo tells. */
static void ambiguous_samples(void **state)
{
	(void)state;
	for (unsigned stamps = 0; stamps < 2; stamps++) {
		struct tcp_pair pair;
		struct tcp *t = &pair.end[0].tcp;
		int64_t before;

		pair_init(&pair, 1);
		pair.config[0].sack = false;
		pair.config[0].timestamps = stamps;
		pair.filter = slow_once;
		pair_connect(&pair);
		before = t->srtt_ns;
		pair.end[0].to_send = 100;
		pair_run(&pair, 500 * MS);
		assert_int_equal(t->stats.timeouts, 1);
		assert_true(pair_whole(&pair));
		if (stamps)
			assert_true(t->srtt_ns > before + 30 * MS);
		else
			assert_int_equal(t->srtt_ns, before);
		pair_fini(&pair);
	}
}

static bool lose_tenth(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		       const struct packet *p)
{
	(void)octets;
	(void)len;
	return from != 0 || p->payload.len == 0 || pair->counter++ != 10;
}

/* What waited behind a hole was there long before its ACK. */
static void holes_do_not_lengthen_the_path(void **state)
{
	int64_t srtt[2];

	(void)state;
	for (unsigned hole = 0; hole < 2; hole++) {
		struct tcp_pair pair;

		pair_init(&pair, 1);
		pair.config[0].sack = pair.config[0].timestamps = false;
		pair.config[1].delayed_ack_ns = 1;
		pair.filter = hole ? lose_tenth : NULL;
		pair.end[0].to_send = 100000;
		pair_connect(&pair);
		assert_true(pair_settle(&pair, 10 * NS_PER_S));
		assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, hole);
		srtt[hole] = pair.end[0].tcp.srtt_ns;
		pair_fini(&pair);
	}
	assert_in_range(srtt[1], srtt[0] - 100, srtt[0] + 100);
}

static bool lose_syn(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		     const struct packet *p)
{
	(void)octets;
	(void)len;
	if (from == 0 && p->tcp.flags & TCP_SYN)
		return pair->counter++ != 0;
	return from != 0 || p->payload.len == 0 || pair->counter++ != 2;
}

/* §5.7: of a handshake that timed out nothing is known, and data wait three seconds. */
static void a_lost_syn_makes_careful(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;

	(void)state;
	pair_init(&pair, 1);
	pair.config[0].timestamps = false;
	pair.filter = lose_syn;
	pair.end[0].to_send = 100;
	pair_connect(&pair);
	pair_run(&pair, 3900 * MS); /* a second for the SYN */
	assert_int_equal(t->stats.timeouts, 0);
	pair_run(&pair, 200 * MS);
	assert_int_equal(t->stats.timeouts, 1);
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_formula),
	    cmocka_unit_test(backing_off),
	    cmocka_unit_test(ambiguous_samples),
	    cmocka_unit_test(holes_do_not_lengthen_the_path),
	    cmocka_unit_test(a_lost_syn_makes_careful),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
