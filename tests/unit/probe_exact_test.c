/* The exact test against values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/engine.h"

static void test_values(void **state)
{
	(void)state;
	/* 5 of 5 lost against 0 of 5: one table in C(10, 5) = 252 */
	assert_float_equal(exact_test(5, 5, 5, 0), 1 / 252.0, 1e-9);
	/* 4 of 5 against 1 of 5: (25 + 1) / 252 */
	assert_float_equal(exact_test(5, 4, 5, 1), 26 / 252.0, 1e-9);
	/* 1 of 1 against 0 of 1 */
	assert_float_equal(exact_test(1, 1, 1, 0), 0.5, 1e-9);
}

static void test_says_nothing_without_difference(void **state)
{
	(void)state;
	assert_float_equal(exact_test(5, 0, 5, 0), 1, 1e-9);
	assert_float_equal(exact_test(5, 5, 5, 5), 1, 1e-9);
	assert_true(exact_test(10, 0, 10, 10) > 0.99);
}

static void test_enough_samples_decide(void **state)
{
	(void)state;
	assert_true(exact_test(4, 4, 4, 0) > 0.01);
	assert_true(exact_test(5, 5, 5, 0) < 0.01);
	assert_true(exact_test(20, 20, 5, 0) < 0.0001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_says_nothing_without_difference),
	    cmocka_unit_test(test_enough_samples_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
