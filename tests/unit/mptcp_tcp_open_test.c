/* Handshakes: both families, options and their absence, simultaneous, losses, cookies. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/tcp_pair.h"
#include "util/octets.h"
#include "util/seq.h"

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

static void opens_ipv6(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 1);
	pair_ipv6(&pair);
	pair.config[0].flow_label = 0xabcde;
	pair_connect(&pair);
	transfers(&pair, 200000);
	assert_int_equal(load_u32(pair.end[0].last) & 0xfffff, 0xabcde);
	pair_fini(&pair);
}

/* What one end does not offer, neither uses. */
static void only_common_options(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct tcp_pair pair;

		pair_init(&pair, i);
		pair.config[i & 1].sack = false;
		pair.config[i >> 1 & 1].timestamps = false;
		pair.config[0].mss = 1000;
		pair.config[1].wscale = i & 4 ? 14 : 0;
		pair_connect(&pair);
		assert_false(pair.end[0].tcp.sack_on || pair.end[1].tcp.sack_on);
		assert_false(pair.end[0].tcp.timestamps_on || pair.end[1].tcp.timestamps_on);
		assert_int_equal(pair.end[1].tcp.mss, 1000);
		transfers(&pair, 100000);
		pair_fini(&pair);
	}
}

/* Blots every option of SYNs out with NOPs. */
static bool no_options(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		       const struct packet *p)
{
	(void)pair;
	(void)from;
	if (p->tcp.flags & TCP_SYN)
		memset(octets + 40, TCP_OPT_NOP, p->tcp.header_len - 20u);
	packet_fix_checksums(octets, len);
	return true;
}

static void bare_syns(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 3);
	pair.filter = no_options;
	pair_connect(&pair);
	assert_int_equal(pair.end[0].tcp.mss, 536);
	assert_false(pair.end[0].tcp.wscale_on || pair.end[1].tcp.wscale_on);
	transfers(&pair, 300000);
	pair_fini(&pair);
}

static void simultaneous(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 4);
	pair_open_both(&pair);
	pair_run(&pair, 15 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_SYN_RECEIVED);
	assert_int_equal(pair.end[1].tcp.state, TCP_SYN_RECEIVED);
	pair_run(&pair, 10 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.state, TCP_ESTABLISHED);
	assert_int_equal(pair.end[1].tcp.state, TCP_ESTABLISHED);
	transfers(&pair, 100000);
	pair_fini(&pair);
}

/* Loses the packets whose numbers are set in `counter`: bits 0-31 of the first end's, then the
 * other's. */
static bool lose_numbered(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			  const struct packet *p)
{
	uint64_t number = pair->packets[from] - 1;

	(void)octets;
	(void)len;
	(void)p;
	return number > 31 || !(pair->counter >> (number + 32 * from) & 1);
}

static void handshake_losses(void **state)
{
	static const struct {
		uint64_t lost;
		int64_t by_ns;
	} cases[] = {
	    {0x1, 1100 * NS_PER_MS},	     /* SYN */
	    {0x7, 7200 * NS_PER_MS},	     /* three SYNs */
	    {0x100000000, 2200 * NS_PER_MS}, /* SYN/ACK */
	    {0x300000001, 8200 * NS_PER_MS}, /* and more */
	    {0x2, 1500 * NS_PER_MS},	     /* third ACK */
	    {0x6, 4000 * NS_PER_MS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_pair pair;

		pair_init(&pair, i);
		pair.filter = lose_numbered;
		pair.counter = cases[i].lost;
		pair_open(&pair);
		pair_run(&pair, cases[i].by_ns);
		assert_int_equal(pair.end[0].tcp.state, TCP_ESTABLISHED);
		assert_int_equal(pair.end[1].tcp.state, TCP_ESTABLISHED);
		transfers(&pair, 50000);
		pair_fini(&pair);
	}
}

/* The third ACK is lost, but data come: they complete the handshake. */
static void data_for_third_ack(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 5);
	pair.filter = lose_numbered;
	pair.counter = 0x2;
	pair.end[0].to_send = 3000;
	pair_open(&pair);
	pair_run(&pair, 50 * NS_PER_MS);
	assert_int_equal(pair.end[1].tcp.state, TCP_ESTABLISHED);
	assert_int_equal(pair.end[1].received, 3000);
	pair_fini(&pair);
}

static bool silence(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		    const struct packet *p)
{
	(void)pair;
	(void)from;
	(void)octets;
	(void)len;
	(void)p;
	return false;
}

static void nobody_answers(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 6);
	pair.filter = silence;
	pair.config[0].syn_retries = 3;
	pair_open(&pair);
	pair_run(&pair, 100 * NS_PER_S);
	assert_int_equal(pair.packets[0], 4);
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSED);
	assert_int_equal(pair.end[0].events[TCP_EVENT_FAILED], 1);
	assert_int_equal(pair.end[0].events[TCP_EVENT_TIMEOUT], 3);
	pair_fini(&pair);
}

/* A RST counts only with the right ACK; a SYN/ACK with a wrong one is told so and ignored. */
static void refused(void **state)
{
	struct tcp_pair pair;
	uint32_t iss;

	(void)state;
	pair_init(&pair, 7);
	pair.filter = silence;
	pair_open(&pair);
	iss = pair.end[0].tcp.iss;
	pair_forge(&pair, 0, TCP_RST | TCP_ACK, 0, iss + 2, span_of(NULL, 0));
	pair_forge(&pair, 0, TCP_RST, 0, 0, span_of(NULL, 0));
	assert_int_equal(pair.end[0].tcp.state, TCP_SYN_SENT);
	pair_forge(&pair, 0, TCP_SYN | TCP_ACK, 77, iss, span_of(NULL, 0));
	assert_int_equal(pair.end[0].tcp.state, TCP_SYN_SENT);
	assert_int_equal(pair.packets[0], 2); /* the SYN, and a RST from ISN on */
	assert_int_equal(load_u32(pair.end[0].last + 24), iss);
	assert_int_equal(pair.end[0].last[33], TCP_RST);
	pair_forge(&pair, 0, TCP_RST | TCP_ACK, 0, iss + 1, span_of(NULL, 0));
	assert_int_equal(pair.end[0].tcp.state, TCP_CLOSED);
	assert_int_equal(pair.end[0].events[TCP_EVENT_RESET], 1);
	pair_fini(&pair);
}

/* Data in a SYN/ACK are not taken, nor acknowledged. */
static void data_in_syn_ack(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 8);
	pair.filter = silence;
	pair_open(&pair);
	pair_forge(&pair, 0, TCP_SYN | TCP_ACK, 77, pair.end[0].tcp.iss + 1, span_of("hello", 5));
	assert_int_equal(pair.end[0].tcp.state, TCP_ESTABLISHED);
	assert_int_equal(pair.end[0].tcp.rcv_nxt, 78);
	assert_int_equal(pair.end[0].received, 0);
	pair_fini(&pair);
}

/* A stray ACK to a half-open end is refused with its own number (RFC 9293 §3.10.7.4). */
static void stray_ack(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 9);
	pair_open(&pair);
	pair_run(&pair, 12 * NS_PER_MS);
	pair_forge(&pair, 1, TCP_ACK, pair.end[0].tcp.iss + 1, 4711, span_of(NULL, 0));
	assert_int_equal(pair.end[1].last[33], TCP_RST);
	assert_int_equal(load_u32(pair.end[1].last + 24), 4711);
	assert_int_equal(pair.end[1].tcp.state, TCP_SYN_RECEIVED);
	pair_run(&pair, 30 * NS_PER_MS);
	assert_int_equal(pair.end[1].tcp.state, TCP_ESTABLISHED);
	pair_fini(&pair);
}

/* The passive end forgets all after its SYN/ACK, and takes up again from the third ACK. */
static bool make_cookie(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			const struct packet *p)
{
	struct tcp_pair_end *e = &pair->end[1];
	const struct tcp_owner_ops *owner = e->tcp.owner;

	(void)octets;
	(void)len;
	if (from == 1 || !(p->tcp.flags & TCP_ACK) || pair->counter++)
		return true;
	tcp_fini(&e->tcp);
	tcp_init_cookie(&e->tcp, &pair->config[1], owner, p, 1460, 8, true, pair->now_ns);
	return true;
}

static void cookie(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 10);
	pair.filter = make_cookie;
	pair_connect(&pair);
	assert_int_equal(pair.end[1].tcp.state, TCP_ESTABLISHED);
	assert_true(pair.end[1].tcp.timestamps_on && pair.end[1].tcp.wscale_on);
	assert_int_equal(pair.end[1].events[TCP_EVENT_CONNECTED], 1);
	transfers(&pair, 500000);
	pair_fini(&pair);
}

/* The SYN/ACK has the stamps of the SYN, as boxes that mirror options make it: 20 bytes of IP, 20
 * of TCP, MSS, SACK, and the stamps from 46 on. */
static bool mirror_stamps(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			  const struct packet *p)
{
	if (!(p->tcp.flags & TCP_SYN) || from == 0)
		return true;
	assert_int_equal(octets[46], TCP_OPT_TIMESTAMP);
	memcpy(octets + 48, pair->end[0].last + 48, 8);
	packet_fix_checksums(octets, len);
	return true;
}

/* The peer's own stamps, that look older, are believed. */
static void stamps_mirrored(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 12);
	pair.config[0].ts_offset = 1000000;
	pair.config[1].ts_offset = 0;
	pair.filter = mirror_stamps;
	pair_connect(&pair);
	assert_true(pair.end[0].tcp.timestamps_on);
	transfers(&pair, 500000);
	assert_true(pair.end[0].tcp.ts_recent < 1000000);
	pair_fini(&pair);
}

/* Sequence numbers and stamps wrap in mid-transfer. */
static void wraps(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 11);
	pair.link.loss = 0.02;
	for (unsigned i = 0; i < 2; i++) {
		pair.config[i].isn = 0u - 100000;
		pair.config[i].ts_offset = 0u - 1200;
	}
	pair_connect(&pair);
	transfers(&pair, 1000000);
	assert_true(seq_before(0u, pair.end[0].tcp.snd_una));
	assert_int_equal(pair.end[0].events[TCP_EVENT_FAILED], 0);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens),
	    cmocka_unit_test(opens_ipv6),
	    cmocka_unit_test(only_common_options),
	    cmocka_unit_test(bare_syns),
	    cmocka_unit_test(simultaneous),
	    cmocka_unit_test(handshake_losses),
	    cmocka_unit_test(data_for_third_ack),
	    cmocka_unit_test(nobody_answers),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(data_in_syn_ack),
	    cmocka_unit_test(stray_ack),
	    cmocka_unit_test(cookie),
	    cmocka_unit_test(stamps_mirrored),
	    cmocka_unit_test(wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
