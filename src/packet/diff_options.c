/* Compares TCP options by octets and in order.
 *
 * An option is known to be unharmed if it is found, octet for octet, and to be rewritten if one
 * of the same kind (and MPTCP subtype) with other octets is. That it is gone is known only if all
 * of the option area is in sight, or an EOL, behind which nobody reads; else it may stand behind
 * the cut. An option through which the quote was cut is not compared at all, whatever is left.
 *
 * NOP and EOL are not options but the room between them: they count only where they stand in
 * the place of an option. Options gone from the end of an area that kept its size leave EOLs
 * or NOPs whether a box overwrote them or removed them and filled up: as nobody can tell these
 * apart they are called by what is seen, truncated or blanked. */
#include <string.h>

#include "packet/diff_pairing.h"
#include "util/octets.h"

/* Options whose values have a number: the parts are named and told apart. */
struct option_part {
	uint8_t kind, len;
	const char *field;
	uint8_t offset, octets;
};

static const struct option_part PARTS[] = {
    {TCP_OPT_MSS, 4, "tcp.options.mss_val", 2, 2},
    {TCP_OPT_WSCALE, 3, "tcp.options.wscale.shift", 2, 1},
    {TCP_OPT_TIMESTAMP, 10, "tcp.options.timestamp.tsval", 2, 4},
    {TCP_OPT_TIMESTAMP, 10, "tcp.options.timestamp.tsecr", 6, 4},
};

static bool has_part(const struct tcp_option *o, const struct option_part *part)
{
	return o->kind == part->kind && o->len == part->len && !o->malformed;
}

static uint64_t part_number(const struct tcp_option *o, const struct option_part *part)
{
	return load_bits(o->at, part->offset * 8u, part->octets * 8u);
}

static struct change *add_option(struct diff *d, const struct tcp_option *o, int index,
				 enum change_kind kind)
{
	char field[TCP_OPTION_FIELD_MAX];
	struct change *c;

	tcp_option_field(o, field);
	c = diff_add(d, field, kind);
	c->option = (int8_t)index;
	return c;
}

static void report_rewritten(struct diff *d, const struct piece *was, const struct piece *is)
{
	bool named = false;
	struct change *c;

	for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
		const struct option_part *part = &PARTS[i];

		if (!has_part(was->o, part) || !has_part(is->o, part))
			continue;
		named = true;
		if (part_number(was->o, part) == part_number(is->o, part))
			continue;
		c = diff_add(d, part->field, CHANGE_REWRITTEN);
		c->option = (int8_t)was->index;
		c->sent = value_dec(part_number(was->o, part));
		c->seen = value_dec(part_number(is->o, part));
	}
	if (named)
		return;
	c = add_option(d, was->o, was->index, CHANGE_REWRITTEN);
	c->sent = value_octets(span_of(was->o->at, was->o->len));
	c->seen = value_octets(span_of(is->o->at, is->o->len));
}

static bool in_sight(const struct layout *l, const struct piece *p)
{
	return (size_t)p->offset + p->o->len <= l->side->area.len;
}

static bool kept(const struct piece *p)
{
	return p->fate == FATE_SAME || p->fate == FATE_REWRITTEN;
}

static int shift_of(const struct options_pair *op, const struct piece *p)
{
	return op->seen.piece[p->partner].offset - p->offset;
}

/* How far the place of an option moved, as the options right before and behind it tell; false if
 * they moved apart or together: then it has no place any more. */
static bool place_shift(const struct options_pair *op, const struct piece *p, int *shift)
{
	const struct piece *first = op->sent.piece, *last = first + op->sent.count - 1;
	bool before = p == first || kept(p - 1);

	*shift = p > first && before ? shift_of(op, p - 1) : 0;
	if (p == last || !kept(p + 1))
		return true;
	if (before && shift_of(op, p + 1) != *shift)
		return false;
	*shift = shift_of(op, p + 1);
	return true;
}

static bool blanked(const struct options_pair *op, const struct piece *p)
{
	const struct layout *seen = &op->seen;
	int shift, at;

	if (!place_shift(op, p, &shift))
		return false;
	at = p->offset + shift;
	if (at < 0 || at + p->o->len > seen->end || (size_t)at + p->o->len > seen->side->area.len)
		return false;
	for (int i = 0; i < p->o->len; i++)
		if (seen->side->area.at[at + i] != TCP_OPT_NOP)
			return false;
	return true;
}

/* Does reading end before this option, which otherwise stands, or would stand, where it stood?
 * `before`: the end of the option sent before it. */
static bool truncated(const struct options_pair *op, const struct piece *p, size_t before)
{
	const struct layout *seen = &op->seen;
	const uint8_t *area = seen->side->area.at;

	if (p->offset >= seen->end && in_sight(seen, p) &&
	    memcmp(area + p->offset, p->o->at, p->o->len) == 0)
		return true;
	if (op->shrunk && !(seen->stopped && area[seen->end] != TCP_OPT_EOL))
		return false;
	return seen->end >= before && seen->end <= p->offset;
}

/* One kind an option sent and not found. `dead`: the one before it was truncated. */
static enum change_kind missing_kind(const struct options_pair *op, const struct piece *p,
				     size_t before, bool *dead)
{
	if (blanked(op, p))
		return CHANGE_BLANKED;
	*dead = *dead || truncated(op, p, before);
	return *dead ? CHANGE_TRUNCATED : CHANGE_REMOVED;
}

static void report_missing(struct options_pair *op)
{
	size_t before = 0;
	bool dead = false;

	for (size_t i = 0; i < op->sent.count; i++) {
		const struct piece *p = &op->sent.piece[i];
		struct change *c;

		if (p->fate == FATE_MISSING) {
			c = add_option(op->d, p->o, p->index, missing_kind(op, p, before, &dead));
			c->sent = value_octets(span_of(p->o->at, p->o->len));
		}
		before = (size_t)p->offset + p->o->len;
	}
}

static void report_found(struct options_pair *op)
{
	for (size_t i = 0; i < op->sent.count; i++) {
		const struct piece *p = &op->sent.piece[i];
		struct change *c;

		if (p->fate != FATE_MISSING)
			op->d->options_seen |= UINT64_C(1) << p->index;
		if (p->fate == FATE_REWRITTEN)
			report_rewritten(op->d, p, &op->seen.piece[p->partner]);
		if (p->fate != FATE_MOVED)
			continue;
		c = add_option(op->d, p->o, p->index, CHANGE_REORDERED);
		c->sent = c->seen = value_octets(span_of(p->o->at, p->o->len));
	}
}

/* The rest of an option that was cut is not an addition. */
static bool is_rest(const struct options_pair *op, const struct piece *p)
{
	for (size_t i = 0; i < op->sent.count && p->o->malformed; i++)
		if (op->sent.piece[i].fate == FATE_MISSING &&
		    op->sent.piece[i].o->len > p->o->len &&
		    memcmp(op->sent.piece[i].o->at, p->o->at, p->o->len) == 0)
			return true;
	return false;
}

static void report_added(struct options_pair *op)
{
	for (size_t j = 0; j < op->seen.count; j++) {
		const struct piece *p = &op->seen.piece[j];

		if (p->fate == FATE_MISSING && !is_rest(op, p))
			add_option(op->d, p->o, -1, CHANGE_ADDED)->seen =
			    value_octets(span_of(p->o->at, p->o->len));
	}
}

/* The fast way for what most quotes are: equal as far as they go. */
static bool equal_in_sight(struct diff_pair *pair)
{
	const struct diff_side *sent = &pair->sent, *seen = &pair->seen;
	const struct tcp_option_list *list = &sent->p->tcp.options;

	if (sent->header_len != seen->header_len || seen->area.len > sent->area.len ||
	    (seen->area.len > 0 && memcmp(sent->area.at, seen->area.at, seen->area.len) != 0))
		return false;
	pair->d->options_complete = seen->area_whole;
	for (uint8_t i = 0; i < list->count; i++) {
		const struct tcp_option *o = &list->item[i];

		if ((size_t)(o->at - sent->area.at) + o->len > seen->area.len)
			break;
		pair->d->options_seen |= UINT64_C(1) << i;
		pair->d->options_complete |= o->kind == TCP_OPT_EOL;
	}
	return true;
}

static void compare(struct diff_pair *pair, const struct tcp_option_list *found)
{
	struct options_pair op = {.d = pair->d};

	layout_fill(&op.sent, &pair->sent, &pair->sent.p->tcp.options, false);
	layout_fill(&op.seen, &pair->seen, found, !pair->seen.area_whole);
	op.decided = pair->seen.area_whole || op.seen.stopped;
	op.shrunk = pair->seen.header_len < pair->sent.header_len &&
		    pair->seen.claimed < pair->sent.claimed;
	options_pair_up(&op);
	report_found(&op);
	if (op.decided)
		report_missing(&op);
	report_added(&op);
	pair->d->options_complete = op.decided;
	if (op.decided)
		pair->d->options_seen = (UINT64_C(1) << pair->sent.p->tcp.options.count) - 1;
}

void diff_options(struct diff_pair *pair)
{
	struct tcp_option_list found;

	if (pair->sent.p->ip.proto != IP_PROTO_TCP || !(pair->sent.p->have & PACKET_HAS_TCP) ||
	    pair->seen.header_len < TCP_FIXED_LEN || pair->seen.transport.len < TCP_FIXED_LEN ||
	    equal_in_sight(pair))
		return;
	tcp_options_parse(&found, pair->seen.area);
	compare(pair, &found);
}
