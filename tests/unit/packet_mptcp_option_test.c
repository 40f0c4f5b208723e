#include "support/cmocka_all.h"

#include <string.h>

#include "packet/mptcp_option.h"
#include "support/hex.h"
#include "util/error.h"

static uint8_t octets[64];
static struct tcp_option option;

static int parse(struct mptcp_option *m, const char *hex)
{
	struct tcp_option_list list;
	size_t len = hex_octets(hex, octets, sizeof(octets));

	tcp_options_parse(&list, span_of(octets, len));
	assert_int_equal(list.count, 1);
	option = list.item[0];
	memset(m, 0xa5, sizeof(*m));
	return mptcp_option_parse(m, &option);
}

static struct mptcp_option parsed(const char *hex)
{
	struct mptcp_option m;

	assert_int_equal(parse(&m, hex), 0);
	return m;
}

/* Every form, and what tcpdump prints for it (of MP_TCPRST it knows nothing). Keys, tokens and
 * HMACs are of real and recomputed handshakes. */
static const struct {
	const char *hex, *text;
} forms[] = {
    {"1e04 01 01", "mptcp 4 capable v1"},
    {"1e0c 01 81 ff2ec3a2f6151881", "mptcp 12 capable v1 csum {0xff2ec3a2f6151881}"},
    {"1e14 01 01 ff2ec3a2f6151881 54f04ad5bd2d9f42",
     "mptcp 20 capable v1 {0xff2ec3a2f6151881,0x54f04ad5bd2d9f42}"},
    {"1e16 01 01 ff2ec3a2f6151881 54f04ad5bd2d9f42 0006",
     "mptcp 22 capable v1 {0xff2ec3a2f6151881,0x54f04ad5bd2d9f42}"},
    {"1e18 01 81 ff2ec3a2f6151881 54f04ad5bd2d9f42 0006 c37e",
     "mptcp 24 capable v1 csum {0xff2ec3a2f6151881,0x54f04ad5bd2d9f42}"},
    {"1e0c 00 01 0102030405060708", "mptcp 12 capable v0 {0x102030405060708}"},
    {"1e14 00 81 0102030405060708 dbb760db1d55e07b",
     "mptcp 20 capable v0 csum {0x102030405060708,0xdbb760db1d55e07b}"},
    {"1e0c 10 01 eef7df2f c0d346f6", "mptcp 12 join id 1 token 0xeef7df2f nonce 0xc0d346f6"},
    {"1e0c 11 02 eef7df2f c0d346f6", "mptcp 12 join backup id 2 token 0xeef7df2f nonce 0xc0d346f6"},
    {"1e10 10 00 c7489cf7056428b4 0a54f9af",
     "mptcp 16 join id 0 hmac 0xc7489cf7056428b4 nonce 0xa54f9af"},
    {"1e18 10 00 b4e6a41bf5861313df7f5f454966998ad7e698a4",
     "mptcp 24 join hmac 0xb4e6a41bf5861313df7f5f454966998ad7e698a4"},
    {"1e04 20 00", "mptcp 4 dss"},
    {"1e04 20 10", "mptcp 4 dss fin"},
    {"1e08 20 01 00000009", "mptcp 8 dss ack 9"},
    {"1e0c 20 03 886540e5dce77f70", "mptcp 12 dss ack 9828333117803822960"},
    {"1e0e 20 04 0000000a 00000001 0006", "mptcp 14 dss seq 10 subseq 1 len 6"},
    {"1e10 20 04 0000000a 00000001 0006 c37e", "mptcp 16 dss seq 10 subseq 1 len 6 csum 0xc37e"},
    {"1e12 20 0c 000000010000000a 00000001 0006", "mptcp 18 dss seq 4294967306 subseq 1 len 6"},
    {"1e14 20 0c 000000010000000a 00000001 0006 c37e",
     "mptcp 20 dss seq 4294967306 subseq 1 len 6 csum 0xc37e"},
    {"1e12 20 05 00000009 0000000a 00000001 0006", "mptcp 18 dss ack 9 seq 10 subseq 1 len 6"},
    {"1e14 20 05 00000009 0000000a 00000001 0006 c37e",
     "mptcp 20 dss ack 9 seq 10 subseq 1 len 6 csum 0xc37e"},
    {"1e16 20 07 0000000100000009 0000000a 00000001 0006",
     "mptcp 22 dss ack 4294967305 seq 10 subseq 1 len 6"},
    {"1e18 20 07 0000000100000009 0000000a 00000001 0006 c37e",
     "mptcp 24 dss ack 4294967305 seq 10 subseq 1 len 6 csum 0xc37e"},
    {"1e16 20 0d 00000009 000000010000000a 00000001 0006",
     "mptcp 22 dss ack 9 seq 4294967306 subseq 1 len 6"},
    {"1e18 20 0d 00000009 000000010000000a 00000001 0006 c37e",
     "mptcp 24 dss ack 9 seq 4294967306 subseq 1 len 6 csum 0xc37e"},
    {"1e1a 20 0f 0000000100000009 000000010000000a 00000001 0006",
     "mptcp 26 dss ack 4294967305 seq 4294967306 subseq 1 len 6"},
    {"1e1c 20 1f 0000000100000009 000000010000000a 00000000 0001 075b",
     "mptcp 28 dss fin ack 4294967305 seq 4294967306 subseq 0 len 1 csum 0x75b"},
    {"1e1a 20 0f 0000000100000009 000000010000000a 00000001 0000",
     "mptcp 26 dss ack 4294967305 seq 4294967306 subseq 1 len 0"},
    {"1e10 30 01 c6336402 16d851969ca1889c",
     "mptcp 16 add-addr v1 id 1 198.51.100.2 hmac 0x16d851969ca1889c"},
    {"1e12 30 01 c6336402 20fb eac3405984033beb",
     "mptcp 18 add-addr v1 id 1 198.51.100.2:8443 hmac 0xeac3405984033beb"},
    {"1e1c 30 01 20010db8000000000000000000000002 ef06556eb61b4187",
     "mptcp 28 add-addr v1 id 1 2001:db8::2 hmac 0xef06556eb61b4187"},
    {"1e1e 30 01 20010db8000000000000000000000002 20fb ef06556eb61b4187",
     "mptcp 30 add-addr v1 id 1 2001:db8::2:8443 hmac 0xef06556eb61b4187"},
    {"1e08 31 01 c6336402", "mptcp 8 add-addr v1-echo id 1 198.51.100.2"},
    {"1e0a 31 01 c6336402 20fb", "mptcp 10 add-addr v1-echo id 1 198.51.100.2:8443"},
    {"1e14 31 01 20010db8000000000000000000000002", "mptcp 20 add-addr v1-echo id 1 2001:db8::2"},
    {"1e16 31 01 20010db8000000000000000000000002 20fb",
     "mptcp 22 add-addr v1-echo id 1 2001:db8::2:8443"},
    {"1e08 34 01 c6336402", "mptcp 8 add-addr v0-ip4 id 1 198.51.100.2"},
    {"1e0a 34 01 c6336402 20fb", "mptcp 10 add-addr v0-ip4 id 1 198.51.100.2:8443"},
    {"1e14 36 01 20010db8000000000000000000000002", "mptcp 20 add-addr v0-ip6 id 1 2001:db8::2"},
    {"1e16 36 01 20010db8000000000000000000000002 20fb",
     "mptcp 22 add-addr v0-ip6 id 1 2001:db8::2:8443"},
    {"1e04 40 07", "mptcp 4 rem-addr id 7"},
    {"1e06 40 01 02 fe", "mptcp 6 rem-addr id 1 2 254"},
    {"1e03 51", "mptcp 3 prio backup"},
    {"1e03 50", "mptcp 3 prio non-backup"},
    {"1e04 51 03", "mptcp 4 prio backup id 3"},
    {"1e0c 60 00 886540e5dce77f70", "mptcp 12 fail seq 9828333117803822960"},
    {"1e0c 70 00 54f04ad5bd2d9f42", "mptcp 12 fast-close key 0x54f04ad5bd2d9f42"},
    {"1e04 80 00", "mptcp 4 tcprst reason 0"},
    {"1e04 81 06", "mptcp 4 tcprst flags 0x1 reason 6"},
};

static void every_form_comes_back(void **state)
{
	uint8_t out[TCP_OPTIONS_MAX];
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct mptcp_option m = parsed(forms[i].hex);

		assert_int_equal(m.subtype, octets[2] >> 4);
		assert_int_equal(mptcp_option_build(&m, out, sizeof(out)), option.len);
		assert_memory_equal(out, octets, option.len);
		assert_int_equal(mptcp_option_build(&m, out, option.len - 1u), ERR_NOSPACE);
		buf_clear(&text);
		tcp_option_print(&text, &option);
		assert_string_equal(buf_text(&text), forms[i].text);
	}
	buf_fini(&text);
}

static void reads_keys(void **state)
{
	/* mptcp 24 capable v1 csum {0xff2ec3a2f6151881,0x54f04ad5bd2d9f42}, length 6, csum 0xc37e
	 */
	struct mptcp_option m = parsed("1e18 01 81 ff2ec3a2f6151881 54f04ad5bd2d9f42 0006 c37e");

	(void)state;
	assert_int_equal(m.subtype, MPTCP_CAPABLE);
	assert_int_equal(m.capable.version, 1);
	assert_int_equal(m.capable.flags, MPTCP_CAPABLE_A | MPTCP_CAPABLE_H);
	assert_true(m.capable.has_sender_key && m.capable.has_receiver_key);
	assert_true(m.capable.has_data_len && m.capable.has_checksum);
	assert_true(m.capable.sender_key == 0xff2ec3a2f6151881);
	assert_true(m.capable.receiver_key == 0x54f04ad5bd2d9f42);
	assert_int_equal(m.capable.data_len, 6);
	assert_int_equal(m.capable.checksum, 0xc37e);
	/* mptcp 4 capable v1 */
	m = parsed("1e04 01 01");
	assert_false(m.capable.has_sender_key || m.capable.has_data_len || m.capable.sender_key);
	/* mptcp 12 capable v0 {0x102030405060708} */
	m = parsed("1e0c 00 01 0102030405060708");
	assert_int_equal(m.capable.version, 0);
	assert_true(m.capable.has_sender_key && !m.capable.has_receiver_key);
}

static void reads_joins(void **state)
{
	/* mptcp 12 join backup id 2 token 0xeef7df2f nonce 0xc0d346f6 */
	struct mptcp_option m = parsed("1e0c 11 02 eef7df2f c0d346f6");

	(void)state;
	assert_int_equal(m.join.len, 12);
	assert_true(m.join.backup);
	assert_int_equal(m.join.address_id, 2);
	assert_int_equal(m.join.token, 0xeef7df2f);
	assert_int_equal(m.join.nonce, 0xc0d346f6);
	assert_int_equal(m.join.hmac.len, 0);
	/* mptcp 16 join id 0 hmac 0xc7489cf7056428b4 nonce 0xa54f9af */
	m = parsed("1e10 10 00 c7489cf7056428b4 0a54f9af");
	assert_int_equal(m.join.hmac.len, 8);
	assert_ptr_equal(m.join.hmac.at, octets + 4);
	assert_int_equal(m.join.nonce, 0x0a54f9af);
}

static void reads_addresses(void **state)
{
	/* mptcp 18 add-addr v1 id 1 198.51.100.2:8443 hmac 0xeac3405984033beb */
	struct mptcp_option m = parsed("1e12 30 01 c6336402 20fb eac3405984033beb");

	(void)state;
	assert_false(m.add_addr.echo || m.add_addr.v0);
	assert_int_equal(m.add_addr.addr.family, 4);
	assert_true(m.add_addr.has_port);
	assert_int_equal(m.add_addr.port, 8443);
	assert_int_equal(m.add_addr.hmac.len, 8);
	/* mptcp 20 add-addr v1-echo id 1 2001:db8::2 */
	m = parsed("1e14 31 01 20010db8000000000000000000000002");
	assert_true(m.add_addr.echo && !m.add_addr.v0 && !m.add_addr.has_port);
	assert_int_equal(m.add_addr.addr.family, 6);
	/* mptcp 8 add-addr v0-ip4 id 1 198.51.100.2 */
	m = parsed("1e08 34 01 c6336402");
	assert_true(m.add_addr.v0 && !m.add_addr.echo);
}

static void ignores_reserved_bits(void **state)
{
	/* mptcp 12 join id 1 token 0xeef7df2f nonce 0xc0d346f6, reserved bits set */
	struct mptcp_option m = parsed("1e0c 1e 01 eef7df2f c0d346f6");

	(void)state;
	assert_false(m.join.backup);
	assert_int_equal(m.join.token, 0xeef7df2f);
	/* mptcp 12 fail seq 1, reserved bits set */
	m = parsed("1e0c 6f ff 0000000000000001");
	assert_true(m.fail_dsn == 1);
	/* mptcp 8 dss ack 9, the bit for eight octets of a DSN without the bit for a DSN */
	m = parsed("1e08 20 09 00000009");
	assert_int_equal(m.dss.ack, 9);
}

static void refuses_what_is_no_form(void **state)
{
	static const char *const wrong[] = {
	    "1e05 01 01 00",					 /* capable v1 of length 5 */
	    "1e04 00 01",					 /* capable v0 without a key */
	    "1e16 00 01 ff2ec3a2f6151881 54f04ad5bd2d9f42 0006", /* capable v0 with a length */
	    "1e0c 02 01 0102030405060708",			 /* capable v2 */
	    "1e0d 10 01 eef7df2f c0d346f6 00",			 /* join of length 13 */
	    "1e08 20 03 00000009",	/* dss: eight octets of ack in four */
	    "1e0a 20 01 00000009 c37e", /* dss: a checksum without a mapping */
	    "1e08 30 01 c6336402",	/* add-addr v1 without an HMAC */
	    "1e08 36 01 c6336402",	/* add-addr v0 of an IPv6 address in four octets */
	    "1e10 31 01 c6336402 16d851969ca1889c", /* an echo with an HMAC */
	    "1e03 40",				    /* rem-addr of nothing */
	    "1e05 51 03 00",
	    "1e04 60 00",
	    "1e0b 70 00 54f04ad5bd2d9f",
	    "1e03 80",
	    "1e04 90 00",
	    "1e04 f0 00",
	};
	struct mptcp_option m;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(&m, wrong[i]), ERR_MALFORMED);
		assert_int_equal(m.subtype, octets[2] >> 4);
	}
	/* too short for a subtype, and reaching past the area */
	assert_int_equal(parse(&m, "1e02"), ERR_MALFORMED);
	assert_int_equal(parse(&m, "1e0c 01 01"), ERR_MALFORMED);
	assert_int_equal(m.subtype, MPTCP_CAPABLE);
}

static void builds_what_was_asked_for(void **state)
{
	struct mptcp_option m = {.subtype = MPTCP_CAPABLE, .capable = {.version = 2, .flags = 1}};
	uint8_t out[TCP_OPTIONS_MAX];

	(void)state;
	/* any version, for probing */
	assert_int_equal(mptcp_option_build(&m, out, sizeof(out)), 4);
	assert_memory_equal(out, "\x1e\x04\x02\x01", 4);
	m.capable.version = 0;
	m.capable.has_sender_key = true;
	assert_int_equal(mptcp_option_build(&m, out, sizeof(out)), 12);
	/* no such form: a length without keys, a join of 13, a checksum without a mapping */
	m.capable.has_sender_key = false;
	m.capable.has_data_len = true;
	assert_int_equal(mptcp_option_build(&m, out, sizeof(out)), ERR_MALFORMED);
	m = (struct mptcp_option){.subtype = MPTCP_JOIN, .join = {.len = 13}};
	assert_int_equal(mptcp_option_build(&m, out, sizeof(out)), ERR_MALFORMED);
	m = (struct mptcp_option){.subtype = MPTCP_DSS, .dss = {.flags = 1, .has_checksum = true}};
	assert_int_equal(mptcp_option_build(&m, out, sizeof(out)), ERR_MALFORMED);
	/* an HMAC that is too short is padded */
	m = (struct mptcp_option){.subtype = MPTCP_JOIN,
				  .join = {.len = 24, .hmac = span_of("\xff\xff", 2)}};
	assert_int_equal(mptcp_option_build(&m, out, sizeof(out)), 24);
	assert_memory_equal(out, "\x1e\x18\x10\x00\xff\xff\x00\x00", 8);
}

static void names_go_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= MPTCP_TCPRST; i++)
		assert_int_equal(mptcp_subtype_by_name(mptcp_subtype_name(i)), i);
	assert_string_equal(mptcp_subtype_name(MPTCP_FASTCLOSE), "mp_fastclose");
	assert_null(mptcp_subtype_name(9));
	assert_null(mptcp_subtype_name(15));
	assert_int_equal(mptcp_subtype_by_name("capable"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_form_comes_back),
	    cmocka_unit_test(reads_keys),
	    cmocka_unit_test(reads_joins),
	    cmocka_unit_test(reads_addresses),
	    cmocka_unit_test(ignores_reserved_bits),
	    cmocka_unit_test(refuses_what_is_no_form),
	    cmocka_unit_test(builds_what_was_asked_for),
	    cmocka_unit_test(names_go_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
