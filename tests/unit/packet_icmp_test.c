#include "support/cmocka_all.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/icmp.h"
#include "support/hex.h"
#include "util/octets.h"

static uint8_t octets[2048], offender[1600];
static struct packet outer;
static struct icmp_error e;

static int parse_len(size_t len)
{
	memset(&e, 0xa5, sizeof(e));
	assert_int_equal(packet_parse(&outer, span_of(octets, len)), 0);
	return icmp_error_parse(&e, &outer);
}

/* IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], seq 1, win 65535, options [mss 1460,sackOK,TS
 * val 1 ecr 0,nop,wscale 7], length 0: 60 octets */
#define SYN                                                                                        \
	"4500 003c 1234 4000 0106 0000 c0000207 cb007150 9c41 01bb 00000001 00000000"              \
	"a002 ffff 0000 0000 020405b4 0402 080a0000000100000000 01 030307"
/* The same as IP6 2001:db8::1.40001 > 2001:db8::2.443: 80 octets */
#define SYN6                                                                                       \
	"60000000 0028 06 01 20010db8000000000000000000000001"                                     \
	"20010db8000000000000000000000002 9c41 01bb 00000001 00000000 a002 ffff 0000 0000"         \
	"020405b4 0402 080a0000000100000000 01 030307"

static struct icmp_error_spec spec_of(int family, enum icmp_kind kind, enum quote_policy quote)
{
	struct icmp_error_spec s = {.kind = kind, .ttl = 60, .id = 77, .quote = quote};

	ip_addr_parse(&s.from, family == 4 ? "198.51.100.1" : "2001:db8:1::1");
	ip_addr_parse(&s.to, family == 4 ? "192.0.2.7" : "2001:db8::1");
	return s;
}

static void assert_checksums(size_t len)
{
	assert_int_equal(packet_parse(&outer, span_of(octets, len)), 0);
	assert_true(outer.have & PACKET_HAS_ALL);
	assert_int_equal(outer.ip.checksum, packet_ip_checksum(&outer));
	assert_int_equal(outer.icmp.checksum, packet_transport_checksum(&outer));
}

/* Builds an error about the first `len` octets of `offender` and reads it again. */
static void bounce(const struct icmp_error_spec *s, size_t len)
{
	int n = icmp_error_build(s, span_of(offender, len), octets, sizeof(octets));

	assert_true(n > 0);
	assert_checksums((size_t)n);
	assert_int_equal(parse_len((size_t)n), 0);
	assert_int_equal(e.kind, s->kind);
	assert_true(ip_addr_equal(&e.from, &s->from));
	assert_true(ip_addr_equal(&outer.ip.dst, &s->to));
	assert_true(e.quote.len <= len);
	assert_memory_equal(e.quote.at, offender, e.quote.len);
	assert_int_equal(icmp_error_build(s, span_of(offender, len), octets, (size_t)n - 1),
			 ERR_NOSPACE);
}

static void quotes_by_policy(void **state)
{
	static const struct {
		enum quote_policy policy;
		size_t syn, syn6, big, big6;
	} rows[] = {
	    {QUOTE_8, 28, 48, 28, 48},	       {QUOTE_28, 40, 60, 40, 60},
	    {QUOTE_128, 60, 80, 128, 128},     {QUOTE_FULL, 60, 80, 548, 1232},
	    {QUOTE_RFC4884, 60, 80, 128, 128},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct icmp_error_spec s = spec_of(4, ICMP_KIND_TIME_EXCEEDED, rows[i].policy);

		hex_octets(SYN, offender, sizeof(offender));
		bounce(&s, 60);
		assert_int_equal(e.quote.len, rows[i].syn);
		assert_int_equal(e.extended, rows[i].policy == QUOTE_RFC4884);
		store_u16(offender + 2, 1500);
		bounce(&s, 1500);
		assert_int_equal(e.quote.len, rows[i].big);
		s = spec_of(6, ICMP_KIND_TIME_EXCEEDED, rows[i].policy);
		hex_octets(SYN6, offender, sizeof(offender));
		bounce(&s, 80);
		assert_int_equal(e.quote.len, rows[i].syn6);
		store_u16(offender + 4, 1460);
		bounce(&s, 1500);
		assert_int_equal(e.quote.len, rows[i].big6);
		assert_int_equal(e.extension_count, 0);
		assert_false(e.extensions_bad);
	}
}

static void kinds_and_codes(void **state)
{
	static const struct {
		enum icmp_kind kind;
		uint8_t type4, code4, type6, code6;
	} rows[] = {
	    {ICMP_KIND_TIME_EXCEEDED, 11, 1, 3, 1},
	    {ICMP_KIND_UNREACHABLE, 3, 1, 1, 1},
	    {ICMP_KIND_TOO_BIG, 3, 4, 2, 0},
	    {ICMP_KIND_PARAM_PROBLEM, 12, 1, 4, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct icmp_error_spec s = spec_of(4, rows[i].kind, QUOTE_FULL);
		uint32_t mtu = s.kind == ICMP_KIND_TOO_BIG ? 1400 : 0;

		hex_octets(SYN, offender, sizeof(offender));
		s.code = 1;
		s.mtu = 1400;
		bounce(&s, 60);
		assert_int_equal(e.type, rows[i].type4);
		assert_int_equal(e.code, rows[i].code4);
		assert_int_equal(e.mtu, mtu);
		hex_octets(SYN6, offender, sizeof(offender));
		s = spec_of(6, rows[i].kind, QUOTE_FULL);
		s.code = 1;
		s.mtu = 1400;
		bounce(&s, 80);
		assert_int_equal(e.type, rows[i].type6);
		assert_int_equal(e.code, rows[i].code6);
		assert_int_equal(e.mtu, mtu);
	}
}

static void carries_labels(void **state)
{
	static const struct mpls_label labels[] = {{16001, 5, 0, 1}, {0xfffff, 0, 1, 254}};

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct icmp_error_spec s = spec_of(family, ICMP_KIND_TIME_EXCEEDED, QUOTE_RFC4884);
		struct mpls_label l;

		s.labels = labels;
		s.label_count = 2;
		hex_octets(family == 4 ? SYN : SYN6, offender, sizeof(offender));
		bounce(&s, family == 4 ? 60 : 80);
		assert_int_equal(e.quote.len, family == 4 ? 60 : 80);
		assert_int_equal(outer.payload.len, 128 + 4 + 4 + 8);
		assert_true(e.extended);
		assert_false(e.extensions_bad);
		assert_int_equal(e.extension_count, 1);
		assert_int_equal(mpls_label_count(&e.extension[0]), 2);
		l = mpls_label_at(&e.extension[0], 0);
		assert_true(l.label == 16001 && l.tc == 5 && l.s == 0 && l.ttl == 1);
		l = mpls_label_at(&e.extension[0], 1);
		assert_true(l.label == 0xfffff && l.tc == 0 && l.s == 1 && l.ttl == 254);
	}
}

/* There is no length in an ICMPv6 packet-too-big, and so no room for labels. */
static void has_no_labels_where_there_is_no_length(void **state)
{
	struct icmp_error_spec s = spec_of(6, ICMP_KIND_TOO_BIG, QUOTE_RFC4884);
	struct mpls_label label = {1, 0, 1, 1};

	(void)state;
	s.labels = &label;
	s.label_count = 1;
	s.mtu = 1280;
	hex_octets(SYN6, offender, sizeof(offender));
	bounce(&s, 80);
	assert_false(e.extended);
	assert_int_equal(outer.payload.len, 80);
}

/* IP 198.51.100.1 > 192.0.2.7: ICMP time exceeded in-transit: `rest`, `body` octets of quote */
static size_t message(uint32_t rest, size_t body, const char *behind)
{
	size_t len = 28 + body;

	memset(octets, 0, sizeof(octets));
	hex_octets("4500 0000 0001 0000 4001 0000 c6336401 c0000207 0b00 0000", octets, 24);
	store_u32(octets + 24, rest);
	hex_octets(SYN, octets + 28, 60);
	len += hex_octets(behind, octets + len, 200);
	store_u16(octets + 2, (uint16_t)len);
	return len;
}

/* version 2, checksum 0xca0d; MPLS label 16001, tc 0, s 1, ttl 1 */
#define LABEL "2000 ca0d 0008 0101 03e81101"

static void reads_the_legacy_form(void **state)
{
	size_t len = message(0, 128, LABEL);

	(void)state;
	assert_int_equal(checksum_finish(checksum_add(0, octets + 156, 12)), 0);
	assert_int_equal(parse_len(len), 0);
	assert_false(e.extended);
	assert_int_equal(e.quote.len, 60);
	assert_int_equal(e.extension_count, 1);
	assert_int_equal(mpls_label_at(&e.extension[0], 0).label, 16001);
	/* a checksum that does not fit: nothing proves an extension */
	octets[160] ^= 1;
	assert_int_equal(parse_len(len), 0);
	assert_int_equal(e.extension_count, 0);
	assert_int_equal(e.quote.len, 140);
	/* nor does one that was not computed */
	message(0, 128, "2000 0000 0008 0101 03e81101");
	assert_int_equal(parse_len(len), 0);
	assert_int_equal(e.extension_count, 0);
	/* another version, with its checksum right */
	message(0, 128, "3000 ba0d 0008 0101 03e81101");
	assert_int_equal(checksum_finish(checksum_add(0, octets + 156, 12)), 0);
	assert_int_equal(parse_len(len), 0);
	assert_int_equal(e.extension_count, 0);
}

static void keeps_bad_extensions_apart(void **state)
{
	size_t len = message(32 << 16, 128, LABEL);

	(void)state;
	octets[160] ^= 1;
	assert_int_equal(parse_len(len), 0);
	assert_true(e.extended);
	assert_int_equal(e.quote.len, 60);
	assert_true(e.extensions_bad);
	/* announced, a checksum that was not computed will do */
	len = message(32 << 16, 128, "2000 0000 0008 0101 03e81101");
	assert_int_equal(parse_len(len), 0);
	assert_false(e.extensions_bad);
	assert_int_equal(e.extension_count, 1);
	/* an object that is longer than the structure, one of length 3, a header cut short */
	len = message(32 << 16, 128, "2000 0000 0009 0101 03e81101");
	assert_int_equal(parse_len(len), 0);
	assert_true(e.extensions_bad);
	assert_int_equal(e.extension_count, 0);
	len = message(32 << 16, 128, "2000 0000 0003 0101 03e81101");
	assert_int_equal(parse_len(len), 0);
	assert_true(e.extensions_bad);
	len = message(32 << 16, 128, "2000");
	assert_int_equal(parse_len(len), 0);
	assert_true(e.extensions_bad);
	assert_int_equal(e.quote.len, 60);
}

static void lengths_that_lie(void **state)
{
	(void)state;
	/* longer than the message */
	assert_int_equal(parse_len(message(200 << 16, 128, "")), 0);
	assert_false(e.extended);
	assert_int_equal(e.quote.len, 128);
	/* under 128 and no extensions behind: what others would call unused */
	assert_int_equal(parse_len(message(2 << 16, 60, "")), 0);
	assert_false(e.extended);
	assert_int_equal(e.quote.len, 60);
	/* under 128, but proved by what follows */
	assert_int_equal(parse_len(message(15 << 16, 60, LABEL)), 0);
	assert_true(e.extended);
	assert_int_equal(e.quote.len, 60);
	assert_int_equal(e.extension_count, 1);
	/* ends exactly with the message */
	assert_int_equal(parse_len(message(32 << 16, 128, "")), 0);
	assert_true(e.extended);
	assert_int_equal(e.extension_count, 0);
	assert_false(e.extensions_bad);
}

static void trims_zeros_only(void **state)
{
	size_t len = message(32 << 16, 128, LABEL);

	(void)state;
	/* the quoted length is garbled: 20 octets less than there are */
	store_u16(octets + 30, 40);
	assert_int_equal(parse_len(len), 0);
	assert_int_equal(e.quote.len, 128);
	/* no extension: what is there, is quote */
	len = message(0, 80, "");
	assert_int_equal(parse_len(len), 0);
	assert_int_equal(e.quote.len, 80);
}

static void takes_sixteen_extensions(void **state)
{
	char objects[400] = "2000 0000";

	(void)state;
	for (int i = 0; i < 20; i++)
		strcat(objects, "0004 0201");
	assert_int_equal(parse_len(message(32 << 16, 128, objects)), 0);
	assert_int_equal(e.extension_count, ICMP_EXTENSIONS_MAX);
	assert_false(e.extensions_bad);
	assert_int_equal(mpls_label_count(&e.extension[0]), 0);
}

static void refuses_what_is_no_error(void **state)
{
	size_t len;

	(void)state;
	/* IP 192.0.2.7 > 203.0.113.80: ICMP echo reply */
	len = hex_octets("4500 001c 0001 0000 4001 0000 c0000207 cb007150 0000 1234 00010002",
			 octets, 200);
	assert_int_equal(parse_len(len), ERR_MALFORMED);
	/* the same, cut after 4 octets of ICMP */
	assert_int_equal(parse_len(24), ERR_TRUNCATED);
	/* TCP */
	assert_int_equal(parse_len(hex_octets(SYN, octets, 200)), ERR_MALFORMED);
	/* IP6 2001:db8::1 > 2001:db8::2: ICMP6, echo request */
	len = hex_octets("60000000 0008 3a 40 20010db8000000000000000000000001"
			 "20010db8000000000000000000000002 8000 1234 00010001",
			 octets, 200);
	assert_int_equal(parse_len(len), ERR_MALFORMED);
	/* an unknown ICMPv6 error is an error */
	octets[40] = 100;
	assert_int_equal(parse_len(len), 0);
	assert_int_equal(e.kind, ICMP_KIND_OTHER_ERROR);
	/* source quench */
	len = message(0, 28, "");
	octets[20] = 4;
	assert_int_equal(parse_len(len), 0);
	assert_int_equal(e.kind, ICMP_KIND_OTHER_ERROR);
}

static void names_kinds_and_codes(void **state)
{
	(void)state;
	assert_string_equal(icmp_kind_name(ICMP_KIND_TIME_EXCEEDED), "time-exceeded");
	assert_string_equal(icmp_kind_name(ICMP_KIND_UNREACHABLE), "unreachable");
	assert_string_equal(icmp_unreachable_name(4, 13), "admin-prohibited");
	assert_string_equal(icmp_unreachable_name(6, 1), "admin-prohibited");
	assert_string_equal(icmp_unreachable_name(4, 3), "port");
	assert_string_equal(icmp_unreachable_name(6, 4), "port");
	assert_null(icmp_unreachable_name(4, 16));
	assert_null(icmp_unreachable_name(6, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quotes_by_policy),
	    cmocka_unit_test(kinds_and_codes),
	    cmocka_unit_test(carries_labels),
	    cmocka_unit_test(has_no_labels_where_there_is_no_length),
	    cmocka_unit_test(reads_the_legacy_form),
	    cmocka_unit_test(keeps_bad_extensions_apart),
	    cmocka_unit_test(lengths_that_lie),
	    cmocka_unit_test(trims_zeros_only),
	    cmocka_unit_test(takes_sixteen_extensions),
	    cmocka_unit_test(refuses_what_is_no_error),
	    cmocka_unit_test(names_kinds_and_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
