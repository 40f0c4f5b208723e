/* SipHash-2-4 (Aumasson and Bernstein): a short hash that nobody can aim at who does not know the
 * key. For hash tables whose keys come from a wire. */
#ifndef MBOXTRACE_UTIL_SIPHASH_H
#define MBOXTRACE_UTIL_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k[2];
};

uint64_t siphash(const struct siphash_key *key, const void *at, size_t len);

#endif
