/* Handshakes: both families, options and their absence, simultaneous, losses, cookies. */
#include "support/cmocka_all.h"
#include "support/tcp_pair.h"
#include "util/octets.h"

static void transfers(struct tcp_pair *pair, uint64_t octets)
{
	pair->end[0].to_send += octets;
	pair->end[1].to_send += octets;
	assert_true(pair_settle(pair, 60 * NS_PER_S));
	assert_true(pair_whole(pair));
}

static void opens(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 1);
	pair_connect(&pair);
	for (unsigned i = 0; i < 2; i++) {
		const struct tcp *t = &pair.end[i].tcp;

		assert_int_equal(t->state, TCP_ESTABLISHED);
		assert_true(t->timestamps_on && t->sack_on && t->wscale_on && !t->ecn_on);
		assert_int_equal(t->mss, 1460);
		assert_int_equal(pair.end[i].events[TCP_EVENT_CONNECTED], 1);
		assert_int_equal(pair.end[i].group.count, 1);
	}
	assert_int_equal(pair.packets[0], 2);
	assert_int_equal(pair.packets[1], 1);
	assert_int_equal(pair.end[0].tcp.srtt_ns, 20 * NS_PER_MS);
	transfers(&pair, 200000);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
