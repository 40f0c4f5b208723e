/* Reads big-endian octets with a sticky error: after the first read past the end
 * everything reads as zero, so a parser checks once, at its end. */
#ifndef MBOXTRACE_UTIL_CURSOR_H
#define MBOXTRACE_UTIL_CURSOR_H

#include <stdbool.h>
#include <string.h>

#include "util/span.h"

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed; /* somebody read past the end */
};

static inline struct cursor cursor_over(struct span s)
{
	return (struct cursor){.at = s.at, .end = s.at + s.len};
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The next `len` octets as a view; empty, with the error set, if there are fewer. */
static inline struct span cursor_take(struct cursor *c, size_t len)
{
	struct span s = {.at = c->at};

	if (len > cursor_left(c)) {
		c->failed = true;
		c->at = c->end;
		return s;
	}
	s.len = len;
	c->at += len;
	return s;
}

static inline uint64_t cursor_uint(struct cursor *c, size_t octets)
{
	struct span s = cursor_take(c, octets);
	uint64_t value = 0;

	for (size_t i = 0; i < s.len; i++)
		value = value << 8 | s.at[i];
	return value;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	return (uint8_t)cursor_uint(c, 1);
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_uint(c, 2);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_uint(c, 4);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	return cursor_uint(c, 8);
}

#endif
