#include <stdlib.h>

#include "mptcp/endpoint_state.h"

static void place(struct timer_heap *h, size_t i, struct conn *c)
{
	h->at[i] = c;
	c->heap_at = i;
}

static void rise(struct timer_heap *h, size_t i)
{
	struct conn *c = h->at[i];

	for (; i > 1 && c->heap_ns < h->at[i / 2]->heap_ns; i /= 2)
		place(h, i, h->at[i / 2]);
	place(h, i, c);
}

static void sink(struct timer_heap *h, size_t i)
{
	struct conn *c = h->at[i];
	size_t child;

	for (; (child = 2 * i) <= h->count; i = child) {
		if (child < h->count && h->at[child + 1]->heap_ns < h->at[child]->heap_ns)
			child++;
		if (c->heap_ns <= h->at[child]->heap_ns)
			break;
		place(h, i, h->at[child]);
	}
	place(h, i, c);
}

static bool reserve(struct timer_heap *h)
{
	size_t capacity = h->capacity ? h->capacity * 2 : 16;
	struct conn **at;

	if (h->count + 1 < h->capacity)
		return true;
	at = realloc(h->at, capacity * sizeof(struct conn *));
	if (!at)
		return false;
	h->at = at;
	h->capacity = capacity;
	return true;
}

void heap_set(struct endpoint *e, struct conn *c, int64_t time_ns)
{
	struct timer_heap *h = &e->heap;
	int64_t before = c->heap_ns;

	if (time_ns == TIME_NEVER) {
		heap_remove(e, c);
		return;
	}
	c->heap_ns = time_ns;
	if (!c->heap_at) {
		if (!reserve(h))
			return;
		place(h, ++h->count, c);
		rise(h, h->count);
	} else if (time_ns < before) {
		rise(h, c->heap_at);
	} else if (time_ns > before) {
		sink(h, c->heap_at);
	}
}

void heap_remove(struct endpoint *e, struct conn *c)
{
	struct timer_heap *h = &e->heap;
	size_t i = c->heap_at;
	struct conn *last;

	if (!i)
		return;
	last = h->at[h->count--];
	c->heap_at = 0;
	if (last == c)
		return;
	place(h, i, last);
	rise(h, i);
	sink(h, last->heap_at);
}

struct conn *heap_first(const struct endpoint *e)
{
	return e->heap.count ? e->heap.at[1] : NULL;
}
