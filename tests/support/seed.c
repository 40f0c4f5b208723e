#include "support/seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The same run each time, so that a red one can be believed; others by MBOXTRACE_SEED. */
#define DEFAULT_SEED 1

struct rng test_rng(const char *test)
{
	const char *given = getenv("MBOXTRACE_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : DEFAULT_SEED;
	struct rng r;

	printf("# %s: MBOXTRACE_SEED=%" PRIu64 "\n", test, seed);
	rng_seed(&r, seed);
	return r;
}
