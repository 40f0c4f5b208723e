#include "support/cmocka_all.h"
#include "util/siphash.h"

/* The example of the paper's appendix A, and the first of its list of vectors: key 00 to 0f,
 * message 00, 01, 02, … */
static void vectors(void **state)
{
	const struct siphash_key key = {
	    {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
	uint8_t message[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	assert_int_equal(siphash(&key, message, 15), UINT64_C(0xa129ca6149be45e5));
	assert_int_equal(siphash(&key, message, 0), UINT64_C(0x726fdb47dd0e0e31));
	assert_int_equal(siphash(&key, message, 8), UINT64_C(0x93f5f5799a932462));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
