/* Words and values of the notation, and what is said of those that are wrong. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "packet/notation_parts.h"

#define QUOTED 60 /* characters of a long notation that an error shows */

int scan_fail(const struct scanner *s, const char *where, const char *format, ...)
{
	char why[192];
	size_t column = (size_t)(where - s->text), len = strlen(s->text);
	size_t from = len > QUOTED && column > QUOTED / 2 ? column - QUOTED / 2 : 0;
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	return error_set(s->err, ERR_USAGE, "probe '%s%.*s%s': column %zu: %s", from > 0 ? "…" : "",
			 QUOTED, s->text + from, len - from > QUOTED ? "…" : "", column + 1, why);
}

static void skip_spaces(struct scanner *s)
{
	while (isspace((unsigned char)*s->at))
		s->at++;
}

bool scan_char(struct scanner *s, char c)
{
	skip_spaces(s);
	if (*s->at != c || c == '\0')
		return false;
	s->at++;
	return true;
}

struct word scan_name(struct scanner *s)
{
	struct word w;

	skip_spaces(s);
	w.at = s->at;
	while (isalnum((unsigned char)*s->at) || *s->at == '_')
		s->at++;
	w.len = (size_t)(s->at - w.at);
	return w;
}

struct word scan_value(struct scanner *s)
{
	struct word w;
	const char *end;

	skip_spaces(s);
	w.at = s->at;
	end = *s->at == '"' ? strchr(s->at + 1, '"') : NULL;
	if (end)
		s->at = end + 1;
	else
		s->at += strcspn(s->at, ",(){}/ \t\r\n");
	w.len = (size_t)(s->at - w.at);
	return w;
}

bool word_is(struct word w, const char *text)
{
	return strlen(text) == w.len && strncasecmp(w.at, text, w.len) == 0;
}

/* The number a word is, all of it; false if it is none or over 64 bits. */
static bool number_of(struct word w, uint64_t *out)
{
	char text[32];
	char *end;
	bool hex = w.len > 2 && w.at[0] == '0' && tolower((unsigned char)w.at[1]) == 'x';

	if (w.len == 0 || w.len >= sizeof text || !isdigit((unsigned char)w.at[0]) ||
	    (hex && !isxdigit((unsigned char)w.at[2])))
		return false;
	memcpy(text, w.at, w.len);
	text[w.len] = '\0';
	errno = 0;
	*out = strtoull(text, &end, hex ? 16 : 10);
	return errno == 0 && *end == '\0';
}

int value_number(const struct scanner *s, struct word w, const char *what, uint64_t max,
		 uint64_t *out)
{
	if (!number_of(w, out) || *out > max)
		return scan_fail(s, w.at,
				 "'%.*s' is not a value of %s (0 to %" PRIu64 ", or 0x hex)",
				 (int)w.len, w.at, what, max);
	return 0;
}

static const char FLAG_LETTERS[] = "FSRPAUEC"; /* from the lowest bit up */

int value_flags(const struct scanner *s, struct word w, uint64_t *out)
{
	if (w.len > 0 && isdigit((unsigned char)w.at[0]))
		return value_number(s, w, "flags", 0x1ff, out);
	*out = 0;
	for (size_t i = 0; i < w.len; i++) {
		const char *letter = strchr(FLAG_LETTERS, toupper((unsigned char)w.at[i]));

		if (!letter)
			return scan_fail(s, w.at + i,
					 "'%c' is not a TCP flag (letters of SAFRPUEC, or a number "
					 "up to 0x1ff)",
					 w.at[i]);
		*out |= UINT64_C(1) << (letter - FLAG_LETTERS);
	}
	if (w.len == 0)
		return scan_fail(s, w.at, "flags needs letters of SAFRPUEC, or a number");
	return 0;
}

int value_address(const struct scanner *s, struct word w, struct ip_addr *out)
{
	char text[IP_ADDR_TEXT];

	if (w.len < sizeof text) {
		memcpy(text, w.at, w.len);
		text[w.len] = '\0';
		if (ip_addr_parse(out, text))
			return 0;
	}
	return scan_fail(s, w.at, "'%.*s' is not an IP address (as 192.0.2.1 or 2001:db8::1)",
			 (int)w.len, w.at);
}

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

static int value_text(const struct scanner *s, struct word w, uint8_t *out, size_t cap, size_t *len)
{
	if (w.len < 2 || w.at[w.len - 1] != '"')
		return scan_fail(s, w.at, "the closing '\"' is missing");
	*len = w.len - 2;
	if (*len > cap)
		return scan_fail(s, w.at, "%zu octets are more than the %zu that fit", *len, cap);
	memcpy(out, w.at + 1, *len);
	return 0;
}

int value_hex(const struct scanner *s, struct word w, uint8_t *out, size_t cap, size_t *len)
{
	*len = 0;
	if (w.len > 0 && *w.at == '"')
		return value_text(s, w, out, cap, len);
	if (w.len == 0 || (*w.at != 'x' && *w.at != 'X') || w.len % 2 == 0)
		return scan_fail(s, w.at,
				 "'%.*s' are not octets (x and an even number of hex digits)",
				 (int)(w.len < 40 ? w.len : 40), w.at);
	if (w.len / 2 > cap)
		return scan_fail(s, w.at, "%zu octets are more than the %zu that fit", w.len / 2,
				 cap);
	for (size_t i = 1; i < w.len; i += 2) {
		int high = hex_digit(w.at[i]), low = hex_digit(w.at[i + 1]);

		if (high < 0 || low < 0)
			return scan_fail(s, w.at + i, "'%.2s' are not two hex digits", w.at + i);
		out[(*len)++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
