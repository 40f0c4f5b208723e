#include "support/cmocka_all.h"

#include <string.h>

#include "mptcp/key.h"
#include "packet/checksum.h"
#include "support/hex.h"
#include "util/octets.h"

/* The last four rows are a real kernel's: tokens and IDSNs as `ss` printed them. */
static void tokens_and_idsns(void **state)
{
	static const struct {
		uint64_t key;
		uint32_t token_v1;
		uint64_t idsn_v1;
		uint32_t token_v0;
		uint64_t idsn_v0;
	} row[] = {
	    {0, 0xaf5570f5, 0xe5b2328de0e83dfc, 0x05fe4057, 0xac558654f107c7e9},
	    {1, 0xcd266215, 0x19ec509083d00a50, 0xcb473678, 0x38f11011007ad27d},
	    {2, 0xcd04a475, 0x886540e5dce77f70, 0x07aae1b6, 0xfa1723bef8656fe4},
	    {0x0102030405060708, 0x66840dda, 0xf5a101d3d29d6f72, 0xdd5783bc, 0x3a95ed6e4ebb4ad5},
	    {UINT64_MAX, 0x12a3ae44, 0x57fb595bbbacf0ca, 0xbe673e8a, 0x866701c11ef8e089},
	    {0x45edb502d861e7b1, 0x5bba80d9, 0x2266a099179e2475, 0x31720fb9, 0x9cd1c07fa6a5b277},
	    {0xdbb760db1d55e07b, 0xc1f12b87, 0xde9999038d0a29a1, 0x1237b156, 0xc7a1dd5bc6deb03e},
	    {0x54f04ad5bd2d9f42, 0xeef7df2f, 0xd0568f430363c9a9, 0x4176470a, 0xf13f29b9928699e3},
	    {0xff2ec3a2f6151881, 0xe1e3cdeb, 0x1045ecfa3f05f4d9, 0xb7679725, 0xec16ef249a9a7c19},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(key_token(1, row[i].key), row[i].token_v1);
		assert_true(key_idsn(1, row[i].key) == row[i].idsn_v1);
		assert_int_equal(key_token(0, row[i].key), row[i].token_v0);
		assert_true(key_idsn(0, row[i].key) == row[i].idsn_v0);
	}
}

static void check_octets(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t expected[KEY_HMAC_MAX];

	assert_int_equal(hex_octets(hex, expected, sizeof(expected)), len);
	assert_memory_equal(got, expected, len);
}

/* A captured MP_JOIN between two kernels:
 *   SYN      mptcp 12 join id .. token .. nonce 0xc0d346f6
 *   SYN/ACK  mptcp 16 join id .. hmac 0xc7489cf7056428b4 nonce 0xa54f9af
 *   ACK      mptcp 24 join hmac 0xb4e6a41bf5861313df7f5f454966998ad7e698a4 */
static void join_of_a_real_capture(void **state)
{
	const uint64_t client = 0xff2ec3a2f6151881, server = 0x54f04ad5bd2d9f42;
	const uint32_t client_nonce = 0xc0d346f6, server_nonce = 0x0a54f9af;
	uint8_t hmac[KEY_HMAC_MAX];

	(void)state;
	assert_int_equal(key_join_hmac(1, server, client, server_nonce, client_nonce, hmac), 32);
	check_octets(hmac, 8, "c7489cf7056428b4");
	assert_int_equal(key_join_hmac(1, client, server, client_nonce, server_nonce, hmac), 32);
	check_octets(hmac, 20, "b4e6a41bf5861313df7f5f454966998ad7e698a4");
}

/* The kernel's own vectors: their "hexadecimal" strings are ASCII, two keys of eight characters
 * and two nonces of four. Decoding the digits does not give these results. */
static void joins_of_the_kernels_tests(void **state)
{
	static const struct {
		const char *key, *nonces, *hmac;
	} row[] = {
	    {"0b0b0b0b0b0b0b0b", "48692054",
	     "8385e24fb4235ac37556b6b886db106284a1da671699f46db1f235ec622dcafa"},
	    {"aaaaaaaaaaaaaaaa", "dddddddd",
	     "2c5e219164ff1dca1c4a92318d847bb6b9d44492984e1eb71aff9022f71046e9"},
	    {"0102030405060708", "cdcdcdcd",
	     "e73b9ba9969969cefb04aa0d6df18ec2fcc075b6f23b4d8c4da736a5dbbc6e7d"},
	};
	uint8_t hmac[KEY_HMAC_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const uint8_t *key = (const uint8_t *)row[i].key,
			      *nonces = (const uint8_t *)row[i].nonces;

		assert_int_equal(key_join_hmac(1, load_u64(key), load_u64(key + 8),
					       load_u32(nonces), load_u32(nonces + 4), hmac),
				 32);
		check_octets(hmac, 32, row[i].hmac);
	}
	key_join_hmac(1, 0x0b0b0b0b, 0x0b0b0b0b, 0x4869, 0x2054, hmac);
	assert_int_not_equal(load_u32(hmac), 0x8385e24f);
}

/* HMAC-SHA1 of the same keys and nonces, as computed by another implementation. */
static void join_of_version_0(void **state)
{
	uint8_t hmac[KEY_HMAC_MAX];

	(void)state;
	assert_int_equal(
	    key_join_hmac(0, 0xff2ec3a2f6151881, 0x54f04ad5bd2d9f42, 0xc0d346f6, 0x0a54f9af, hmac),
	    20);
	check_octets(hmac, 20, "e83116f564e07a713ec51172f1899c7a576d961f");
}

static void announced_addresses(void **state)
{
	static const struct {
		const char *addr;
		uint16_t port;
		const char *hmac;
	} row[] = {
	    {"198.51.100.2", 0, "16d851969ca1889c"},
	    {"198.51.100.2", 8443, "eac3405984033beb"},
	    {"2001:db8::2", 0, "ef06556eb61b4187"},
	};
	struct ip_addr addr;
	uint8_t hmac[8];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_true(ip_addr_parse(&addr, row[i].addr));
		key_add_addr_hmac(2, 1, 1, &addr, row[i].port, hmac);
		check_octets(hmac, 8, row[i].hmac);
	}
}

static void dss_checksums(void **state)
{
	(void)state;
	assert_int_equal(key_dss_checksum(0x19ec509083d00a51, 1, 6, checksum_add(0, "hello\n", 6)),
			 0xc37e);
	/* an odd payload is padded */
	assert_int_equal(key_dss_checksum(0x19ec509083d00a51, 1, 5, checksum_add(0, "hello", 5)),
			 0xc389);
	/* DATA_FIN alone: it counts in the length, and has no octet */
	assert_int_equal(key_dss_checksum(0x19ec509083d00a57, 0, 1, 0), 0x075b);
}

/* However large the running sum has grown, nothing is carried away. */
static void dss_checksum_of_a_full_sum(void **state)
{
	(void)state;
	assert_int_equal(key_dss_checksum(1, 1, 6, UINT64_MAX), key_dss_checksum(1, 1, 6, 0));
}

static void equality(void **state)
{
	uint8_t a[20] = {1, 2, 3}, b[20] = {1, 2, 3};

	(void)state;
	assert_true(key_equal(a, b, sizeof(a)));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] ^= 0x80;
		assert_false(key_equal(a, b, sizeof(a)));
		assert_true(key_equal(a, b, i));
		b[i] ^= 0x80;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tokens_and_idsns),		  cmocka_unit_test(join_of_a_real_capture),
	    cmocka_unit_test(joins_of_the_kernels_tests), cmocka_unit_test(join_of_version_0),
	    cmocka_unit_test(announced_addresses),	  cmocka_unit_test(dss_checksums),
	    cmocka_unit_test(dss_checksum_of_a_full_sum), cmocka_unit_test(equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
