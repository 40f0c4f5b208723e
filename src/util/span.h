/* A view over octets that somebody else owns. */
#ifndef MBOXTRACE_UTIL_SPAN_H
#define MBOXTRACE_UTIL_SPAN_H

#include <stddef.h>
#include <stdint.h>

struct span {
	const uint8_t *at;
	size_t len;
};

static inline struct span span_of(const void *at, size_t len)
{
	return (struct span){.at = at, .len = len};
}

/* The part of `s` from `from` on, at most `len` octets; empty if out of range. */
static inline struct span span_cut(struct span s, size_t from, size_t len)
{
	if (from > s.len)
		from = s.len;
	if (len > s.len - from)
		len = s.len - from;
	/* Of an empty span `at` may be NULL, to which not even nothing may be added. */
	return span_of(from > 0 ? s.at + from : s.at, len);
}

#endif
