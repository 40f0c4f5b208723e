/* Splitting segments for a smaller path MTU or window. Both parts keep the mapping as it is. */
#include <stdlib.h>

#include "mptcp/tcp_parts.h"

/* The part of `s` from octet `from` on, at most `max`. */
static struct tcp_sent part_of(const struct tcp_sent *s, uint32_t from, uint32_t max)
{
	uint32_t left = s->piece.len - from, len = left < max ? left : max;
	struct tcp_sent part = *s;

	part.piece.offset += from;
	part.piece.skip += from;
	part.piece.len = len;
	part.seq += from;
	part.fin = s->fin && len == left;
	part.len = len + part.fin;
	part.summed = false;
	part.listed = false;
	chunk_ref(part.piece.chunk);
	return part;
}

static uint32_t parts_in(const struct tcp_sent *s, uint32_t max)
{
	return s->piece.len <= max ? 1 : (s->piece.len + max - 1) / max;
}

/* `first[i]`: where the parts of the old ring's i-th segment begin in the new one. */
static void relist(const struct tcp_ring *old, struct tcp_ring *r, const uint32_t *first)
{
	uint32_t i = old->oldest;

	for (uint32_t n = old->listed; n; n--, i = ring_at(old, i)->newer)
		for (uint32_t k = first[i - old->head]; k != first[i - old->head + 1]; k++)
			ring_list(r, k);
}

static void copy_parts(const struct tcp_ring *old, struct tcp_ring *r, uint32_t *first,
		       uint32_t max)
{
	uint32_t count = old->tail - old->head, next = old->next - old->head;

	for (uint32_t i = 0; i < count; i++) {
		const struct tcp_sent *s = ring_at(old, old->head + i);

		first[i] = r->tail;
		if (i == next)
			r->next = r->tail;
		for (uint32_t n = parts_in(s, max), k = 0; k < n; k++) {
			struct tcp_sent part = part_of(s, k * max, max);

			r->sacked_count += part.sacked;
			ring_push(r, &part);
		}
	}
	first[count] = r->tail;
	if (next == count)
		r->next = r->tail;
}

bool ring_split_all(struct tcp_ring *r, uint32_t max)
{
	struct tcp_ring split = {.sacked_octets = r->sacked_octets, .lost_octets = r->lost_octets};
	uint32_t count = r->tail - r->head, parts = 1;
	uint32_t *first = malloc((count + 1) * sizeof(*first));

	for (uint32_t i = r->head; i != r->tail; i++)
		parts += parts_in(ring_at(r, i), max);
	if (!first || !ring_reserve(&split, parts)) {
		free(first);
		return false;
	}
	copy_parts(r, &split, first, max);
	relist(r, &split, first);
	ring_fini(r);
	*r = split;
	free(first);
	return true;
}

bool ring_split_unsent(struct tcp_ring *r, uint32_t octets)
{
	struct tcp_sent *s, whole;

	if (!ring_reserve(r, 2))
		return false;
	s = ring_at(r, r->next);
	if (octets == 0 || octets >= s->piece.len)
		return false;
	whole = *s;
	for (uint32_t i = r->tail++; i != r->next + 1; i--)
		*ring_at(r, i) = *ring_at(r, i - 1);
	*ring_at(r, r->next) = part_of(&whole, 0, octets);
	*ring_at(r, r->next + 1) = part_of(&whole, octets, whole.piece.len);
	chunk_unref(whole.piece.chunk);
	return true;
}
