#include "util/heap.h"

#include <stdlib.h>

void heap_fini(struct heap *h)
{
	free(h->entries);
	*h = (struct heap){0};
}

static bool earlier(const struct heap_entry *a, const struct heap_entry *b)
{
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns;
	return a->order < b->order;
}

static bool heap_grow(struct heap *h)
{
	size_t capacity = h->capacity ? 2 * h->capacity : 64;
	struct heap_entry *entries = realloc(h->entries, capacity * sizeof(*entries));

	if (!entries)
		return false;
	h->entries = entries;
	h->capacity = capacity;
	return true;
}

bool heap_push(struct heap *h, int64_t time_ns, void *item)
{
	struct heap_entry entry = {.time_ns = time_ns, .order = h->pushed, .item = item};
	size_t at = h->count;

	if (h->count == h->capacity && !heap_grow(h))
		return false;
	h->pushed++;
	h->count++;
	for (; at && earlier(&entry, &h->entries[(at - 1) / 2]); at = (at - 1) / 2)
		h->entries[at] = h->entries[(at - 1) / 2];
	h->entries[at] = entry;
	return true;
}

const struct heap_entry *heap_peek(const struct heap *h)
{
	return h->count ? &h->entries[0] : NULL;
}

/* The earlier child of `at`, or `count` if it has none. */
static size_t heap_child(const struct heap *h, size_t at)
{
	size_t left = 2 * at + 1;

	if (left >= h->count)
		return h->count;
	if (left + 1 < h->count && earlier(&h->entries[left + 1], &h->entries[left]))
		return left + 1;
	return left;
}

void *heap_pop(struct heap *h)
{
	struct heap_entry last;
	size_t at = 0, child;
	void *item;

	if (!h->count)
		return NULL;
	item = h->entries[0].item;
	last = h->entries[--h->count];
	while ((child = heap_child(h, at)) < h->count && earlier(&h->entries[child], &last)) {
		h->entries[at] = h->entries[child];
		at = child;
	}
	h->entries[at] = last;
	return item;
}
