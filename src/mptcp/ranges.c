#include "mptcp/ranges.h"

#include <stdlib.h>
#include <string.h>

void ranges_fini(struct ranges *r)
{
	free(r->at);
	*r = (struct ranges){0};
}

const struct range *ranges_first(const struct ranges *r)
{
	return r->count ? &r->at[r->first] : NULL;
}

size_t ranges_memory(const struct ranges *r)
{
	return r->capacity * sizeof(*r->at);
}

/* Index of the first stretch that ends at or behind `dsn`. */
static uint32_t find(const struct ranges *r, uint64_t dsn)
{
	uint32_t low = 0, high = r->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (dsn_before(r->at[r->first + middle].to, dsn))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for one more, at the end of the array. */
static bool reserve(struct ranges *r)
{
	uint32_t capacity = r->capacity ? r->capacity * 2 : 8;
	struct range *at;

	if (r->first + r->count < r->capacity)
		return true;
	if (r->first > r->capacity / 4) {
		memmove(r->at, r->at + r->first, r->count * sizeof(*r->at));
		r->first = 0;
		return true;
	}
	if (r->count >= RANGES_MAX)
		return false;
	at = realloc(r->at, capacity * sizeof(*at));
	if (!at)
		return false;
	r->at = at;
	r->capacity = capacity;
	return true;
}

static bool insert(struct ranges *r, uint32_t i, uint64_t from, uint64_t to)
{
	struct range *at;

	if (!reserve(r))
		return false;
	at = r->at + r->first + i;
	memmove(at + 1, at, (r->count - i) * sizeof(*at));
	*at = (struct range){from, to};
	r->count++;
	return true;
}

/* Takes into stretch `i` those behind it that it has come to touch. */
static void join(struct ranges *r, uint32_t i)
{
	struct range *at = r->at + r->first + i;
	uint32_t n = 1;

	while (i + n < r->count && !dsn_before(at->to, at[n].from)) {
		if (dsn_before(at->to, at[n].to))
			at->to = at[n].to;
		n++;
	}
	if (n == 1)
		return;
	memmove(at + 1, at + n, (r->count - i - n) * sizeof(*at));
	r->count -= n - 1;
}

bool ranges_add(struct ranges *r, uint64_t from, uint64_t to)
{
	uint32_t i = find(r, from);
	struct range *at;

	if (!dsn_before(from, to))
		return true;
	if (i == r->count || dsn_before(to, r->at[r->first + i].from))
		return insert(r, i, from, to);
	at = r->at + r->first + i;
	if (dsn_before(from, at->from))
		at->from = from;
	if (dsn_before(at->to, to))
		at->to = to;
	join(r, i);
	return true;
}

void ranges_trim(struct ranges *r, uint64_t below)
{
	while (r->count) {
		struct range *at = &r->at[r->first];

		if (dsn_before(below, at->to)) {
			if (dsn_before(at->from, below))
				at->from = below;
			return;
		}
		r->first++;
		r->count--;
	}
	r->first = 0;
}

bool ranges_overlap(const struct ranges *r, uint64_t from, uint64_t to)
{
	uint32_t i = find(r, from + 1);

	return i < r->count && dsn_before(r->at[r->first + i].from, to);
}
