/* Recovery to the letter: RFC 6675, 6582, 8985. How soon, how much, and what is not done. */
#include "support/cmocka_all.h"
#include "support/tcp_pair.h"

#define MS NS_PER_MS

/* What is done to data segments of end 0 by their number of transmission, from 0. */
struct plan {
	uint64_t lose;	/* a bit each */
	int late;	/* this one takes so much longer; -1: none */
	int64_t by_ns;	/* … as this */
	uint32_t watch; /* relative sequence number: when was it sent again? */
	int64_t again_ns, acked_ns;
};

static struct plan plan;

static bool act(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		const struct packet *p)
{
	uint64_t n = pair->counter;

	(void)octets;
	(void)len;
	pair->link.delay_ns = 10 * MS;
	if (from == 1 && !plan.acked_ns && tcp_option_find(&p->tcp.options, TCP_OPT_SACK, -1))
		plan.acked_ns = pair->now_ns + pair->link.delay_ns;
	if (from == 1 || !p->payload.len)
		return true;
	pair->counter++;
	if (p->tcp.seq - pair->end[0].tcp.iss == plan.watch && n > 60)
		plan.again_ns = pair->now_ns;
	if ((int)n == plan.late)
		pair->link.delay_ns += plan.by_ns;
	return n >= 64 || !(plan.lose >> n & 1);
}

/* Segments of 1000 octets, a round trip of 20 ms; established, and nothing sent yet. */
static struct tcp *begin(struct tcp_pair *pair, uint64_t lose)
{
	plan = (struct plan){.lose = lose, .late = -1};
	pair_init(pair, 1);
	pair->filter = act;
	pair->config[0].mss = pair->config[1].mss = 1012;
	pair->end[0].piece_max = 1000;
	return &pair->end[0].tcp;
}

static int64_t transfer(struct tcp_pair *pair, uint64_t octets)
{
	int64_t start;

	pair_connect(pair);
	start = pair->now_ns;
	pair->end[0].to_send = octets;
	assert_true(pair_settle(pair, 60 * NS_PER_S));
	assert_true(pair_whole(pair));
	return pair->now_ns - start;
}

/* RFC 8985 §7.4.2: what the probe alone repaired was a loss all the same, as the next ACK tells: of
 * a tail that was there already there would be a second one first. */
static void a_probe_that_repairs_is_no_free_pass(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, 1 << 9);
	transfer(&pair, 10000);
	assert_int_equal(t->stats.tlps, 1);
	assert_true(t->flow.ssthresh == UINT32_MAX);
	pair.end[0].to_send += 1000;
	assert_true(pair_settle(&pair, NS_PER_S));
	assert_int_equal(t->stats.timeouts + t->stats.fast_recoveries, 0);
	assert_true(t->flow.ssthresh < 20000);
	pair_fini(&pair);
}

/* §7.2: the ACK of a lone segment may be delayed; it is not asked for sooner than that. */
static void a_delayed_ack_is_no_lost_tail(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, 0);
	pair.config[1].delayed_ack_ns = 150 * MS;
	transfer(&pair, 100000); /* beyond the quick ACKs */
	pair.end[0].to_send += 500;
	assert_true(pair_settle(&pair, NS_PER_S));
	assert_int_equal(t->stats.tlps, 0);
	assert_int_equal(t->stats.retransmitted_segments, 0);
	pair_fini(&pair);
}

/* §6.2: one SACK is not enough to tell loss from reordering; a quarter of a round trip is. */
static void a_timer_ends_the_doubt(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;
	int64_t took;

	(void)state;
	t = begin(&pair, 1 << 20);
	transfer(&pair, 20000);
	took = pair.now_ns;
	pair.end[0].to_send += 2000;
	assert_true(pair_settle(&pair, NS_PER_S));
	took = pair.now_ns - took;
	assert_int_equal(t->stats.timeouts + t->stats.tlps, 0);
	assert_int_equal(t->stats.retransmitted_segments, 1);
	assert_in_range(took, 40 * MS, 60 * MS);
	pair_fini(&pair);
}

/* §6.2 step 2: an ACK that is there sooner than any round trip is the original's. */
static void the_original_arrives_after_all(void **state)
{
	struct tcp_pair pair;
	struct tcp *t;

	(void)state;
	t = begin(&pair, 0);
	pair.config[0].timestamps = false;
	pair.link.rate = 2000000;
	plan.late = 60;
	plan.by_ns = 15 * MS;
	transfer(&pair, 200000);
	assert_int_equal(t->stats.retransmitted_segments, 1);
	assert_int_equal(t->stats.timeouts, 0);
	pair_fini(&pair);
}

/* RFC 6675 §5 (4.3): the first goes whatever the reduced window says. ACKs come a millisecond
 * apart, and twenty-odd of them would have to, until it does. */
static void the_first_retransmission_does_not_wait(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 0);
	pair.link.rate = 1100000;
	plan.lose = UINT64_C(1) << 60;
	plan.watch = 60001;
	transfer(&pair, 200000);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 1);
	assert_true(plan.again_ns - plan.acked_ns < 8 * MS);
	pair_fini(&pair);
}

/* RFC 5681 §3.2: without SACK a loss takes three duplicates; two are reordering. */
static void two_duplicates_are_not_three(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 0);
	pair.config[0].sack = false;
	pair.link.rate = 1100000;
	plan.late = 20;
	plan.by_ns = 2500 * NS_PER_US;
	transfer(&pair, 60000);
	assert_int_equal(pair.end[1].tcp.stats.out_of_order, 2);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 0);
	pair_fini(&pair);

	begin(&pair, 0);
	pair.config[0].sack = false;
	pair.link.rate = 1100000;
	plan.late = 20;
	plan.by_ns = 3500 * NS_PER_US;
	transfer(&pair, 60000);
	assert_true(pair.end[0].tcp.stats.retransmitted_segments > 0);
	assert_int_equal(pair.end[0].tcp.stats.fast_recoveries, 1);
	pair_fini(&pair);
}

/* RFC 5681 §4.2: what fills a hole is acknowledged at once, for the sender waits for it. */
static void a_filled_hole_is_acknowledged_at_once(void **state)
{
	struct tcp_pair pair;
	struct tcp *to = &pair.end[1].tcp;
	uint64_t before;

	(void)state;
	begin(&pair, 0);
	pair.config[0].timestamps = false;
	transfer(&pair, 100000); /* beyond the quick ACKs */
	to->quick_acks = 0;
	before = pair.packets[1];
	pair_forge(&pair, 1, TCP_ACK, to->rcv_nxt + 10, to->snd_nxt, span_of("behind", 6));
	assert_int_equal(pair.packets[1], before + 1);
	pair_forge(&pair, 1, TCP_ACK, to->rcv_nxt, to->snd_nxt, span_of("the hole..", 10));
	assert_int_equal(pair.packets[1], before + 2);
	pair_forge(&pair, 1, TCP_ACK, to->rcv_nxt, to->snd_nxt, span_of("in order", 8));
	assert_int_equal(pair.packets[1], before + 2);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_probe_that_repairs_is_no_free_pass),
	    cmocka_unit_test(a_delayed_ack_is_no_lost_tail),
	    cmocka_unit_test(a_timer_ends_the_doubt),
	    cmocka_unit_test(the_original_arrives_after_all),
	    cmocka_unit_test(the_first_retransmission_does_not_wait),
	    cmocka_unit_test(two_duplicates_are_not_three),
	    cmocka_unit_test(a_filled_hole_is_acknowledged_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
