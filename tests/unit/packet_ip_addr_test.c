#include "support/cmocka_all.h"

#include "packet/ip_addr.h"

static void prints_what_it_parses(void **state)
{
	static const struct {
		const char *given, *printed;
		uint8_t family;
	} rows[] = {
	    {"192.0.2.7", "192.0.2.7", 4},
	    {"255.255.255.255", "255.255.255.255", 4},
	    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", 6},
	    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 6},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 6},
	    {"::", "::", 6},
	    {"::ffff:192.0.2.7", "::ffff:192.0.2.7", 6},
	};
	char text[IP_ADDR_TEXT];
	struct ip_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ip_addr_parse(&a, rows[i].given));
		assert_int_equal(a.family, rows[i].family);
		assert_string_equal(ip_addr_print(&a, text), rows[i].printed);
	}
}

static void parses_numbers_only(void **state)
{
	static const char *const wrong[] = {
	    "",		"localhost",	  "192.0.2",	 "192.0.2.256",
	    "1.2.3.4 ", "2001:db8::1::2", "fe80::1%eth0"};
	char text[IP_ADDR_TEXT];
	struct ip_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(ip_addr_parse(&a, wrong[i]));
		assert_string_equal(ip_addr_print(&a, text), "-");
	}
}

static void families_differ(void **state)
{
	struct ip_addr a = ip_addr_v4((const uint8_t[4]){0}),
		       b = ip_addr_v6((const uint8_t[16]){0});
	struct ip_addr c = ip_addr_v4((const uint8_t[4]){0, 0, 0, 1});

	(void)state;
	assert_true(ip_addr_equal(&a, &a));
	assert_false(ip_addr_equal(&a, &b));
	assert_false(ip_addr_equal(&a, &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prints_what_it_parses),
	    cmocka_unit_test(parses_numbers_only),
	    cmocka_unit_test(families_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
