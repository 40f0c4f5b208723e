#include "support/cmocka_all.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/packet.h"
#include "support/hex.h"
#include "support/random_packet.h"
#include "support/seed.h"
#include "util/octets.h"

/* RFC 1071 as it is written, a word at a time. */
static uint16_t plain_sum(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static void agrees_with_the_plain_sum(void **state)
{
	struct rng r = test_rng("checksum");
	uint8_t octets[300];

	(void)state;
	for (int n = 0; n < 20000; n++) {
		size_t len = rng_below(&r, sizeof(octets)),
		       cut = rng_below(&r, (uint32_t)len + 1) & ~1u;
		uint64_t sum;

		for (size_t i = 0; i < len; i++)
			octets[i] = (uint8_t)(rng_below(&r, 4) ? rng_u32(&r) : 0xff);
		sum = checksum_add(checksum_add(0, octets, cut), octets + cut, len - cut);
		assert_int_equal(checksum_fold(sum), plain_sum(octets, len));
		assert_int_equal(checksum_finish(sum), (uint16_t)~plain_sum(octets, len));
	}
}

static void is_zero_over_nothing(void **state)
{
	(void)state;
	assert_int_equal(checksum_fold(checksum_add(0, "", 0)), 0);
	assert_int_equal(checksum_finish(0), 0xffff);
}

static void follows_a_changed_word(void **state)
{
	struct rng r = test_rng("checksum_update");
	uint8_t octets[40];

	(void)state;
	for (int n = 0; n < 20000; n++) {
		size_t at = rng_below(&r, 20) * 2;
		uint16_t before, from, to = (uint16_t)rng_u32(&r);

		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = (uint8_t)rng_u32(&r);
		from = load_u16(octets + at);
		before = checksum_finish(checksum_add(0, octets, sizeof(octets)));
		store_u16(octets + at, to);
		assert_int_equal(checksum_update(before, from, to),
				 checksum_finish(checksum_add(0, octets, sizeof(octets))));
	}
}

/* RFC 1624 §4: 0x5555 becomes 0x3285 under the checksum 0xdd2f. */
static void does_not_make_minus_zero(void **state)
{
	(void)state;
	assert_int_equal(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static size_t fixed(const char *hex, uint8_t *out)
{
	size_t len = hex_octets(hex, out, 200);

	packet_fix_checksums(out, len);
	return len;
}

/* IP 127.0.0.1.60498 > 127.0.0.1.8000: Flags [S], seq 0, win 65495, length 0: 7f00+1+7f00+1+6+20
 * and the header's own words, inverted. */
static void fixes_ip_and_tcp(void **state)
{
	uint8_t p[200];
	const char *hex = "4500 0028 0000 4000 4006 aaaa 7f000001 7f000001"
			  "ec52 1f40 00000000 00000000 5002 ffd7 bbbb 0000";

	(void)state;
	fixed(hex, p);
	assert_int_equal(load_u16(p + 10), 0x3cce);
	assert_int_equal(plain_sum(p, 20), 0xffff);
	assert_int_equal(load_u16(p + 36), (uint16_t) ~(0xec52 + 0x1f40 + 0x5002 + 0xffd7 +
							0x7f00 * 2 + 2 + 6 + 20 - 3 * 0xffff));
}

/* The transport part of an IPv6 packet sums to all ones with its pseudo-header. */
static void check_ip6(const char *hex, size_t transport, uint8_t proto, const char *final)
{
	uint8_t p[200], pseudo[240];
	size_t len = fixed(hex, p);

	memcpy(pseudo, p + 8, 32);
	if (final)
		hex_octets(final, pseudo + 16, 16);
	store_u32(pseudo + 32, (uint32_t)(len - transport));
	store_u32(pseudo + 36, proto);
	memcpy(pseudo + 40, p + transport, len - transport);
	assert_int_equal(plain_sum(pseudo, 40 + len - transport), 0xffff);
}

#define IP6_ADDRS "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define SYN	  "9c41 01bb 00000001 00000000 5002 ffff 0000 0000"

static void fixes_behind_extension_headers(void **state)
{
	(void)state;
	/* IPV6/TCP */
	check_ip6("60000000 0014 06 40" IP6_ADDRS SYN, 40, 6, NULL);
	/* IPV6, hop-by-hop, destination options, TCP */
	check_ip6("60000000 0024 00 40" IP6_ADDRS "3c00 0104 00000000 0600 0104 00000000" SYN, 56,
		  6, NULL);
	/* IPV6, segment routing header with one segment left to 2001:db8::9, TCP */
	check_ip6("60000000 002c 2b 40" IP6_ADDRS
		  "0602 0401 00 00 0000 20010db8000000000000000000000009" SYN,
		  64, 6, "20010db8000000000000000000000009");
	/* the same with no segment left: the destination is final */
	check_ip6("60000000 002c 2b 40" IP6_ADDRS
		  "0602 0400 00 00 0000 20010db8000000000000000000000009" SYN,
		  64, 6, NULL);
	/* IPV6/ICMP{type=128} */
	check_ip6("60000000 0009 3a 40" IP6_ADDRS "8000 1234 00010001 61", 40, 58, NULL);
}

static void leaves_alone(const char *hex, size_t from)
{
	uint8_t p[200], before[200];
	size_t len = hex_octets(hex, before, sizeof(before));

	fixed(hex, p);
	assert_memory_equal(p + from, before + from, len - from);
}

static void leaves_alone_what_it_cannot_know(void **state)
{
	(void)state;
	/* IP 192.0.2.7.1000 > 203.0.113.80.53: UDP, length 4 */
	leaves_alone("4500 0020 0001 4000 4011 0000 c0000207 cb007150 03e8 0035 000c 5555 01020304",
		     20);
	/* the first fragment of a TCP segment (MF) */
	leaves_alone("4500 0028 0001 2000 4006 0000 c0000207 cb007150" SYN, 20);
	/* a later one */
	leaves_alone("4500 0028 0001 0005 4006 0000 c0000207 cb007150" SYN, 20);
	/* one that is cut: the length says 60 */
	leaves_alone("4500 003c 0001 4000 4006 0000 c0000207 cb007150" SYN, 20);
	/* neither IPv4 nor IPv6; an IPv4 header cut inside its options */
	leaves_alone("5500 0028 0001 4000 4006 0000 c0000207 cb007150" SYN, 0);
	leaves_alone("4f00 0028 0001 4000 4006 0000 c0000207 cb007150" SYN, 0);
}

/* Fixed once, a packet of any shape carries what it should carry. */
static void random_packets_carry_what_they_should(void **state)
{
	struct rng r = test_rng("packet_fix_checksums");
	uint8_t octets[RANDOM_PACKET_MAX];
	struct packet p;

	(void)state;
	for (int n = 0; n < 50000; n++) {
		size_t len = random_packet(&r, octets);

		packet_fix_checksums(octets, len);
		assert_int_equal(packet_parse(&p, span_of(octets, len)), 0);
		assert_int_equal(packet_ip_checksum(&p), p.ip.version == 4 ? p.ip.checksum : 0);
		if (p.ip.flags & 1)
			continue;
		if (p.have & PACKET_HAS_TCP)
			assert_int_equal(packet_transport_checksum(&p), p.tcp.checksum);
		if (p.have & PACKET_HAS_ICMP)
			assert_int_equal(packet_transport_checksum(&p), p.icmp.checksum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees_with_the_plain_sum),
	    cmocka_unit_test(is_zero_over_nothing),
	    cmocka_unit_test(follows_a_changed_word),
	    cmocka_unit_test(does_not_make_minus_zero),
	    cmocka_unit_test(fixes_ip_and_tcp),
	    cmocka_unit_test(fixes_behind_extension_headers),
	    cmocka_unit_test(leaves_alone_what_it_cannot_know),
	    cmocka_unit_test(random_packets_carry_what_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
