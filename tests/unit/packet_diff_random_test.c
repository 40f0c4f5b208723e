/* Random SYNs, one random edit each (or two), cut anywhere: the diff says exactly what was done,
 * or, where the cut hides it, nothing; never anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/craft.h"
#include "support/seed.h"

#define ROUNDS 200000

static bool edit(struct craft *c, struct rng *r, struct expect *e)
{
	int i = craft_random_option(c, r);

	memset(e, 0, sizeof *e);
	e->option = e->option_to = i;
	switch (rng_below(r, 8)) {
	case 0: return true; /* no edit at all */
	case 1:
		craft_edit_field(c, r, e);
		e->option = e->option_to = -1;
		return true;
	case 2: return i >= 0 && !craft_has_twin(c, i) && craft_edit_remove(c, i, e);
	case 3: return i >= 0 && !craft_has_twin(c, i) && craft_edit_blank(c, i, e);
	case 4: return i >= 0 && craft_edit_end(c, r, i, e);
	case 5: return i >= 0 && craft_edit_value(c, r, i, e);
	case 6: return i >= 0 && !craft_has_twin(c, i) && craft_edit_swap(c, i, e);
	default: return craft_edit_insert(c, r, e);
	}
}

static void explain(const char *what, const struct craft *sent, const struct craft *seen,
		    size_t cut, const struct expect *e, const struct diff *d)
{
	struct buf b = {0};

	buf_printf(&b, "%s: expected %s option %d..%d field %s, cut at %zu of %zu\nsent ", what,
		   change_kind_name(e->kind), e->option, e->option_to, field_info(e->id)->name, cut,
		   seen->len);
	buf_hex(&b, sent->octets, sent->len);
	buf_printf(&b, "\nseen ");
	buf_hex(&b, seen->octets, cut);
	for (size_t i = 0; i < d->count; i++) {
		buf_printf(&b, "\n  ");
		change_print(&b, &d->changes[i]);
	}
	fail_msg("%s", buf_text(&b));
}

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			explain(#what, sent, seen, cut, e, d);                                     \
	} while (0)

static bool expected(const struct change *c, const struct expect *e)
{
	return c->kind == e->kind && c->id == e->id && c->option >= e->option &&
	       c->option <= e->option_to;
}

/* What is said of a packet whose size changed where its options are out of sight. */
static bool follows_size(const struct change *c, const struct craft *sent, const struct craft *seen,
			 const struct diff *d)
{
	return sent->len != seen->len && !d->options_complete &&
	       (c->id == FIELD_TCP_HDR_LEN || c->id == FIELD_IP4_LEN || c->id == FIELD_IP6_PLEN);
}

/* Zeros at the end of a quote, in place of octets that happen to weigh nothing in the checksum,
 * may be a router's filling: the diff must then keep silent. Rare. */
static bool doubtful(const struct craft *seen, size_t cut, const struct diff *d)
{
	return seen->octets[cut - 1] == 0 && !d->complete && !d->options_complete;
}

/* Returns whether the diff had to be in doubt. */
static bool check(const struct craft *sent, const struct craft *seen, size_t cut,
		  const struct expect *e, const struct diff *d)
{
	size_t found = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct change *c = &d->changes[i];

		CHECK(expected(c, e) || follows_size(c, sent, seen, d));
		CHECK(diff_reaches(d, c) || c->kind == CHANGE_ADDED);
		CHECK(diff_find(d, c) != NULL);
		found += expected(c, e);
	}
	CHECK(d->checksum != CHECKSUM_BETRAYED);
	if (cut == seen->len && found == 0 && e->kind != CHANGE_NONE && doubtful(seen, cut, d))
		return true;
	CHECK(d->complete == (cut == seen->len));
	CHECK(d->checksum == CHECKSUM_CONSISTENT || cut < seen->len);
	CHECK(!d->ip_checksum_bad && !d->same_delta);
	if (e->kind == CHANGE_NONE)
		return false;
	CHECK(e->kind == CHANGE_ADDED || found == 0 || cut >= e->reached);
	if (cut < e->reached)
		return false;
	if (found == 0 && doubtful(seen, cut, d))
		return true;
	CHECK(found >= 1);
	CHECK(e->kind == CHANGE_TRUNCATED || e->kind == CHANGE_REWRITTEN || found == 1);
	return false;
}

/* The quote of a router that lowered the TTL first, or not. */
static void quote_of(const struct craft *c, struct rng *r, uint8_t out[CRAFT_MAX])
{
	memcpy(out, c->octets, c->len);
	if (!c->v6 && rng_below(r, 2) && out[8] > 0)
		out[8]--;
}

static bool random_round(struct rng *r)
{
	struct craft sent, seen;
	struct packet was, is;
	struct expect e;
	struct diff d;
	uint8_t quote[CRAFT_MAX];
	size_t cut;

	craft_random(&sent, r);
	do
		seen = sent;
	while (!edit(&seen, r, &e));
	cut = rng_below(r, 2) ? seen.len
			      : craft_ip_len(&seen) +
				    rng_below(r, (uint32_t)(seen.len - craft_ip_len(&seen)) + 1);
	quote_of(&seen, r, quote);
	assert_int_equal(packet_parse(&was, span_of(sent.octets, sent.len)), 0);
	assert_int_equal(packet_parse(&is, span_of(quote, cut)), 0);
	diff_packets(&d, &was, &is);
	return check(&sent, &seen, cut, &e, &d);
}

static void test_single_edits(void **state)
{
	struct rng r;
	size_t doubts = 0;

	(void)state;
	r = test_rng(__func__);
	for (size_t i = 0; i < ROUNDS; i++)
		doubts += random_round(&r);
	assert_true(doubts < ROUNDS / 10000);
}

/* Two neighbours change places, and a value changes: of these two or of another option. */
static bool swap_and_edit(struct rng *r)
{
	struct craft sent, seen;
	struct packet was, is;
	struct expect swap = {0}, value = {0};
	struct diff d;
	size_t reordered = 0;
	int i, k;

	craft_random(&sent, r);
	seen = sent;
	i = craft_random_option(&seen, r);
	k = craft_random_option(&seen, r);
	if (i < 0 || craft_has_twin(&seen, i) || !craft_edit_swap(&seen, i, &swap) ||
	    craft_has_twin(&seen, i) || craft_has_twin(&seen, k) ||
	    !craft_edit_value(&seen, r, k, &value))
		return false;
	k = k == i ? i + 1 : k == i + 1 ? i : k; /* where it was sent */
	assert_int_equal(packet_parse(&was, span_of(sent.octets, sent.len)), 0);
	assert_int_equal(packet_parse(&is, span_of(seen.octets, seen.len)), 0);
	diff_packets(&d, &was, &is);
	assert_in_range(d.count, 2, 3); /* a timestamp has two parts */
	for (size_t c = 0; c < d.count; c++) {
		int option = d.changes[c].option;

		if (d.changes[c].kind == CHANGE_REORDERED) {
			reordered++;
			assert_true((option == i || option == i + 1) && option != k);
			continue;
		}
		assert_int_equal(d.changes[c].kind, CHANGE_REWRITTEN);
		assert_int_equal(option, k);
	}
	assert_int_equal(reordered, 1);
	return true;
}

static void test_two_edits(void **state)
{
	struct rng r;
	size_t done = 0;

	(void)state;
	r = test_rng(__func__);
	for (size_t i = 0; i < ROUNDS / 4; i++)
		done += swap_and_edit(&r);
	assert_true(done > ROUNDS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_single_edits),
	    cmocka_unit_test(test_two_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
