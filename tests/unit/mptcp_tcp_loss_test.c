/* Losses and what repairs them, and how soon. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/tcp_pair.h"
#include "util/octets.h"

/* Loses data segments of the first end by number of transmission, counting from 0: those whose
 * bit is set in lost[]. */
static uint64_t lost[4];

static bool lose_data(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		      const struct packet *p)
{
	uint64_t number = pair->counter;

	(void)octets;
	(void)len;
	if (from != 0 || p->payload.len == 0)
		return true;
	pair->counter++;
	return number >= 256 || !(lost[number / 64] >> number % 64 & 1);
}

static void begin(struct tcp_pair *pair, uint64_t first64)
{
	memset(lost, 0, sizeof(lost));
	lost[0] = first64;
	pair_init(pair, 1);
	pair->filter = lose_data;
	pair->config[0].mss = pair->config[1].mss = 1012; /* 1000 octets of payload */
}

static int64_t transfer(struct tcp_pair *pair, uint64_t octets)
{
	int64_t start;

	pair_connect(pair);
	start = pair->now_ns;
	pair->end[0].to_send = octets;
	assert_true(pair_settle(pair, 300 * NS_PER_S));
	assert_true(pair_whole(pair));
	return pair->now_ns - start;
}

/* Half of a segment is acknowledged (a box has split it): the other half alone is sent again. It is
 * short enough for a queue that has no room for the pieces of the whole. */
static void half_acknowledged(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;
	uint32_t una;

	(void)state;
	begin(&pair, 0x1);
	pair_connect(&pair);
	una = t->snd_una;
	pair.end[0].to_send = 1000;
	pair_feed(&pair.end[0]);
	pair_run(&pair, NS_PER_MS);
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt, una + 400, span_of(NULL, 0));
	assert_int_equal(t->snd_una, una + 400);
	pair_run(&pair, 300 * NS_PER_MS);
	assert_int_equal(t->stats.retransmitted_octets, 600);
	pair_fini(&pair);
}

/* One of many: repaired in a round trip or so, by one retransmission. */
static void single(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 1 << 12);
	transfer(&pair, 60000);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 1);
	assert_int_equal(pair.end[0].tcp.stats.fast_recoveries, 1);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	pair_fini(&pair);
}

static void burst(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 0x3fc00);
	transfer(&pair, 60000);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 8);
	assert_int_equal(pair.end[0].tcp.stats.fast_recoveries, 1);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	pair_fini(&pair);
}

/* Every other one: SACK says exactly which. */
static void comb(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 0x15555000);
	transfer(&pair, 100000);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 9);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	pair_fini(&pair);
}

/* Without SACK: NewReno, a hole a round trip. */
static void without_sack(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 1 << 12 | 1 << 15);
	pair.config[0].sack = false;
	transfer(&pair, 60000);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 2);
	assert_int_equal(pair.end[0].tcp.stats.fast_recoveries, 1);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	pair_fini(&pair);
}

/* The last segments: a tail loss probe, well before the time-out, and the window learns of it. */
static void tail(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 3 << 8);
	assert_true(transfer(&pair, 10000) < 150 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.stats.tlps, 1);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	pair_fini(&pair);
}

/* The probe is lost too: the time-out does it. */
static void tail_and_probe(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 7 << 8);
	transfer(&pair, 10000);
	assert_int_equal(pair.end[0].tcp.stats.tlps, 1);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 1);
	assert_int_equal(pair.end[0].events[TCP_EVENT_TIMEOUT], 1);
	pair_fini(&pair);
}

/* The retransmission is lost: RACK sees later ones arrive, and needs no time-out. */
static bool lose_twice(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		       const struct packet *p)
{
	uint32_t at = p->tcp.seq - pair->end[0].tcp.iss;

	(void)octets;
	(void)len;
	return from != 0 || at != 12001 || pair->counter++ >= 2;
}

static void lost_again(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 0);
	pair.filter = lose_twice;
	transfer(&pair, 200000);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 2);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	assert_int_equal(pair.end[0].tcp.stats.fast_recoveries, 1);
	pair_fini(&pair);
}

static bool lose_acks(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		      const struct packet *p)
{
	(void)octets;
	(void)len;
	return from == 0 || (p->tcp.flags & TCP_SYN) || pair->counter++ % 4 == 0;
}

/* Three of four ACKs are lost: nothing is sent twice, but perhaps the last. */
static void acks(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 0);
	pair.filter = lose_acks;
	transfer(&pair, 500000);
	assert_true(pair.end[0].tcp.stats.retransmitted_segments <= 4);
	assert_int_equal(pair.end[0].tcp.stats.fast_recoveries, 0);
	pair_fini(&pair);
}

/* Reordering within a quarter of the round trip: nearly nothing is sent twice, and D-SACKs teach
 * patience where it is worse. */
static void reordering(void **state)
{
	struct tcp_pair pair;
	uint64_t again;

	(void)state;
	begin(&pair, 0);
	pair.link.jitter_ns = 4 * NS_PER_MS;
	transfer(&pair, 3000000);
	assert_true(pair.end[1].tcp.stats.out_of_order > 500);
	assert_true(pair.end[0].tcp.rack.reordering);
	assert_true(pair.end[0].tcp.stats.retransmitted_segments < 60);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	pair_fini(&pair);

	begin(&pair, 0);
	pair.link.jitter_ns = 25 * NS_PER_MS;
	transfer(&pair, 3000000);
	again = pair.end[0].tcp.stats.retransmitted_segments;
	assert_true(pair.end[0].tcp.rack.window_mult > 1);
	assert_true(again < 300);
	pair_fini(&pair);
}

/* A box rewrote numbers, but not those in SACK blocks (RFC 8041 §2.2): no stall, NewReno. */
static bool shift_sack(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		       const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_SACK, -1);

	if (from == 1 && o) {
		uint8_t *at = octets + (o->at - octets);

		for (unsigned i = 2; i < o->len; i += 4)
			store_u32(at + i, load_u32(at + i) + 0x40000000);
		packet_fix_checksums(octets, len);
	}
	return lose_data(pair, from, octets, len, p);
}

static void untranslated_sack(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 1 << 12 | 1 << 15 | 1 << 20);
	pair.filter = shift_sack;
	assert_true(transfer(&pair, 200000) < 2 * NS_PER_S);
	assert_true(pair.end[0].tcp.stats.invalid_sacks > 0);
	assert_true(pair.end[0].tcp.stats.fast_recoveries > 0);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	pair_fini(&pair);
}

/* The path stands still for 400 ms, losing nothing: the echoed stamps tell that the time-out was
 * for nothing. */
static bool stand_still(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			const struct packet *p)
{
	int64_t from_ns = 1200 * NS_PER_MS, to_ns = 1600 * NS_PER_MS;
	bool still = from == 0 && pair->now_ns > from_ns && pair->now_ns < to_ns;

	(void)octets;
	(void)len;
	(void)p;
	if (pair->end[0].tcp.stats.spurious_timeouts && !pair->counter)
		pair->counter = pair->end[0].tcp.flow.cwnd;
	pair->link.delay_ns = (still ? to_ns - pair->now_ns : 0) + 10 * NS_PER_MS;
	return true;
}

static void spurious(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 0);
	pair.filter = stand_still;
	pair.end[0].piece_max = 1000;
	pair_connect(&pair);
	for (unsigned i = 0; i < 50; i++) {
		pair.end[0].to_send += 5000;
		pair_run(&pair, 20 * NS_PER_MS);
	}
	assert_true(pair_settle(&pair, 10 * NS_PER_S));
	assert_true(pair_whole(&pair));
	assert_true(pair.end[0].tcp.stats.timeouts > 0);
	assert_int_equal(pair.end[0].tcp.stats.spurious_timeouts, 1);
	assert_true(pair.counter >= 10 * 1000); /* the window, as it was before */
	assert_true(pair.end[0].tcp.flow.ssthresh == UINT32_MAX);
	pair_fini(&pair);
}

static bool mark_once(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		      const struct packet *p)
{
	if (from == 0 && p->payload.len) {
		assert_int_equal(p->ip.ecn, 2);
		if (pair->counter++ == 10)
			octets[1] |= 3;
		if (p->tcp.flags & TCP_CWR)
			pair->end[0].unread++; /* how often */
	} else {
		assert_int_equal(p->ip.ecn, 0);
	}
	packet_fix_checksums(octets, len);
	return true;
}

/* ECN: negotiated, a mark echoed until CWR, one reduction. */
static void congestion_mark(void **state)
{
	struct tcp_pair pair;
	uint32_t least;

	(void)state;
	begin(&pair, 0);
	pair.filter = mark_once;
	pair.config[0].ecn = pair.config[1].ecn = true;
	transfer(&pair, 100000);
	least = pair.end[0].tcp.flow.ssthresh;
	assert_true(pair.end[0].tcp.ecn_on && pair.end[1].tcp.ecn_on);
	assert_int_equal(pair.end[0].tcp.stats.ecn_marks, 1);
	assert_int_equal(pair.end[0].unread, 1);
	assert_true(least < 30000);
	assert_false(pair.end[1].tcp.ecn_echo);
	assert_int_equal(pair.end[0].tcp.stats.retransmitted_segments, 0);
	pair_fini(&pair);
}

/* After a silence no window's worth leaves at once (RFC 5681 §4.1). */
static void after_silence(void **state)
{
	struct tcp_pair pair;
	uint64_t before;

	(void)state;
	begin(&pair, 0);
	transfer(&pair, 100000);
	assert_true(pair.end[0].tcp.flow.cwnd > 30000);
	pair_run(&pair, 5 * NS_PER_S);
	before = pair.packets[0];
	pair.end[0].to_send += 100000;
	pair_run(&pair, 15 * NS_PER_MS);
	assert_true(pair.packets[0] - before <= 30);
	assert_true(pair.end[0].tcp.flow.cwnd < 30000);
	assert_true(pair_settle(&pair, NS_PER_S));
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* A bottleneck: the queue overflows, and is used to the full all the same. */
static void bottleneck(void **state)
{
	struct tcp_pair pair;
	int64_t took;

	(void)state;
	begin(&pair, 0);
	pair.link.rate = 1250000;
	pair.link.queue = 30000;
	took = transfer(&pair, 10000000);
	assert_true(took < 12 * NS_PER_S);
	assert_true(pair.end[0].tcp.stats.timeouts <= 1);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(half_acknowledged),
	    cmocka_unit_test(single),
	    cmocka_unit_test(burst),
	    cmocka_unit_test(comb),
	    cmocka_unit_test(without_sack),
	    cmocka_unit_test(tail),
	    cmocka_unit_test(tail_and_probe),
	    cmocka_unit_test(lost_again),
	    cmocka_unit_test(acks),
	    cmocka_unit_test(reordering),
	    cmocka_unit_test(untranslated_sack),
	    cmocka_unit_test(spurious),
	    cmocka_unit_test(congestion_mark),
	    cmocka_unit_test(bottleneck),
	    cmocka_unit_test(after_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
