/* Any text: reading it never crashes; a mistake has a message; and what is read is printed as a
 * notation that leads to the same octets, and to itself. */
#include <stdlib.h>
#include <string.h>

#include "packet/notation.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void print_octets(struct buf *out, const uint8_t *octets, size_t len)
{
	struct packet p;

	if (packet_parse(&p, span_of(octets, len)) == 0)
		notation_print(out, &p);
}

static void check_family(struct notation *n, uint8_t *octets, size_t len, bool v4)
{
	struct notation *again = malloc(sizeof *again);
	struct buf first = {0}, second = {0};

	notation_finish(n, octets, len);
	print_octets(&first, octets, len);
	if (first.len > 0 && first.len < NOTATION_TEXT_MAX && octets[0] >> 4 == (v4 ? 4 : 6)) {
		uint8_t *back = v4 ? again->octets4 : again->octets6;
		size_t back_len;

		require(notation_parse(again, buf_text(&first), NULL) == 0);
		back_len = v4 ? again->len4 : again->len6;
		notation_finish(again, back, back_len);
		require(back_len == len && memcmp(back, octets, len) == 0);
		print_octets(&second, back, back_len);
		require(strcmp(buf_text(&first), buf_text(&second)) == 0);
	}
	buf_fini(&first);
	buf_fini(&second);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct notation *n = malloc(sizeof *n);
	char *text = malloc(len + 1);
	struct error err = {0};

	memcpy(text, octets, len);
	text[len] = '\0';
	if (notation_parse(n, text, &err) == 0) {
		if (n->len4 > 0)
			check_family(n, n->octets4, n->len4, true);
		if (n->len6 > 0)
			check_family(n, n->octets6, n->len6, false);
	} else {
		require(err.code != ERR_NONE && err.text[0] != '\0');
	}
	free(text);
	free(n);
	return 0;
}
