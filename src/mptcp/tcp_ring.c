#include <stdlib.h>
#include <string.h>

#include "mptcp/tcp_parts.h"

static bool resize(struct tcp_ring *r, uint32_t size)
{
	struct tcp_sent *at = calloc(size, sizeof(*at));

	if (!at)
		return false;
	for (uint32_t i = r->head; i != r->tail; i++)
		at[i & (size - 1)] = *ring_at(r, i);
	free(r->at);
	r->at = at;
	r->size = size;
	return true;
}

bool ring_reserve(struct tcp_ring *r, uint32_t more)
{
	uint32_t need = r->tail - r->head + more, size = r->size ? r->size : 4;

	while (size < need)
		size *= 2;
	return size == r->size || resize(r, size);
}

void ring_push(struct tcp_ring *r, const struct tcp_sent *s)
{
	*ring_at(r, r->tail++) = *s;
}

void ring_list(struct tcp_ring *r, uint32_t i)
{
	struct tcp_sent *s = ring_at(r, i);

	ring_unlist(r, s);
	if (r->listed++)
		ring_at(r, r->newest)->newer = i;
	else
		r->oldest = i;
	s->older = r->newest;
	r->newest = i;
	s->listed = true;
}

void ring_unlist(struct tcp_ring *r, struct tcp_sent *s)
{
	if (!s->listed)
		return;
	s->listed = false;
	if (--r->listed == 0)
		return;
	if (ring_at(r, r->oldest) == s)
		r->oldest = s->newer;
	else
		ring_at(r, s->older)->newer = s->newer;
	if (ring_at(r, r->newest) == s)
		r->newest = s->older;
	else
		ring_at(r, s->newer)->older = s->older;
}

void ring_fini(struct tcp_ring *r)
{
	for (uint32_t i = r->head; i != r->tail; i++)
		chunk_unref(ring_at(r, i)->piece.chunk);
	free(r->at);
	*r = (struct tcp_ring){0};
}

static void unsack(struct tcp_ring *r, struct tcp_sent *s)
{
	if (!s->sacked)
		return;
	s->sacked = false;
	r->sacked_octets -= s->len;
	r->sacked_count--;
}

void ring_find(struct tcp_ring *r, struct tcp_sent *s)
{
	if (s->lost)
		r->lost_octets -= s->len;
	s->lost = false;
}

void ring_pop(struct tcp_ring *r)
{
	struct tcp_sent *s = ring_at(r, r->head);

	ring_unlist(r, s);
	ring_find(r, s);
	unsack(r, s);
	chunk_unref(s->piece.chunk);
	if (r->lost_from == r->head)
		r->lost_from++;
	r->head++;
}

void ring_cut(struct tcp_ring *r, uint32_t seq)
{
	struct tcp_sent *s = ring_at(r, r->head);
	uint32_t cut = seq - s->seq;

	if (cut >= s->piece.len)
		return;
	if (s->lost)
		r->lost_octets -= cut;
	if (s->sacked)
		r->sacked_octets -= cut;
	s->seq += cut;
	s->len -= cut;
	s->piece.offset += cut;
	s->piece.skip += cut;
	s->piece.len -= cut;
	s->summed = false;
}

void ring_lose(struct tcp_ring *r, uint32_t i)
{
	struct tcp_sent *s = ring_at(r, i);

	if (s->lost || s->sacked || s->len == 0)
		return;
	ring_unlist(r, s);
	if (r->lost_octets == 0 || seq_before(i, r->lost_from))
		r->lost_from = i;
	s->lost = true;
	r->lost_octets += s->len;
}

void ring_sack(struct tcp_ring *r, uint32_t i)
{
	struct tcp_sent *s = ring_at(r, i);

	ring_unlist(r, s);
	ring_find(r, s);
	s->sacked = true;
	r->sacked_octets += s->len;
	r->sacked_count++;
}

void ring_forget_sacks(struct tcp_ring *r)
{
	for (uint32_t i = r->head; i != r->next; i++)
		unsack(r, ring_at(r, i));
}

uint32_t ring_first_at(const struct tcp_ring *r, uint32_t seq)
{
	uint32_t low = 0, high = r->next - r->head;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (seq_before(ring_at(r, r->head + middle)->seq, seq))
			low = middle + 1;
		else
			high = middle;
	}
	return r->head + low;
}
