/* Which option in sight is which of those sent. */
#include <string.h>

#include "packet/diff_pairing.h"
#include "packet/mptcp_option.h"

static bool is_padding(const struct tcp_option *o)
{
	return o->kind == TCP_OPT_EOL || o->kind == TCP_OPT_NOP;
}

static void layout_stop(struct layout *l, size_t offset)
{
	l->stopped = true;
	l->end = (uint8_t)offset;
}

void layout_fill(struct layout *l, const struct diff_side *side, const struct tcp_option_list *list,
		 bool cut)
{
	l->side = side;
	l->count = 0;
	l->stopped = false;
	l->end = (uint8_t)side->area.len;
	for (uint8_t i = 0; i < list->count; i++) {
		const struct tcp_option *o = &list->item[i];
		size_t offset = (size_t)(o->at - side->area.at);

		if (o->kind == TCP_OPT_EOL || (o->malformed && !cut))
			layout_stop(l, offset);
		if (is_padding(o) || (o->malformed && cut))
			continue;
		l->piece[l->count++] = (struct piece){o, (uint8_t)offset, i, FATE_MISSING, 0};
	}
}

static bool same_octets(const struct piece *a, const struct piece *b)
{
	return a->o->len == b->o->len && memcmp(a->o->at, b->o->at, a->o->len) == 0;
}

/* Is `b` what another value of `a` would be? The rest of an option that the area's end cut is
 * not: its value is not another one. */
static bool same_option(const struct piece *a, const struct piece *b)
{
	if (b->o->malformed && !a->o->malformed && b->o->len < a->o->len &&
	    memcmp(a->o->at, b->o->at, b->o->len) == 0)
		return false;
	return a->o->kind == b->o->kind && mptcp_subtype_of(a->o) == mptcp_subtype_of(b->o);
}

static void pair_up(struct options_pair *op, size_t i, size_t j, enum fate fate)
{
	op->sent.piece[i].fate = op->seen.piece[j].fate = fate;
	op->sent.piece[i].partner = (uint8_t)j;
	op->seen.piece[j].partner = (uint8_t)i;
}

static bool found_elsewhere(const struct piece *p, const struct layout *there)
{
	for (size_t i = 0; i < there->count; i++)
		if (same_octets(p, &there->piece[i]))
			return true;
	return false;
}

#define PAIR_WEIGHT 64 /* more than there can be pairs */

/* What it is worth to pair two options where they stand; 0: they are not the same. One that was
 * rewritten is worth a little more: of one that merely moved the other will be told as well. */
static uint16_t weight(const struct options_pair *op, size_t i, size_t j)
{
	const struct piece *a = &op->sent.piece[i], *b = &op->seen.piece[j];

	if (same_octets(a, b))
		return PAIR_WEIGHT;
	if (!same_option(a, b) || found_elsewhere(a, &op->seen) || found_elsewhere(b, &op->sent))
		return 0;
	return PAIR_WEIGHT + 1;
}

struct weights {
	uint16_t best[TCP_OPTIONS_MAX + 1][TCP_OPTIONS_MAX + 1]; /* of what follows, in order */
};

static uint16_t larger(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

static void weigh(const struct options_pair *op, struct weights *w)
{
	size_t n = op->sent.count, m = op->seen.count;

	memset(w->best[n], 0, (m + 1) * sizeof w->best[n][0]);
	for (size_t i = n; i-- > 0;) {
		w->best[i][m] = 0;
		for (size_t j = m; j-- > 0;) {
			uint16_t skip = larger(w->best[i + 1][j], w->best[i][j + 1]);
			uint16_t of = weight(op, i, j);

			w->best[i][j] = !of ? skip : larger(skip, of + w->best[i + 1][j + 1]);
		}
	}
}

/* Pairs the longest sequence of options that kept their order. */
static void pair_in_order(struct options_pair *op)
{
	struct weights w;

	weigh(op, &w);
	for (size_t i = 0, j = 0; i < op->sent.count && j < op->seen.count;) {
		uint16_t of = weight(op, i, j);

		if (of && w.best[i][j] == of + w.best[i + 1][j + 1])
			pair_up(op, i++, j++, of == PAIR_WEIGHT ? FATE_SAME : FATE_REWRITTEN);
		else if (w.best[i + 1][j] >= w.best[i][j + 1])
			i++;
		else
			j++;
	}
}

/* Pairs what is left on both sides, first with first. */
static void pair_rest(struct options_pair *op, enum fate fate,
		      bool (*like)(const struct piece *a, const struct piece *b))
{
	for (size_t i = 0; i < op->sent.count; i++) {
		if (op->sent.piece[i].fate != FATE_MISSING)
			continue;
		for (size_t j = 0; j < op->seen.count; j++) {
			if (op->seen.piece[j].fate != FATE_MISSING ||
			    !like(&op->sent.piece[i], &op->seen.piece[j]))
				continue;
			pair_up(op, i, j, fate);
			break;
		}
	}
}

void options_pair_up(struct options_pair *op)
{
	pair_in_order(op);
	pair_rest(op, FATE_MOVED, same_octets);
	pair_rest(op, FATE_REWRITTEN, same_option);
}
