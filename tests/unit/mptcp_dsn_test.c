/* Data sequence numbers: whole and half, and streams that wrap (RFC 8684 §3.3.1). */
#include <stdio.h>

#include "mptcp/conn_state.h"
#include "mptcp/dsn.h"
#include "mptcp/key.h"
#include "packet/mptcp_option.h"
#include "support/cmocka_all.h"
#include "support/endpoint_pair.h"
#include "util/seq.h"

#define GIB (UINT64_C(1) << 30)

static void halves_expand_to_the_closest(void **state)
{
	static const struct {
		uint64_t value, expected, whole;
	} row[] = {
	    {0x00000005, 0x0000000100000000, 0x0000000100000005},
	    {0xfffffff0, 0x0000000100000000, 0x00000000fffffff0}, /* of before the wrap, late */
	    {0x00000005, 0x00000001fffffff0, 0x0000000200000005}, /* of behind it, early */
	    {0xfffffff0, 0x00000001fffffff0, 0x00000001fffffff0},
	    {0x00000005, 0xfffffffffffffff0, 0x0000000000000005}, /* 2^64 */
	    {0xfffffff0, 0x0000000000000005, 0xfffffffffffffff0},
	    {0x00000000, 0xffffffffffffffff, 0x0000000000000000},
	    {0x7fffffff, 0x0000000500000000, 0x000000057fffffff},
	    {0x80000001, 0x0000000500000000, 0x0000000480000001},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_true(dsn_expand(row[i].value, false, row[i].expected) == row[i].whole);
		assert_true(dsn_expand(row[i].value, true, row[i].expected) == row[i].value);
	}
}

/* In each second so much is used up: is it too fast for halves then? */
static void halves_need_time(void **state)
{
	struct dsn_pace slow = {.from = UINT64_MAX - GIB}, fast = {0};
	uint64_t dsn = slow.from;

	(void)state;
	for (int s = 1; s <= 3600; s++) { /* 7.5 MiB/s: 900 MiB in 120 s, 26 GiB in all */
		dsn += GIB * 75 / 10240;
		dsn_passed(&slow, dsn, s * NS_PER_S);
		assert_false(slow.fast);
	}
	dsn_passed(&fast, GIB - 1, 100 * NS_PER_S);
	assert_false(fast.fast);
	dsn_passed(&fast, GIB, 110 * NS_PER_S);
	assert_true(fast.fast);
	dsn_passed(&fast, GIB + 1, 125 * NS_PER_S); /* what was sent then is still about */
	assert_true(fast.fast);
	dsn_passed(&fast, GIB + 2, 250 * NS_PER_S);
	assert_false(fast.fast);
}

/* What was seen on the way, by the width of the numbers. */
struct widths {
	unsigned dsn[2][2], ack[2][2]; /* by sender, and whole or not */
};

static bool count_widths(struct duo *p, struct duo_packet *packet)
{
	struct widths *w = p->context;
	struct mptcp_option o;
	struct packet parsed;

	packet_parse(&parsed, span_of(packet->octets, packet->len));
	for (size_t i = 0; i < parsed.tcp.options.count; i++) {
		if (mptcp_option_parse(&o, &parsed.tcp.options.item[i]) || o.subtype != MPTCP_DSS)
			continue;
		if (o.dss.flags & MPTCP_DSS_DSN)
			w->dsn[packet->from][!!(o.dss.flags & MPTCP_DSS_DSN8)]++;
		if (o.dss.flags & MPTCP_DSS_ACK)
			w->ack[packet->from][!!(o.dss.flags & MPTCP_DSS_ACK8)]++;
	}
	return true;
}

/* Where the stream begins: the wraps lie in the handshake, in the first segment, between segments,
 * in mid-transfer, in the DATA_FIN. */
static const uint64_t starts[] = {
    0xffffffffffffffff,
    0xfffffffffffffffe,
    0xfffffffffffffc00,
    0xfffffffffffff000,
    0xfffffffffff00000,
    0x00000000ffffffff,
    0x00000005fffffc00,
    0x00000005fff00000,
    0x7ffffffffff00000,
    UINT64_MAX - 300000 /* the DATA_FIN is 0 */,
    UINT64_MAX - 299999 /* and here the last octet before it is */,
};

static void run_wrap(uint64_t start, unsigned n)
{
	struct widths w = {0};
	struct duo p;

	duo_init(&p, 100 + n);
	duo_addresses(&p, 1 + n % 2, 1);
	for (int side = 0; side < 2; side++) {
		p.config[side].idsn = start;
		p.config[side].version = n & 2 ? 0 : 1;
		p.config[side].checksum = n & 4;
		p.side[side].to_send = 300000;
	}
	p.config[CLIENT].dsn_octets = n & 8 ? 8 : 4;
	p.config[SERVER].dsn_octets = n & 16 ? 8 : 4;
	for (unsigned i = 0; i < DUO_PATHS; i++) {
		p.path[i] = (struct duo_path){.delay_ns = (10 + 5 * i) * NS_PER_MS,
					      .jitter_ns = 2 * NS_PER_MS,
					      .rate = 1250000,
					      .loss = 0.02,
					      .duplicate = 0.02};
	}
	p.hook = count_widths;
	p.context = &w;
	duo_start(&p);
	if (!duo_run(&p, 300 * NS_PER_S) || !duo_complete(&p) ||
	    duo_info(&p, CLIENT).outcome != OUTCOME_MPTCP ||
	    duo_info(&p, SERVER).outcome != OUTCOME_MPTCP)
		fail_msg("IDSN %llx, variant %u", (unsigned long long)start, n);
	for (int side = 0; side < 2; side++) {
		bool wide = p.config[side].dsn_octets == 8;

		assert_int_equal(w.dsn[side][!wide], 0);
		assert_true(w.dsn[side][wide] > 200);
	}
	/* The client's first data is mapped by MP_CAPABLE, which has no number to be of 4. */
	assert_int_equal(w.ack[CLIENT][1] > 0, !!(n & 16));
	if (p.config[CLIENT].dsn_octets == 4 && n & 2)
		assert_int_equal(w.ack[SERVER][1], 0);
	duo_fini(&p);
}

static void streams_that_wrap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		for (unsigned n = 0; n < 32; n += i % 3 ? 3 : 1)
			run_wrap(starts[i], n);
}

/* The second path goes dark for good, with octets of both sides of the wrap under way. */
static void reinjection_across_the_wrap(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 16; n++) {
		struct duo p;

		duo_init(&p, 200 + n);
		duo_addresses(&p, 2, 1);
		for (int side = 0; side < 2; side++) {
			p.config[side].idsn = (n & 1 ? UINT64_MAX : UINT32_MAX) - 500000;
			p.config[side].dsn_octets = n & 2 ? 8 : 4;
			p.config[side].checksum = n & 4;
			p.side[side].to_send = 1500000;
		}
		p.path[0].rate = p.path[1].rate = 1250000;
		p.path[0].delay_ns = p.path[1].delay_ns = 20 * NS_PER_MS;
		p.path[n & 8 ? 0 : 1].cut_from_ns = 1300 * NS_PER_MS;
		p.path[n & 8 ? 0 : 1].cut_to_ns = 10000 * NS_PER_S;
		duo_start(&p);
		if (!duo_run(&p, 300 * NS_PER_S) || !duo_complete(&p))
			fail_msg("variant %u", n);
		assert_int_equal(duo_info(&p, CLIENT).outcome, OUTCOME_MPTCP);
		assert_true(duo_info(&p, CLIENT).subflow[n & 8 ? 1 : 0].reinjected > 0);
		duo_fini(&p);
	}
}

/* Without any help: keys whose IDSN lies before a multiple of 2^32, as one of 500 does. */
static void keys_whose_stream_wraps(void **state)
{
	const uint64_t octets = 8 << 20;
	unsigned seed = 1000;
	struct duo p;

	(void)state;
	for (;; seed++) {
		duo_init(&p, seed);
		p.config[CLIENT].dsn_octets = p.config[SERVER].dsn_octets = 4;
		p.side[CLIENT].to_send = octets;
		duo_start(&p);
		if ((uint32_t)key_idsn(1, duo_info(&p, CLIENT).local_key) > UINT32_MAX - octets)
			break;
		duo_fini(&p);
	}
	assert_true(duo_run(&p, 300 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, SERVER).outcome, OUTCOME_MPTCP);
	duo_fini(&p);
}

/* A gigabyte but for a little is already sent: whole numbers take over. */
static void fast_streams_send_whole_numbers(void **state)
{
	struct widths w = {0};
	struct duo p;

	(void)state;
	duo_init(&p, 300);
	p.config[CLIENT].dsn_octets = 4;
	p.side[CLIENT].to_send = 3000000;
	p.hook = count_widths;
	p.context = &w;
	duo_start(&p);
	p.side[CLIENT].conn->tx.pace.from -= GIB - 1000000;
	assert_true(duo_run(&p, 100 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_in_range(w.dsn[CLIENT][0], 1000000 / 1460, 1000000 / 1460 + 50);
	assert_in_range(w.dsn[CLIENT][1], 2000000 / 1460, 2000000 / 1460 + 150);
	assert_true(w.ack[SERVER][1] > 100);
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(halves_expand_to_the_closest),
	    cmocka_unit_test(halves_need_time),
	    cmocka_unit_test(streams_that_wrap),
	    cmocka_unit_test(reinjection_across_the_wrap),
	    cmocka_unit_test(keys_whose_stream_wraps),
	    cmocka_unit_test(fast_streams_send_whole_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
