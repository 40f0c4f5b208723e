/* Every order in which two ends can close. */
#include "support/cmocka_all.h"
#include "support/tcp_pair.h"

static void active_close(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 1);
	pair.end[0].to_send = 5000;
	pair_connect(&pair);
	pair.end[0].shut_when_sent = true;
	pair_run(&pair, 100 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_FIN_WAIT_2);
	assert_int_equal(pair.end[1].tcp.state, TCP_CLOSE_WAIT);
	assert_int_equal(pair.end[1].events[TCP_EVENT_FIN], 1);

	pair.end[1].to_send = 300000; /* half-closed, the other direction goes on */
	assert_true(pair_settle(&pair, 10 * NS_PER_S));
	assert_true(pair_whole(&pair));

	pair.end[1].shut_when_sent = true;
	pair_run(&pair, 100 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_TIME_WAIT);
	assert_int_equal(pair.end[1].tcp.state, TCP_CLOSED);
	assert_int_equal(pair.end[1].events[TCP_EVENT_CLOSED], 1);
	assert_int_equal(pair.end[0].events[TCP_EVENT_FIN], 1);
	assert_int_equal(pair.end[0].group.count, 0);
	pair_run(&pair, 61 * NS_PER_S);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSED);
	assert_int_equal(pair.end[0].events[TCP_EVENT_CLOSED], 1);
	assert_true(tcp_expiry_ns(&pair.end[0].tcp) == TIME_NEVER);
	pair_fini(&pair);
}

static void simultaneous_close(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 2);
	pair_connect(&pair);
	pair.end[0].shut_when_sent = pair.end[1].shut_when_sent = true;
	pair_run(&pair, 5 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_FIN_WAIT_1);
	assert_int_equal(pair.end[1].tcp.state, TCP_FIN_WAIT_1);
	pair_run(&pair, 10 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSING);
	assert_int_equal(pair.end[1].tcp.state, TCP_CLOSING);
	pair_run(&pair, 10 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_TIME_WAIT);
	assert_int_equal(pair.end[1].tcp.state, TCP_TIME_WAIT);
	pair_fini(&pair);
}

static bool drop_last_ack(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			  const struct packet *p)
{
	(void)octets;
	(void)len;
	(void)p;
	return !(from == 0 && pair->end[0].tcp.state == TCP_TIME_WAIT && pair->counter++ == 0);
}

/* The ACK of the last FIN is lost: TIME-WAIT answers the repeated FIN, and starts anew. */
static void time_wait_answers(void **state)
{
	struct tcp_pair pair;
	int64_t until;

	(void)state;
	pair_init(&pair, 3);
	pair.filter = drop_last_ack;
	pair_connect(&pair);
	pair.end[0].shut_when_sent = true;
	pair_run(&pair, 100 * NS_PER_MS);
	pair.end[1].shut_when_sent = true;
	pair_run(&pair, 40 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_TIME_WAIT);
	assert_int_equal(pair.end[1].tcp.state, TCP_LAST_ACK);
	until = tcp_expiry_ns(&pair.end[0].tcp);
	pair_run(&pair, NS_PER_S);
	assert_int_equal(pair.end[1].tcp.state, TCP_CLOSED);
	assert_true(tcp_expiry_ns(&pair.end[0].tcp) > until);
	pair_fini(&pair);
}

/* RFC 1337: a stray RST does not end TIME-WAIT. */
static void time_wait_outlives_a_reset(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;

	(void)state;
	pair_init(&pair, 3);
	pair.end[0].shut_when_sent = pair.end[1].shut_when_sent = true;
	pair_connect(&pair);
	pair_run(&pair, 100 * NS_PER_MS);
	assert_int_equal(t->state, TCP_TIME_WAIT);
	pair_forge(&pair, 0, TCP_RST, t->rcv_nxt, 0, span_of(NULL, 0));
	assert_int_equal(t->state, TCP_TIME_WAIT);
	pair_run(&pair, 61 * NS_PER_S);
	assert_int_equal(t->state, TCP_CLOSED);
	assert_int_equal(pair.end[0].events[TCP_EVENT_RESET], 0);
	pair_fini(&pair);
}

static void fin_with_data_both(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 4);
	pair.end[0].to_send = pair.end[1].to_send = 100001;
	pair.end[0].shut_when_sent = pair.end[1].shut_when_sent = true;
	pair_open(&pair);
	assert_true(pair_settle(&pair, 20 * NS_PER_S));
	assert_true(pair_whole(&pair));
	assert_int_equal(pair.end[0].events[TCP_EVENT_FIN], 1);
	assert_int_equal(pair.end[1].events[TCP_EVENT_FIN], 1);
	pair_fini(&pair);
}

static void shutdown_before_open(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 5);
	pair_open(&pair);
	tcp_shutdown(&pair.end[0].tcp);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSED);
	assert_int_equal(pair.end[0].events[TCP_EVENT_CLOSED], 1);
	pair_fini(&pair);
}

/* In SYN-RECEIVED the FIN waits for the handshake. */
static void shutdown_half_open(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 6);
	pair_open(&pair);
	pair_run(&pair, 12 * NS_PER_MS);
	assert_int_equal(pair.end[1].tcp.state, TCP_SYN_RECEIVED);
	tcp_shutdown(&pair.end[1].tcp);
	pair_run(&pair, 40 * NS_PER_MS);
	assert_int_equal(pair.end[1].tcp.state, TCP_FIN_WAIT_2);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSE_WAIT);
	pair_fini(&pair);
}

static void abort_resets(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 7);
	pair.end[0].to_send = 1000000;
	pair_connect(&pair);
	pair_run(&pair, 15 * NS_PER_MS);
	tcp_abort(&pair.end[0].tcp);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSED);
	assert_non_null(tcp_unacked(&pair.end[0].tcp, 0));
	assert_int_equal(pair.end[0].events[TCP_EVENT_CLOSED], 0);
	pair_run(&pair, 50 * NS_PER_MS);
	assert_int_equal(pair.end[0].events[TCP_EVENT_CLOSED], 1);
	assert_int_equal(pair.end[1].events[TCP_EVENT_RESET], 1);
	assert_int_equal(pair.end[1].events[TCP_EVENT_CLOSED], 1);
	pair_fini(&pair);
}

static bool cut_off(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		    const struct packet *p)
{
	(void)from;
	(void)octets;
	(void)len;
	(void)p;
	return pair->counter == 0;
}

/* The peer is gone: 15 time-outs, then it is given up. */
static void gives_up(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 8);
	pair.filter = cut_off;
	pair_connect(&pair);
	pair.counter = 1;
	pair.end[0].to_send = 1000;
	pair_run(&pair, 3600 * NS_PER_S);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSED);
	assert_int_equal(pair.end[0].events[TCP_EVENT_FAILED], 1);
	assert_int_equal(pair.end[0].events[TCP_EVENT_TIMEOUT], 15);
	assert_int_equal(pair.end[0].events[TCP_EVENT_CLOSED], 1);
	pair_fini(&pair);
}

/* Nor does FIN-WAIT-2 last for ever. */
static void forgotten_half_close(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 9);
	pair_connect(&pair);
	pair.end[0].shut_when_sent = true;
	pair_run(&pair, NS_PER_S);
	assert_int_equal(pair.end[0].tcp.state, TCP_FIN_WAIT_2);
	pair_run(&pair, 700 * NS_PER_S);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSED);
	assert_int_equal(pair.end[0].events[TCP_EVENT_FAILED], 1);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(active_close),	  cmocka_unit_test(simultaneous_close),
	    cmocka_unit_test(time_wait_answers),  cmocka_unit_test(time_wait_outlives_a_reset),
	    cmocka_unit_test(fin_with_data_both), cmocka_unit_test(shutdown_before_open),
	    cmocka_unit_test(shutdown_half_open), cmocka_unit_test(abort_resets),
	    cmocka_unit_test(gives_up),		  cmocka_unit_test(forgotten_half_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
