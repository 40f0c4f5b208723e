/* The path MTU shrinks, told or not; pieces are split and keep their mapping. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/tcp_pair.h"

/* counter: the MTU. */
static bool narrow(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		   const struct packet *p)
{
	(void)octets;
	if (pair->counter == 0 || len <= (pair->counter & 0xffff))
		return true;
	if (pair->counter >> 16)
		tcp_receive_too_big(&pair->end[from].tcp, p->tcp.seq, pair->counter & 0xffff);
	return false;
}

static void told(void **state)
{
	struct tcp_pair pair;
	int64_t start;
	uint32_t cwnd;

	(void)state;
	pair_init(&pair, 1);
	pair.filter = narrow;
	pair_connect(&pair);
	pair.end[0].to_send = 100000;
	pair_run(&pair, 45 * NS_PER_MS);
	pair.counter = 1 << 16 | 1000;
	start = pair.now_ns;
	cwnd = pair.end[0].tcp.flow.cwnd;
	assert_true(pair_settle(&pair, 10 * NS_PER_S));
	assert_true(pair_whole(&pair));
	assert_int_equal(pair.end[0].tcp.mss, 960);
	assert_int_equal(pair.end[0].tcp.stats.timeouts, 0);
	assert_true(pair.end[0].tcp.flow.cwnd >= cwnd);
	assert_true(pair.now_ns - start < NS_PER_S);
	pair_fini(&pair);
}

static void black_hole(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 2);
	pair.filter = narrow;
	pair_connect(&pair);
	pair.counter = 1000;
	pair.end[0].to_send = 100000;
	pair.end[0].option_octets = 20;
	assert_true(pair_settle(&pair, 10 * NS_PER_S));
	assert_true(pair_whole(&pair));
	assert_int_equal(pair.end[0].tcp.mss, 536);
	pair_fini(&pair);
}

/* A path that was down for a while is not a narrow one: the size is tried again, and passes. In a
 * real black hole it is tried again, fails, and is let be. */
static void path_down(void **state)
{
	struct tcp_pair pair;
	const struct tcp *t = &pair.end[0].tcp;

	(void)state;
	pair_init(&pair, 5);
	pair.filter = narrow;
	pair_connect(&pair);
	pair.end[0].to_send = 2000000;
	pair_run(&pair, 60 * NS_PER_MS);
	pair.counter = 1; /* nothing passes */
	pair_run(&pair, 4 * NS_PER_S);
	assert_int_equal(t->mss, 536);
	pair.counter = 0;
	assert_true(pair_settle(&pair, 20 * NS_PER_S));
	assert_int_equal(t->mss, 1460);
	assert_int_equal(t->mss_before, 0);

	pair.counter = 1000;
	for (unsigned i = 0; i < 3; i++) {
		pair.end[0].to_send += 300000;
		assert_true(pair_settle(&pair, 20 * NS_PER_S));
	}
	assert_int_equal(t->mss, 536);
	assert_true(t->mss_retry_ns > pair.now_ns);
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* Never under 536, never for a quote of what is not in flight, never larger. */
static void bogus(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;

	(void)state;
	pair_init(&pair, 3);
	pair_connect(&pair);
	pair.end[0].to_send = 20000;
	pair_run(&pair, 5 * NS_PER_MS);
	tcp_receive_too_big(t, t->snd_nxt, 600);
	tcp_receive_too_big(t, t->snd_una - 1, 600);
	tcp_receive_too_big(t, t->snd_una, 1600);
	assert_int_equal(t->mss, 1460);
	tcp_receive_too_big(t, t->snd_una, 0);
	assert_int_equal(t->mss, 536);
	assert_true(pair_settle(&pair, NS_PER_S));
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* Parts of one piece have its mapping, and say how far into it they are. */
static void parts_keep_mapping(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;
	const struct tcp_piece *piece;
	uint64_t octets = 0;

	(void)state;
	pair_init(&pair, 4);
	pair_connect(&pair);
	pair.end[0].to_send = 10000;
	pair_run(&pair, 5 * NS_PER_MS);
	tcp_receive_too_big(t, t->snd_una, 576);
	for (size_t i = 0; (piece = tcp_unacked(t, i)); i++) {
		assert_true(piece->len <= tcp_payload_max(t, 28));
		assert_int_equal(piece->mapping.dsn + piece->skip, octets);
		assert_int_equal(piece->mapping.ssn + piece->skip, octets + 1);
		octets += piece->len;
	}
	assert_int_equal(octets, 10000);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(told),
	    cmocka_unit_test(black_hole),
	    cmocka_unit_test(path_down),
	    cmocka_unit_test(bogus),
	    cmocka_unit_test(parts_keep_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
