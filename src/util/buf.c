#include "util/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_fini(struct buf *b)
{
	free(b->at);
	*b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->at)
		b->at[0] = '\0';
}

/* Makes room for `more` octets and a NUL. */
static bool buf_reserve(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;
	size_t cap = b->cap ? b->cap : 64;
	char *at;

	if (b->failed || need <= b->cap)
		return !b->failed;
	while (cap < need)
		cap *= 2;
	at = realloc(b->at, cap);
	b->failed = !at;
	if (!at)
		return false;
	b->at = at;
	b->cap = cap;
	return true;
}

void buf_put(struct buf *b, const void *octets, size_t len)
{
	if (!buf_reserve(b, len))
		return;
	if (len)
		memcpy(b->at + b->len, octets, len);
	b->len += len;
	b->at[b->len] = '\0';
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !buf_reserve(b, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(b->at + b->len, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_hex(struct buf *b, const void *octets, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = octets;

	if (!buf_reserve(b, 2 * len))
		return;
	for (size_t i = 0; i < len; i++) {
		b->at[b->len++] = digits[in[i] >> 4];
		b->at[b->len++] = digits[in[i] & 15];
	}
	b->at[b->len] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->at ? b->at : "";
}
