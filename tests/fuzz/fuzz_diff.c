/* Any two packets: the diff reads no octet it was not given, speaks only of what the quote reached,
 * and finds nothing between a packet and itself. */
#include <stdlib.h>
#include <string.h>

#include "packet/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_reached(const struct diff *d, const struct packet *sent)
{
	struct buf text = {0};

	for (size_t i = 0; i < d->count; i++) {
		const struct change *c = &d->changes[i];

		require(c->kind != CHANGE_NONE && c->field[0] != '\0');
		require(diff_find(d, c) != NULL);
		require(!c->id || diff_reaches(d, c));
		require(c->option < 0 || (d->options_seen >> c->option & 1));
		require(c->option < 0 || c->option < sent->tcp.options.count);
		change_print(&text, c);
	}
	buf_fini(&text);
}

static void check_pair(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	/* Copies of their own, so that the sanitizer sees the ends. */
	uint8_t *sent = malloc(a_len), *seen = malloc(b_len);
	struct packet was, is;
	struct diff d;

	if (a_len > 0)
		memcpy(sent, a, a_len);
	if (b_len > 0)
		memcpy(seen, b, b_len);
	if (packet_parse(&was, span_of(sent, a_len)) == 0 &&
	    packet_parse(&is, span_of(seen, b_len)) == 0) {
		diff_packets(&d, &was, &is);
		check_reached(&d, &was);
	}
	free(sent);
	free(seen);
}

static void check_itself(const uint8_t *octets, size_t len)
{
	struct packet was;
	struct diff d;

	if (packet_parse(&was, span_of(octets, len)) != 0)
		return;
	diff_packets(&d, &was, &was);
	require(d.count == 0);
	require(d.checksum != CHECKSUM_BETRAYED);
}

/* The first octet says how the rest is divided; an odd one makes the second packet the first with
 * some octets changed and cut. */
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	size_t first;
	uint8_t quote[512];

	if (len < 2)
		return 0;
	first = (size_t)octets[0] % len;
	check_itself(octets + 1, len - 1);
	check_pair(octets + 1, first, octets + 1 + first, len - 1 - first);
	if (first > sizeof quote)
		return 0;
	memcpy(quote, octets + 1, first);
	for (size_t i = 1 + first; i + 1 < len && first > 0; i += 2)
		quote[octets[i] % first] ^= octets[i + 1];
	check_pair(octets + 1, first, quote, len % 3 ? first : first / 2);
	return 0;
}
