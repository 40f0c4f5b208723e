/* Comparisons of 32-bit sequence numbers that wrap (RFC 9293 §3.4). */
#ifndef MBOXTRACE_UTIL_SEQ_H
#define MBOXTRACE_UTIL_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

#endif
