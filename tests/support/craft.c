#include "support/craft.h"

#include <string.h>

#include "util/octets.h"

size_t craft_ip_len(const struct craft *c)
{
	return c->v6 ? 40 : 20;
}

static void craft_build(struct craft *c)
{
	size_t at = craft_ip_len(c) + 20, area = at;

	memset(c->octets, 0, sizeof c->octets);
	memcpy(c->octets, c->ip, craft_ip_len(c));
	memcpy(c->octets + craft_ip_len(c), c->tcp, 20);
	for (size_t i = 0; i < c->count; i++) {
		c->offset[i] = at - area;
		memcpy(c->octets + at, c->option[i].octets, c->option[i].len);
		at += c->option[i].len;
	}
	c->used = at - area;
	while ((at - area) % 4 != 0 || at - area < c->area_min)
		at++;
	c->area_len = at - area;
	c->octets[craft_ip_len(c) + 12] = (uint8_t)((5 + c->area_len / 4) << 4 | (c->tcp[12] & 15));
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

void craft_random(struct craft *c, struct rng *r)
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

void craft_edit_field(struct craft *c, struct rng *r, struct expect *e)
{
	const struct field_info *info;
	uint8_t *header;
	uint16_t was;

	e->id = random_field(c, r);
	info = field_info(e->id);
	was = info->layer == LAYER_TCP ? (uint16_t)(craft_ip_len(c)) : 0;
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
	return craft_ip_len(c) + 20 + c->used + (c->used < c->area_len);
}

int craft_random_option(const struct craft *c, struct rng *r)
{
	for (int tries = 0; tries < 20; tries++) {
		int i = c->count ? (int)rng_below(r, (uint32_t)c->count) : 0;

		if ((size_t)i < c->count && !c->option[i].pad)
			return i;
	}
	return -1;
}

/* Is another option like this one, so that which of them went cannot be told? */
bool craft_has_twin(const struct craft *c, int i)
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

bool craft_edit_remove(struct craft *c, int i, struct expect *e)
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

bool craft_edit_blank(struct craft *c, int i, struct expect *e)
{
	memset(c->octets + craft_ip_len(c) + 20 + c->offset[i], 1, c->option[i].len);
	packet_fix_checksums(c->octets, c->len);
	e->kind = CHANGE_BLANKED;
	e->reached = area_end(c);
	return true;
}

bool craft_edit_end(struct craft *c, struct rng *r, int i, struct expect *e)
{
	uint8_t *at = c->octets + craft_ip_len(c) + 20 + c->offset[i];

	memset(at, 0, rng_below(r, 2) ? 1 : c->option[i].len);
	packet_fix_checksums(c->octets, c->len);
	e->kind = CHANGE_TRUNCATED;
	e->option_to = (int)c->count - 1;
	e->reached = (size_t)(at - c->octets) + 1;
	return true;
}

bool craft_edit_value(struct craft *c, struct rng *r, int i, struct expect *e)
{
	uint8_t *at = c->octets + craft_ip_len(c) + 20 + c->offset[i];
	size_t from = at[0] == 30 ? 3 : 2;

	if (c->option[i].len <= from || (at[0] == 8 && craft_has_twin(c, i)))
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

bool craft_edit_swap(struct craft *c, int i, struct expect *e)
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
	e->reached = craft_ip_len(c) + 20 + c->offset[j] + c->option[j].len;
	return true;
}

bool craft_edit_insert(struct craft *c, struct rng *r, struct expect *e)
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
	e->reached = craft_ip_len(c) + 20 + c->offset[at] + 4;
	return true;
}
