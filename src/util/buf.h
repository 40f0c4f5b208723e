/* A growable buffer of octets or text. Text is always followed by a NUL that
 * is not counted in `len`. */
#ifndef MBOXTRACE_UTIL_BUF_H
#define MBOXTRACE_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *at; /* owned; NULL until something is put in */
	size_t len;
	size_t cap;
	bool failed; /* out of memory: sticky; what was put before is kept */
};

void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_put(struct buf *b, const void *octets, size_t len);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_hex(struct buf *b, const void *octets, size_t len); /* lower case, no separators */
const char *buf_text(const struct buf *b); /* "" if empty; valid until the next put */

#endif
