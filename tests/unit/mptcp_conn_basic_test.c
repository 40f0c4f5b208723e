/* Connections between two of our endpoints: the stream, the summary, the end. */
#include "support/cmocka_all.h"
#include "support/endpoint_pair.h"

static void transfer(struct duo *p, uint64_t up, uint64_t down)
{
	p->side[CLIENT].to_send = up;
	p->side[SERVER].to_send = down;
	duo_start(p);
	assert_true(duo_run(p, 120 * NS_PER_S));
	assert_true(duo_complete(p));
}

static void test_exchange(void **state)
{
	struct duo p;

	(void)state;
	for (uint8_t version = 0; version < 2; version++) {
		for (int checksum = 0; checksum < 2; checksum++) {
			duo_init(&p, 1);
			p.config[CLIENT].version = p.config[SERVER].version = version;
			p.config[SERVER].checksum = checksum;
			transfer(&p, 300000, 500000);
			for (int s = 0; s < 2; s++) {
				struct conn_info info = duo_info(&p, s);

				assert_int_equal(info.outcome, OUTCOME_MPTCP);
				assert_int_equal(info.version, version);
				assert_int_equal(info.checksum, checksum);
				assert_int_equal(info.subflow_count, 1);
				assert_int_equal(info.sent, p.side[s].to_send);
				assert_int_equal(info.received, p.side[!s].to_send);
			}
			duo_fini(&p);
		}
	}
}

static void test_nothing_to_say(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 2);
	transfer(&p, 0, 0);
	assert_int_equal(duo_info(&p, CLIENT).outcome, OUTCOME_MPTCP);
	assert_int_equal(duo_info(&p, SERVER).outcome, OUTCOME_MPTCP);
	duo_fini(&p);
}

static void test_one_way(void **state)
{
	struct duo p;

	(void)state;
	for (int way = 0; way < 2; way++) {
		duo_init(&p, 3);
		transfer(&p, way ? 0 : 1000000, way ? 1000000 : 0);
		assert_int_equal(duo_info(&p, CLIENT).outcome, OUTCOME_MPTCP);
		duo_fini(&p);
	}
}

static void test_two_paths(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 4);
	duo_addresses(&p, 2, 1);
	p.path[0].rate = p.path[1].rate = 1250000;
	p.path[0].queue = p.path[1].queue = 64000;
	transfer(&p, 3000000, 0);
	struct conn_info info = duo_info(&p, CLIENT);

	assert_int_equal(info.subflow_count, 2);
	assert_true(info.subflow[1].joined);
	assert_true(info.subflow[0].stats.sent_octets > 500000);
	assert_true(info.subflow[1].stats.sent_octets > 500000);
	duo_fini(&p);
}

static void test_plain(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 5);
	p.config[SERVER].version = 255;
	transfer(&p, 100000, 100000);
	assert_int_equal(duo_info(&p, CLIENT).outcome, OUTCOME_FALLBACK);
	assert_int_equal(duo_info(&p, CLIENT).fallback_stage, FALLBACK_SYN_ACK);
	assert_int_equal(duo_info(&p, CLIENT).fallback_reason, FALLBACK_BECAUSE_NO_CAPABLE);
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exchange), cmocka_unit_test(test_nothing_to_say),
	    cmocka_unit_test(test_one_way),  cmocka_unit_test(test_two_paths),
	    cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
