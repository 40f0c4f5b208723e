#include "support/seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct rng test_rng(const char *test)
{
	const char *given = getenv("MBOXTRACE_SEED");
	struct timespec now;
	struct rng r;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = given ? strtoull(given, NULL, 0)
		     : (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec;
	printf("# %s: MBOXTRACE_SEED=%" PRIu64 "\n", test, seed);
	rng_seed(&r, seed);
	return r;
}
