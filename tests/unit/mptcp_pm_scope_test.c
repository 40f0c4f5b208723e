#include "support/cmocka_all.h"

#include "mptcp/pm_scope.h"

static void scopes(void **state)
{
	static const struct {
		const char *addr;
		enum pm_scope scope;
	} row[] = {
	    {"0.0.0.0", SCOPE_NOBODY},
	    {"9.255.255.255", SCOPE_GLOBAL},
	    {"10.0.0.0", SCOPE_PRIVATE},
	    {"10.255.255.255", SCOPE_PRIVATE},
	    {"11.0.0.0", SCOPE_GLOBAL},
	    {"100.63.255.255", SCOPE_GLOBAL},
	    {"100.64.0.0", SCOPE_PRIVATE},
	    {"100.127.255.255", SCOPE_PRIVATE},
	    {"100.128.0.0", SCOPE_GLOBAL},
	    {"127.0.0.1", SCOPE_HOST},
	    {"127.255.255.255", SCOPE_HOST},
	    {"169.254.1.1", SCOPE_LINK},
	    {"172.15.255.255", SCOPE_GLOBAL},
	    {"172.16.0.0", SCOPE_PRIVATE},
	    {"172.31.255.255", SCOPE_PRIVATE},
	    {"172.32.0.0", SCOPE_GLOBAL},
	    {"192.168.0.1", SCOPE_PRIVATE},
	    {"192.169.0.1", SCOPE_GLOBAL},
	    {"223.255.255.255", SCOPE_GLOBAL},
	    {"224.0.0.1", SCOPE_NOBODY},
	    {"240.0.0.1", SCOPE_NOBODY},
	    {"255.255.255.255", SCOPE_NOBODY},
	    {"::", SCOPE_NOBODY},
	    {"::1", SCOPE_HOST},
	    {"::ffff:192.0.2.1", SCOPE_NOBODY},
	    {"2001:db8::1", SCOPE_GLOBAL},
	    {"fbff::1", SCOPE_GLOBAL},
	    {"fc00::1", SCOPE_PRIVATE},
	    {"fdff::1", SCOPE_PRIVATE},
	    {"fe80::1", SCOPE_LINK},
	    {"febf::1", SCOPE_LINK},
	    {"ff02::1", SCOPE_NOBODY},
	};
	struct ip_addr addr = {0};

	(void)state;
	assert_int_equal(pm_scope(&addr), SCOPE_NOBODY);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_true(ip_addr_parse(&addr, row[i].addr));
		if (pm_scope(&addr) != row[i].scope)
			fail_msg("%s", row[i].addr);
	}
}

static void subnets(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned same; /* the longest prefix that they share */
	} row[] = {
	    {"192.0.2.1", "192.0.2.1", 32},	 {"192.0.2.128", "192.0.2.1", 24},
	    {"192.0.2.1", "64.0.2.1", 0},	 {"2001:db8::1", "2001:db8::1", 128},
	    {"2001:db8::1", "2001:db8::2", 126}, {"2001:db8:8000::1", "2001:db8::1", 32},
	};
	struct ip_addr a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		ip_addr_parse(&a, row[i].a);
		ip_addr_parse(&b, row[i].b);
		assert_true(pm_same_subnet(&a, &b, row[i].same));
		if (row[i].same % 32)
			assert_false(pm_same_subnet(&a, &b, row[i].same + 1));
	}
	ip_addr_parse(&a, "192.0.2.1");
	assert_false(pm_same_subnet(&a, &b, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scopes),
	    cmocka_unit_test(subnets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
