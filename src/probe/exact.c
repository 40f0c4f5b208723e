/* Fisher's exact test, one-sided, on a two by two table. */
#include <math.h>

#include "probe/engine.h"

static double log_choose(uint32_t n, uint32_t k)
{
	return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

double exact_test(uint32_t asked, uint32_t lost, uint32_t control_asked, uint32_t control_lost)
{
	uint32_t total = asked + control_asked, all_lost = lost + control_lost;
	double p = 0;

	for (uint32_t k = lost; k <= asked && k <= all_lost; k++) {
		if (all_lost - k > control_asked)
			continue;
		p += exp(log_choose(asked, k) + log_choose(control_asked, all_lost - k) -
			 log_choose(total, all_lost));
	}
	return p > 1 ? 1 : p;
}
