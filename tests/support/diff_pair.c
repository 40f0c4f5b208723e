#include "support/diff_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint8_t *octets_of(struct notation *n, size_t *len)
{
	*len = n->len4 ? n->len4 : n->len6;
	return n->len4 ? n->octets4 : n->octets6;
}

void diff_make(struct notation *n, const char *text)
{
	struct error err;
	size_t len;
	uint8_t *octets;

	if (notation_parse(n, text, &err) != 0)
		fail_msg("%s", err.text);
	octets = octets_of(n, &len);
	notation_finish(n, octets, len);
}

void pair_make(struct pair *p, const char *sent, const char *seen)
{
	diff_make(&p->sent, sent);
	diff_make(&p->seen, seen);
}

void pair_diff(struct pair *p, size_t cut)
{
	size_t len;
	uint8_t *octets = octets_of(&p->sent, &len);

	assert_int_equal(packet_parse(&p->was, span_of(octets, len)), 0);
	octets = octets_of(&p->seen, &len);
	assert_int_equal(packet_parse(&p->is, span_of(octets, len < cut ? len : cut)), 0);
	diff_packets(&p->d, &p->was, &p->is);
}

void pair_says(const struct pair *p, const char *expected)
{
	struct buf text = {0};

	for (size_t i = 0; i < p->d.count; i++) {
		buf_printf(&text, i > 0 ? "\n" : "");
		change_print(&text, &p->d.changes[i]);
	}
	assert_string_equal(buf_text(&text), expected);
	buf_fini(&text);
}

void differs(const char *sent, const char *seen, const char *expected)
{
	struct pair p;

	pair_make(&p, sent, seen);
	pair_diff(&p, ALL);
	pair_says(&p, expected);
	assert_int_equal(p.d.checksum, CHECKSUM_CONSISTENT);
	assert_true(p.d.complete);
	assert_false(p.d.ip_checksum_bad);
}
