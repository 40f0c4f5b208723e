#include "support/cmocka_all.h"

#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/tcp_option.h"
#include "support/hex.h"
#include "support/random_packet.h"
#include "support/seed.h"

static uint8_t area[64];
static struct tcp_option_list list;

static void parse(const char *hex)
{
	memset(&list, 0xa5, sizeof(list));
	tcp_options_parse(&list, span_of(area, hex_octets(hex, area, sizeof(area))));
}

static void splits_an_area(void **state)
{
	(void)state;
	/* mss 1460,sackOK,nop,wscale 7,mptcp 4 capable v1 */
	parse("020405b4 0402 01 030307 1e040181");
	assert_int_equal(list.count, 5);
	assert_int_equal(list.item[1].kind, TCP_OPT_SACK_PERM);
	assert_int_equal(list.item[2].len, 1);
	assert_ptr_equal(list.item[4].at, area + 10);
	assert_int_equal(list.tail.len, 0);
	assert_ptr_equal(tcp_option_find(&list, TCP_OPT_WSCALE, -1), &list.item[3]);
	assert_ptr_equal(tcp_option_find(&list, TCP_OPT_MPTCP, MPTCP_CAPABLE), &list.item[4]);
	assert_null(tcp_option_find(&list, TCP_OPT_MPTCP, MPTCP_JOIN));
	assert_null(tcp_option_find(&list, TCP_OPT_SACK, -1));
}

static void keeps_what_an_eol_cuts_off(void **state)
{
	(void)state;
	/* mss 1460,eol and behind it mptcp 4 capable v1, 3 zeros */
	parse("020405b4 00 1e040181 000000");
	assert_int_equal(list.count, 2);
	assert_int_equal(list.item[1].kind, TCP_OPT_EOL);
	assert_int_equal(list.tail.len, 7);
	assert_null(tcp_option_find(&list, TCP_OPT_MPTCP, -1));
}

static void keeps_what_is_malformed(void **state)
{
	(void)state;
	/* mss 1460, kind 30 of length 0 */
	parse("020405b4 1e000181");
	assert_int_equal(list.count, 2);
	assert_true(list.item[1].malformed);
	assert_int_equal(list.item[1].len, 4);
	/* length 1; one past the end; no length octet */
	parse("1e010181");
	assert_true(list.item[0].malformed);
	parse("1e050181");
	assert_true(list.item[0].malformed);
	parse("0101011e");
	assert_true(list.item[3].malformed);
	assert_int_equal(list.item[3].len, 1);
	assert_int_equal(mptcp_subtype_of(&list.item[3]), -1);
	/* not malformed: the shortest, and one that just fits */
	parse("1e02 1e020101");
	assert_false(list.item[0].malformed);
	parse("1e040181");
	assert_false(list.item[0].malformed);
}

static void takes_forty_options(void **state)
{
	(void)state;
	memset(area, TCP_OPT_NOP, sizeof(area));
	tcp_options_parse(&list, span_of(area, 40));
	assert_int_equal(list.count, 40);
	tcp_options_parse(&list, span_of(area, 0));
	assert_int_equal(list.count, 0);
}

static void loses_no_octet(void **state)
{
	struct rng r = test_rng("tcp_options_parse");

	(void)state;
	for (int n = 0; n < 50000; n++) {
		size_t len = random_options(&r, area), sum = 0;

		for (uint32_t flips = rng_below(&r, 3); flips && len; flips--)
			area[rng_below(&r, (uint32_t)len)] = (uint8_t)rng_u32(&r);
		tcp_options_parse(&list, span_of(area, len));
		for (size_t i = 0; i < list.count; i++) {
			assert_ptr_equal(list.item[i].at, area + sum);
			sum += list.item[i].len;
		}
		assert_int_equal(sum + list.tail.len, len);
	}
}

/* Name and text of the first option of an area; the text is tcpdump's but where noted. */
static const struct {
	const char *hex, *field, *text;
} options[] = {
    {"00", "tcp.options.eol", "eol"},
    {"01", "tcp.options.nop", "nop"},
    {"020405b4", "tcp.options.mss_val", "mss 1460"},
    {"02050102ff", "tcp.options.mss_val", "mss 258[len 5]"},
    {"030307", "tcp.options.wscale.shift", "wscale 7"},
    {"0402", "tcp.options.sack_perm", "sackOK"},
    {"0512 0000000100000002 0000000300000004", "tcp.options.sack", "sack 2 {1:2}{3:4}"},
    {"080a 00000001 fffffffe", "tcp.options.timestamp", "TS val 1 ecr 4294967294"},
    {"1312 000102030405060708090a0b0c0d0e0f", "tcp.options.md5",
     "md5 can't check - 000102030405060708090a0b0c0d0e0f"},    /* tcpdump speaks of its -M here */
    {"1c048003", "tcp.options.user_to_val", "uto 0x8003 180"}, /* tcpdump takes the wrong bit */
    {"1d080102 a1b2c3d4", "tcp.options.ao", "tcp-ao keyid 1 rnextkeyid 2 mac 0xa1b2c3d4"},
    {"2202", "tcp.options.tfo", "tfo  cookiereq"},
    {"220a 2657f58b2de43e0e", "tcp.options.tfo", "tfo  cookie 2657f58b2de43e0e"},
    {"fd04dead", "tcp.options.kind_253", "unknown-253 0xdead"},
    {"fe04dead", "tcp.options.kind_254", "exp-dead"},
    {"fe04f989", "tcp.options.kind_254", "exp-tfo cookiereq"},
    {"4d05010203", "tcp.options.kind_77", "unknown-77 0x010203"},
    {"4d02", "tcp.options.kind_77", "unknown-77"},
    {"1e040181", "tcp.options.mptcp.mp_capable", "mptcp 4 capable v1 csum"},
    {"1e0490ff", "tcp.options.mptcp.subtype_9", "mptcp 4 unknown 0x90ff"},
    {"1e02", "tcp.options.mptcp", "mptcp 2"},
    /* malformed: tcpdump shows none of the octets */
    {"0206", "tcp.options.mss_val", "mss 0x06[bad opt]"},
    {"020301", "tcp.options.mss_val", "mss 0x0301[bad opt]"},
    {"1e032000", "tcp.options.mptcp.dss", "mptcp 3 dss 0x20[bad opt]"},
};

static void names_and_prints(void **state)
{
	char field[TCP_OPTION_FIELD_MAX];
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		parse(options[i].hex);
		tcp_option_field(&list.item[0], field);
		assert_string_equal(field, options[i].field);
		buf_clear(&text);
		tcp_option_print(&text, &list.item[0]);
		assert_string_equal(buf_text(&text), options[i].text);
	}
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_an_area),	       cmocka_unit_test(keeps_what_an_eol_cuts_off),
	    cmocka_unit_test(keeps_what_is_malformed), cmocka_unit_test(takes_forty_options),
	    cmocka_unit_test(loses_no_octet),	       cmocka_unit_test(names_and_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
