/* The seed of a randomised test: MBOXTRACE_SEED of the environment, or always the same; printed. */
#ifndef MBOXTRACE_TESTS_SUPPORT_SEED_H
#define MBOXTRACE_TESTS_SUPPORT_SEED_H

#include "util/rng.h"

struct rng test_rng(const char *test);

#endif
