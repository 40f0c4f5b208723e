/* The diff of quotes that were translated back, garbled or filled up, and their checksums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "packet/checksum.h"
#include "support/diff_pair.h"
#include "util/octets.h"

/* --- Checksums --- */

static void retranslate(struct pair *p, enum field f, const char *addr)
{
	struct ip_addr a;

	assert_true(ip_addr_parse(&a, addr));
	assert_true(field_write_addr(p->seen.octets4, p->seen.len4, f, &a));
}

#define OUTSIDE "IP{src=198.51.100.1,dst=203.0.113.80,id=0x1234,dscp=0x0a,ttl=1}"

static void test_address_translated_back(void **state)
{
	struct pair p;
	static const size_t CUTS[] = {ALL, 48, 40};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		pair_make(&p, IP_ TCP_ "/MSS/WS", OUTSIDE TCP_ "/MSS/WS");
		retranslate(&p, FIELD_IP4_SRC, "192.0.2.7");
		pair_diff(&p, CUTS[i]);
		pair_says(&p, "");
		assert_int_equal(p.d.checksum, CHECKSUM_BETRAYED);
		assert_true(p.d.ip_checksum_bad);
		assert_true(p.d.same_delta);
	}
	pair_diff(&p, 28); /* only the IP checksum is there to tell */
	assert_int_equal(p.d.checksum, CHECKSUM_UNSEEN);
	assert_true(p.d.ip_checksum_bad);
	assert_false(p.d.same_delta);
}

static void test_sequence_translated_back(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, PROBE);
	store_u32(p.seen.octets4 + 24, 0xdeadbeef);
	packet_fix_checksums(p.seen.octets4, p.seen.len4);
	store_u32(p.seen.octets4 + 24, 1000);
	pair_diff(&p, ALL);
	pair_says(&p, "");
	assert_int_equal(p.d.checksum, CHECKSUM_BETRAYED);
	assert_false(p.d.ip_checksum_bad || p.d.same_delta);
	pair_diff(&p, 44); /* options out of sight may explain it */
	assert_int_equal(p.d.checksum, CHECKSUM_UNSEEN);
}

static void test_edited_without_checksum(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, PROBE);
	store_u32(p.seen.octets4 + 24, 0xdeadbeef);
	for (size_t cut = 40; cut <= 64; cut += 4) {
		pair_diff(&p, cut);
		pair_says(&p, "tcp.seq rewritten 1000 -> 3735928559");
		assert_int_equal(p.d.checksum, CHECKSUM_BETRAYED);
	}
}

/* A checksum that was sent wrong is as consistent as one sent right. */
static void test_wrong_as_sent(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, IP_ "/TCP{dst=443,chksum=0x1234}/MSS", IP_ "/TCP{dst=443,chksum=0x1234}/MSS");
	pair_diff(&p, ALL);
	assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
	diff_make(&p.seen, IP_ "/TCP{dst=443}/MSS"); /* a box that repairs it has looked inside */
	pair_diff(&p, ALL);
	assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
	pair_says(&p, "");
}

static void test_removal_follows_out_of_sight(void **state)
{
	struct pair p;

	(void)state;
	/* The window is changed in sight; what is cut off is as it was. */
	pair_make(&p, PROBE,
		  IP_ "/TCP{src=40001,dst=443,seq=1000,win=1}/MSS(1460)/SACKP/TS(1,0)"
		      "/WS(7)/MPCAPABLE{v=1}");
	pair_diff(&p, 48);
	assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
	/* The option is gone in sight, and the rest came up. */
	pair_make(&p, IP_ TCP_ "/MPCAPABLE/MSS/SACKP/NOP/NOP/TS/RAW(x00112233445566)",
		  IP_ TCP_ "/MSS/SACKP/NOP/NOP/TS/RAW(x00112233445566)");
	pair_diff(&p, 45);
	assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
}

/* --- What routers do to quotes --- */

static void says_despite(struct pair *p, size_t cut, const char *expected)
{
	pair_diff(p, cut);
	pair_says(p, expected);
	assert_false(p->d.ip_checksum_bad);
	assert_int_not_equal(p->d.checksum, CHECKSUM_BETRAYED);
}

static void test_garbled_headers(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, PROBE);
	store_u16(p.seen.octets4 + 2, 0x4000); /* host order */
	says_despite(&p, ALL, "");
	assert_true(p.d.complete);
	store_u16(p.seen.octets4 + 2, 44); /* less the header */
	says_despite(&p, ALL, "");
	assert_true(p.d.complete);
	assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
	store_u16(p.seen.octets4 + 2, 0x2c00); /* both */
	says_despite(&p, ALL, "");
	store_u16(p.seen.octets4 + 2, 84); /* the header counted twice */
	says_despite(&p, ALL, "");
	store_u16(p.seen.octets4 + 2, 0);
	says_despite(&p, ALL, "");
	store_u16(p.seen.octets4 + 2, 64);
	store_u16(p.seen.octets4 + 6, 0x0040); /* fragment word in host order */
	says_despite(&p, ALL, "");
	assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
	store_u16(p.seen.octets4 + 4, 0x3412); /* and the identification */
	says_despite(&p, ALL, "");
	p.seen.octets4[8]--; /* TTL lowered, checksum not */
	says_despite(&p, ALL, "");
	assert_false(diff_reaches(&p.d, &(struct change){.id = FIELD_IP4_ID}));
}

/* … or garbled first, and the checksum made over that; then the TTL lowered. */
static void test_garbled_before_checksum(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, PROBE);
	store_u16(p.seen.octets4 + 2, 0x4000);
	packet_fix_checksums(p.seen.octets4, p.seen.len4);
	diff_make(&p.sent, PROBE);
	memcpy(p.seen.octets4 + 20, p.sent.octets4 + 20, p.sent.len4 - 20);
	says_despite(&p, ALL, "");
	p.seen.octets4[8]--;
	says_despite(&p, ALL, "");
}

/* A checksum that ends in a zero, with nothing but zeros behind, is no filling. */
static void test_checksum_ends_in_zero(void **state)
{
	struct pair p;
	size_t tried = 0;

	(void)state;
	pair_make(&p, IP_ TCP_, IP_ TCP_);
	for (uint32_t seq = 2000; tried < 10; seq++) {
		store_u32(p.seen.octets4 + 24, seq);
		packet_fix_checksums(p.seen.octets4, p.seen.len4);
		if (p.seen.octets4[37] != 0)
			continue;
		tried++;
		pair_diff(&p, ALL);
		assert_int_equal(p.d.count, 1);
		assert_true(p.d.complete);
		assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
	}
}

static void test_garbled_length_and_removed_option(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, IP_ TCP_ "/MSS(1460)/SACKP/TS(1,0)/WS(7)");
	store_u16(p.seen.octets4 + 2, 0x3c00);
	says_despite(&p, ALL, "tcp.options.mptcp.mp_capable removed 1e040101");
}

static void test_filled_with_zeros(void **state)
{
	struct pair p;
	static const size_t KEPT[] = {8, 12, 16, 20, 24, 32};

	(void)state;
	for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++) {
		pair_make(&p, PROBE, PROBE);
		memset(p.seen.octets4 + 20 + KEPT[i], 0, 44 - KEPT[i]);
		says_despite(&p, ALL, "");
		assert_false(p.d.complete || p.d.options_complete || p.d.payload_seen);
	}
	/* Zeros that the checksum knows of are an edit. */
	packet_fix_checksums(p.seen.octets4, p.seen.len4);
	pair_diff(&p, ALL);
	assert_true(p.d.options_complete);
	assert_int_equal(p.d.count, 2); /* of the timestamp on the other octets are zero anyway */
}

static void test_translated_between_families(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, "IPV6" TCP_ "/MSS(1440)/SACKP/TS(1,0)/WS(7)/MPCAPABLE{v=1}");
	pair_diff(&p, ALL);
	pair_says(&p, "ip.version rewritten 4 -> 6\ntcp.options.mss_val rewritten 1460 -> 1440");
	assert_int_equal(p.d.checksum, CHECKSUM_UNSEEN);
}

static void test_another_packet(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, IP_ "/ICMP");
	pair_diff(&p, ALL);
	pair_says(&p, "ip.proto rewritten 6 -> 1\nip.len rewritten 64 -> 28");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_translated_back),
	    cmocka_unit_test(test_sequence_translated_back),
	    cmocka_unit_test(test_edited_without_checksum),
	    cmocka_unit_test(test_wrong_as_sent),
	    cmocka_unit_test(test_removal_follows_out_of_sight),
	    cmocka_unit_test(test_garbled_headers),
	    cmocka_unit_test(test_garbled_before_checksum),
	    cmocka_unit_test(test_checksum_ends_in_zero),
	    cmocka_unit_test(test_garbled_length_and_removed_option),
	    cmocka_unit_test(test_filled_with_zeros),
	    cmocka_unit_test(test_translated_between_families),
	    cmocka_unit_test(test_another_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
