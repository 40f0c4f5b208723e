/* Random SYNs, one random edit each (or two), cut anywhere: the diff says exactly what was done,
 * or, where the cut hides it, nothing; never anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet/diff.h"
#include "util/octets.h"
#include "util/rng.h"

#define ROUNDS 200000
#define MAX    160

static uint64_t seed_of_run(void)
{
	const char *text = getenv("MBOXTRACE_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20221;

	printf("MBOXTRACE_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* A packet under construction: its options apart. */
struct craft {
	bool v6;
	uint8_t ip[40], tcp[20], payload[24];
	size_t count, payload_len;
	struct {
		uint8_t octets[40];
		size_t len;
		bool pad; /* a NOP */
	} option[12];
	size_t area_min; /* fill the area with EOL up to here */
	uint8_t octets[MAX];
	size_t len, offset[12], area_len, used;
};

static size_t ip_len(const struct craft *c)
{
	return c->v6 ? 40 : 20;
}

static void craft_build(struct craft *c)
{
	size_t at = ip_len(c) + 20, area = at;

	memset(c->octets, 0, sizeof c->octets);
	memcpy(c->octets, c->ip, ip_len(c));
	memcpy(c->octets + ip_len(c), c->tcp, 20);
	for (size_t i = 0; i < c->count; i++) {
		c->offset[i] = at - area;
		memcpy(c->octets + at, c->option[i].octets, c->option[i].len);
		at += c->option[i].len;
	}
	c->used = at - area;
	while ((at - area) % 4 != 0 || at - area < c->area_min)
		at++;
	c->area_len = at - area;
	c->octets[ip_len(c) + 12] = (uint8_t)((5 + c->area_len / 4) << 4 | (c->tcp[12] & 15));
	memcpy(c->octets + at, c->payload, c->payload_len);
	c->len = at + c->payload_len;
	store_u16(c->octets + (c->v6 ? 4 : 2), (uint16_t)(c->v6 ? c->len - 40 : c->len));
	packet_fix_checksums(c->octets, c->len);
}

static void fill(struct rng *r, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)rng_u32(r);
}

static void add(struct craft *c, struct rng *r, uint8_t kind, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < c->count; i++)
		used += c->option[i].len;
	if (used + len > 40 || c->count == 12)
		return;
	fill(r, c->option[c->count].octets, len);
	c->option[c->count].octets[0] = kind;
	c->option[c->count].octets[1] = (uint8_t)len;
	if (kind == 30)
		c->option[c->count].octets[2] &= 0x8f; /* subtypes 0 and 8 */
	c->option[c->count].pad = kind == 1;
	if (kind == 1)
		len = 1;
	c->option[c->count++].len = len;
}

static void random_options(struct craft *c, struct rng *r)
{
	static const uint8_t KINDS[][2] = {{2, 4}, {3, 3},  {4, 2},   {8, 10}, {30, 4}, {30, 12},
					   {1, 1}, {34, 6}, {254, 5}, {30, 4}, {1, 1},	{253, 4}};
	size_t n = rng_below(r, 9);

	for (size_t i = 0; i < n; i++) {
		const uint8_t *k = KINDS[rng_below(r, sizeof KINDS / sizeof *KINDS)];

		add(c, r, k[0], k[1]);
	}
}

static void random_craft(struct craft *c, struct rng *r)
{
	memset(c, 0, sizeof *c);
	c->v6 = rng_below(r, 2);
	fill(r, c->ip, sizeof c->ip);
	fill(r, c->tcp, sizeof c->tcp);
	c->ip[0] = c->v6 ? (uint8_t)(0x60 | (c->ip[0] & 15)) : 0x45;
	if (c->v6) {
		c->ip[6] = 6;
	} else {
		c->ip[6] &= 0xc0;
		c->ip[7] = 0;
		c->ip[9] = 6;
	}
	c->tcp[13] |= 0x40; /* never all zero */
	random_options(c, r);
	c->payload_len = rng_below(r, 4) ? 0 : rng_below(r, 24);
	fill(r, c->payload, sizeof c->payload);
	craft_build(c);
}

/* The one change that is expected, and the octets a quote needs to show it. */
struct expect {
	enum change_kind kind;
	enum field id;
	int option;	/* index of the sent option, or -1 */
	int option_to;	/* last */
	size_t reached; /* octets of the packet that a quote must show */
};

static enum field random_field(const struct craft *c, struct rng *r)
{
	for (;;) {
		enum field f = (enum field)(1 + rng_below(r, FIELD_COUNT - 1));
		const struct field_info *info = field_info(f);
		enum field_layer ip = c->v6 ? LAYER_IP6 : LAYER_IP4;

		if (info->role == FIELD_COMPARED &&
		    (info->layer == ip || info->layer == LAYER_TCP) && f != FIELD_IP4_VERSION &&
		    f != FIELD_IP6_VERSION && f != FIELD_IP4_PROTO && f != FIELD_IP6_NEXT &&
		    f != FIELD_IP4_HDR_LEN && f != FIELD_IP4_FRAG_OFFSET)
			return f;
	}
}

static void edit_field(struct craft *c, struct rng *r, struct expect *e)
{
	const struct field_info *info;
	uint8_t *header;
	uint16_t was;

	e->id = random_field(c, r);
	info = field_info(e->id);
	was = info->layer == LAYER_TCP ? (uint16_t)(ip_len(c)) : 0;
	header = c->octets + was;
	was = load_u16(header + info->bit / 8);
	do {
		size_t bit = info->bit + rng_below(r, info->bits);

		header[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	} while (load_u16(header + info->bit / 8) == (uint16_t)(was << 8 | was >> 8));
	e->kind = CHANGE_REWRITTEN;
	e->reached = (size_t)(header - c->octets) + (info->bit + info->bits + 7u) / 8;
	packet_fix_checksums(c->octets, c->len);
}

/* All of the options, and the first EOL behind them if there is one. */
static size_t area_end(const struct craft *c)
{
	return ip_len(c) + 20 + c->used + (c->used < c->area_len);
}

static int random_option(const struct craft *c, struct rng *r)
{
	for (int tries = 0; tries < 20; tries++) {
		int i = c->count ? (int)rng_below(r, (uint32_t)c->count) : 0;

		if ((size_t)i < c->count && !c->option[i].pad)
			return i;
	}
	return -1;
}

/* Is another option like this one, so that which of them went cannot be told? */
static bool has_twin(const struct craft *c, int i)
{
	for (size_t j = 0; j < c->count; j++)
		if ((int)j != i && c->option[j].octets[0] == c->option[i].octets[0])
			return true;
	return false;
}

static bool has_equal(const struct craft *c, int i, const uint8_t *octets)
{
	for (size_t j = 0; j < c->count; j++)
		if ((int)j != i && c->option[j].len == c->option[i].len &&
		    memcmp(c->option[j].octets, octets, c->option[j].len) == 0)
			return true;
	return false;
}

static bool last_real(const struct craft *c, int i)
{
	for (size_t j = (size_t)i + 1; j < c->count; j++)
		if (!c->option[j].pad)
			return false;
	return true;
}

static bool edit_remove(struct craft *c, int i, struct expect *e)
{
	size_t was = c->area_len;

	if (last_real(c, i) && (size_t)i + 1 < c->count)
		return false; /* the NOPs behind it may move into its place */
	memmove(&c->option[i], &c->option[i + 1], (c->count - (size_t)i - 1) * sizeof *c->option);
	c->count--;
	craft_build(c);
	if (last_real(c, i - 1) && c->area_len == was)
		return false; /* looks truncated */
	e->kind = CHANGE_REMOVED;
	e->reached = area_end(c);
	return true;
}

static bool edit_blank(struct craft *c, int i, struct expect *e)
{
	memset(c->octets + ip_len(c) + 20 + c->offset[i], 1, c->option[i].len);
	packet_fix_checksums(c->octets, c->len);
	e->kind = CHANGE_BLANKED;
	e->reached = area_end(c);
	return true;
}

static bool edit_end(struct craft *c, struct rng *r, int i, struct expect *e)
{
	uint8_t *at = c->octets + ip_len(c) + 20 + c->offset[i];

	memset(at, 0, rng_below(r, 2) ? 1 : c->option[i].len);
	packet_fix_checksums(c->octets, c->len);
	e->kind = CHANGE_TRUNCATED;
	e->option_to = (int)c->count - 1;
	e->reached = (size_t)(at - c->octets) + 1;
	return true;
}

static bool edit_value(struct craft *c, struct rng *r, int i, struct expect *e)
{
	uint8_t *at = c->octets + ip_len(c) + 20 + c->offset[i];
	size_t from = at[0] == 30 ? 3 : 2;

	if (c->option[i].len <= from || (at[0] == 8 && has_twin(c, i)))
		return false;
	at[from + rng_below(r, (uint32_t)(c->option[i].len - from))] ^=
	    (uint8_t)(1 + rng_below(r, 255));
	if (has_equal(c, i, at))
		return false; /* may as well have moved */
	packet_fix_checksums(c->octets, c->len);
	e->kind = CHANGE_REWRITTEN;
	e->reached = (size_t)(at - c->octets) + c->option[i].len;
	return true;
}

static bool edit_swap(struct craft *c, int i, struct expect *e)
{
	size_t j = (size_t)i + 1;
	uint8_t hold[sizeof *c->option];

	if (j >= c->count || c->option[j].pad)
		return false;
	memcpy(hold, &c->option[i], sizeof hold);
	memcpy(&c->option[i], &c->option[j], sizeof hold);
	memcpy(&c->option[j], hold, sizeof hold);
	craft_build(c);
	e->kind = CHANGE_REORDERED;
	e->option_to = i + 1;
	e->reached = ip_len(c) + 20 + c->offset[j] + c->option[j].len;
	return true;
}

static bool edit_insert(struct craft *c, struct rng *r, struct expect *e)
{
	size_t before = c->count;
	int at = (int)rng_below(r, (uint32_t)c->count + 1);
	uint8_t hold[sizeof *c->option];

	add(c, r, 77, 4);
	if (c->count == before)
		return false;
	memcpy(hold, &c->option[before], sizeof hold);
	memmove(&c->option[at + 1], &c->option[at], (before - (size_t)at) * sizeof *c->option);
	memcpy(&c->option[at], hold, sizeof hold);
	craft_build(c);
	e->kind = CHANGE_ADDED;
	e->option = e->option_to = -1;
	e->reached = ip_len(c) + 20 + c->offset[at] + 4;
	return true;
}

static bool edit(struct craft *c, struct rng *r, struct expect *e)
{
	int i = random_option(c, r);

	memset(e, 0, sizeof *e);
	e->option = e->option_to = i;
	switch (rng_below(r, 8)) {
	case 0: return true; /* no edit at all */
	case 1:
		edit_field(c, r, e);
		e->option = e->option_to = -1;
		return true;
	case 2: return i >= 0 && !has_twin(c, i) && edit_remove(c, i, e);
	case 3: return i >= 0 && !has_twin(c, i) && edit_blank(c, i, e);
	case 4: return i >= 0 && edit_end(c, r, i, e);
	case 5: return i >= 0 && edit_value(c, r, i, e);
	case 6: return i >= 0 && !has_twin(c, i) && edit_swap(c, i, e);
	default: return edit_insert(c, r, e);
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
static void quote_of(const struct craft *c, struct rng *r, uint8_t out[MAX])
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
	uint8_t quote[MAX];
	size_t cut;

	random_craft(&sent, r);
	do
		seen = sent;
	while (!edit(&seen, r, &e));
	cut = rng_below(r, 2)
		  ? seen.len
		  : ip_len(&seen) + rng_below(r, (uint32_t)(seen.len - ip_len(&seen)) + 1);
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
	rng_seed(&r, seed_of_run());
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

	random_craft(&sent, r);
	seen = sent;
	i = random_option(&seen, r);
	k = random_option(&seen, r);
	if (i < 0 || has_twin(&seen, i) || !edit_swap(&seen, i, &swap) || has_twin(&seen, i) ||
	    has_twin(&seen, k) || !edit_value(&seen, r, k, &value))
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
	rng_seed(&r, seed_of_run());
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
