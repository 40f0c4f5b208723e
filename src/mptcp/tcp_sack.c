/* SACK blocks that arrive (RFC 2018, 2883, 6675). What is none - edges outside of what is
 * outstanding, as a box makes them that rewrites numbers but not these - is counted and ignored;
 * while none was ever right, losses are found as without SACK. */
#include "mptcp/tcp_parts.h"
#include "util/octets.h"

bool tcp_sack_usable(const struct tcp *t)
{
	return t->sack_on && t->sack_valid && t->stats.invalid_sacks <= 4 * (uint64_t)t->sack_valid;
}

static bool is_valid(const struct tcp *t, const struct tcp_arrival *a, struct tcp_range b)
{
	return seq_before(b.from, b.to) && !seq_before(b.from, a->ack) &&
	       !seq_before(t->snd_nxt, b.to);
}

static bool within(struct tcp_range inner, struct tcp_range outer)
{
	return !seq_before(inner.from, outer.from) && !seq_before(outer.to, inner.to);
}

/* RFC 2883 §4: the first block lies below the ACK or within the second. */
static bool is_dsack(const struct tcp *t, const struct tcp_arrival *a, struct tcp_range first,
		     struct tcp_range second, bool has_second)
{
	if (!seq_before(first.from, first.to))
		return false;
	if (seq_diff(a->ack, first.to) >= 0)
		return seq_diff(first.from, t->snd_una - t->snd_wnd_max) >= 0;
	return has_second && is_valid(t, a, first) && is_valid(t, a, second) &&
	       within(first, second);
}

/* Marks what lies in `b` and begins before `stop`, from the i-th segment on. */
static void mark(struct tcp *t, const struct tcp_arrival *a, uint32_t i, struct tcp_range b,
		 uint32_t stop, struct tcp_delivery *d)
{
	for (; i != t->ring.next; i++) {
		struct tcp_sent *s = ring_at(&t->ring, i);

		if (seq_before(b.to, s->seq + s->len) || !seq_before(s->seq, stop))
			return;
		if (s->sacked || s->len == 0)
			continue;
		tcp_delivered(t, a, s, d);
		d->sacked += s->len;
		ring_sack(&t->ring, i);
	}
}

/* Blocks are repeated and grow: only what the ACK before did not say is looked at. */
static void mark_news(struct tcp *t, const struct tcp_arrival *a, struct tcp_range b,
		      struct tcp_delivery *d)
{
	uint32_t i;

	for (unsigned k = 0; k < t->sack_seen_count; k++) {
		struct tcp_range seen = t->sack_seen[k];

		if (within(b, seen))
			return;
		if (seq_before(b.to, seen.from) || seq_before(seen.to, b.from))
			continue;
		if (seq_before(b.from, seen.from))
			mark(t, a, ring_first_at(&t->ring, b.from), b, seen.from, d);
		if (!seq_before(seen.to, b.to))
			return;
		i = ring_first_at(&t->ring, seen.to);
		if (i != t->ring.head && !seq_before(ring_at(&t->ring, i - 1)->seq, b.from))
			i--; /* may reach over the seen edge */
		mark(t, a, i, b, b.to, d);
		return;
	}
	mark(t, a, ring_first_at(&t->ring, b.from), b, b.to, d);
}

static unsigned read_blocks(const struct tcp_arrival *a, struct tcp_range *block)
{
	unsigned count = (unsigned)(a->sack.len / 8);

	if (count > TCP_SACK_BLOCKS)
		count = TCP_SACK_BLOCKS;
	for (unsigned i = 0; i < count; i++)
		block[i] = (struct tcp_range){load_u32(a->sack.at + 8 * i),
					      load_u32(a->sack.at + 8 * i + 4)};
	return count;
}

void tcp_sack_take(struct tcp *t, const struct tcp_arrival *a, struct tcp_delivery *d)
{
	struct tcp_range block[TCP_SACK_BLOCKS] = {0}, valid[TCP_SACK_BLOCKS];
	unsigned count = read_blocks(a, block), kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (i == 0 && is_dsack(t, a, block[0], block[1], count > 1)) {
			d->duplicate = true;
		} else if (is_valid(t, a, block[i])) {
			mark_news(t, a, block[i], d);
			valid[kept++] = block[i];
		} else {
			t->stats.invalid_sacks++;
		}
	}
	t->sack_valid += kept;
	for (unsigned i = 0; i < kept; i++)
		t->sack_seen[i] = valid[i];
	t->sack_seen_count = kept;
	if (d->duplicate)
		rack_duplicate(t);
}
