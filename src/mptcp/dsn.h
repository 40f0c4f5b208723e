/* Data sequence numbers: 64 bits that wrap (RFC 8684 §3.3.1). */
#ifndef MBOXTRACE_MPTCP_DSN_H
#define MBOXTRACE_MPTCP_DSN_H

#include <stdbool.h>
#include <stdint.h>

static inline bool dsn_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* A number as it arrived, whole or the lower half of it: of all that end in it, the one that is
 * closest to what is expected. */
static inline uint64_t dsn_expand(uint64_t value, bool whole, uint64_t expected)
{
	if (whole)
		return value;
	return expected + (uint64_t)(int64_t)(int32_t)((uint32_t)value - (uint32_t)expected);
}

/* How fast numbers are used up. Half of one could be of either of two that are 2^32 apart, were
 * both on the network at once: whole ones must be sent where 32 bits could wrap within the lifetime
 * of a segment. */
struct dsn_pace {
	uint64_t from; /* where the span at hand began */
	int64_t since_ns;
	bool fast;
};

/* All before `dsn` is used up. */
void dsn_passed(struct dsn_pace *pace, uint64_t dsn, int64_t now_ns);

#endif
