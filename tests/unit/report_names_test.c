#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "report/names.h"
#include "support/sample_trace.h"
#include "util/time.h"

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* 192.0.2.1 is called one, 192.0.2.2 attacks terminals, others have no name. */
static bool lookup(const struct ip_addr *addr, char out[NAME_TEXT])
{
	strcpy(out, addr->octets[3] == 1 ? "one.example.net" : "\033[2Jtwo");
	return addr->octets[3] <= 2;
}

static bool lookup_never(const struct ip_addr *addr, char out[NAME_TEXT])
{
	struct timespec long_time = {.tv_sec = 600};

	(void)addr;
	(void)out;
	nanosleep(&long_time, NULL);
	return false;
}

static enum name_state settled(struct names *n, const char *addr, char out[NAME_TEXT])
{
	struct ip_addr a = sample_addr(addr);

	names_get(n, &a, out);
	names_settle(n, 300 * NS_PER_S);
	return names_get(n, &a, out);
}

static void test_known_and_unknown(void **state)
{
	struct names *n = names_new(lookup);
	char name[NAME_TEXT];

	(void)state;
	assert_int_equal(settled(n, "192.0.2.1", name), NAME_KNOWN);
	assert_string_equal(name, "one.example.net");
	assert_int_equal(settled(n, "192.0.2.3", name), NAME_NONE);
	names_free(n);
}

static void test_name_with_control_characters(void **state)
{
	struct names *n = names_new(lookup);
	char name[NAME_TEXT];

	(void)state;
	assert_int_equal(settled(n, "192.0.2.2", name), NAME_NONE);
	names_free(n);
}

static void test_hanging_resolver_holds_up_nobody(void **state)
{
	struct names *n = names_new(lookup_never);
	struct ip_addr addr = sample_addr("192.0.2.1");
	int64_t start = now_ns();
	char name[NAME_TEXT];

	(void)state;
	assert_int_equal(names_get(n, &addr, name), NAME_PENDING);
	names_settle(n, 50 * NS_PER_MS);
	assert_int_equal(names_get(n, &addr, name), NAME_PENDING);
	assert_true(now_ns() - start >= 50 * NS_PER_MS);
	names_free(n);
	assert_true(now_ns() - start < 300 * NS_PER_S);
}

static void test_more_than_fit(void **state)
{
	struct names *n = names_new(lookup_never);
	struct ip_addr addr = sample_addr("10.0.0.0");
	enum name_state last = NAME_PENDING;
	char name[NAME_TEXT];

	(void)state;
	for (unsigned i = 0; i < 1 << 16 && last == NAME_PENDING; i++) {
		addr.octets[2] = (uint8_t)(i >> 8);
		addr.octets[3] = (uint8_t)i;
		last = names_get(n, &addr, name);
	}
	assert_int_equal(last, NAME_NONE);
	names_free(n);
}

static void test_none_at_all(void **state)
{
	struct ip_addr addr = sample_addr("192.0.2.1");
	char name[NAME_TEXT];

	(void)state;
	assert_int_equal(names_get(NULL, &addr, name), NAME_NONE);
	names_settle(NULL, NS_PER_S);
	names_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_and_unknown),
	    cmocka_unit_test(test_name_with_control_characters),
	    cmocka_unit_test(test_hanging_resolver_holds_up_nobody),
	    cmocka_unit_test(test_more_than_fit),
	    cmocka_unit_test(test_none_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
