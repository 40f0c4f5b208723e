/* Octets ahead of a hole. What came first is kept: octets are copied only where none were. The
 * number of ranges is bounded, so that a peer who sends every other octet costs a bounded amount
 * of work a segment; a segment that would need one more is dropped, and comes again. */
#include <stdlib.h>
#include <string.h>

#include "mptcp/tcp_parts.h"

#define RANGES_MAX 4096
#define KEEP_SIZE  (256u * 1024) /* larger buffers are given back once empty */

static void copy_in(struct tcp_reorder *q, uint32_t seq, const uint8_t *from, uint32_t len)
{
	uint32_t at = seq & (q->size - 1), first = q->size - at;

	if (first > len)
		first = len;
	memcpy(q->octets + at, from, first);
	memcpy(q->octets, from + first, len - first);
}

struct span reorder_peek(const struct tcp_reorder *q, uint32_t seq)
{
	uint32_t at, left, len;

	if (q->count == 0 || seq_before(seq, q->range[0].from) || !seq_before(seq, q->range[0].to))
		return span_of(NULL, 0);
	at = seq & (q->size - 1);
	left = q->range[0].to - seq;
	len = q->size - at;
	return span_of(q->octets + at, left < len ? left : len);
}

/* Room for `extent` octets from the lowest held on. */
static bool grow_octets(struct tcp_reorder *q, uint32_t extent)
{
	struct tcp_reorder larger = {.size = q->size ? q->size : 8192};

	while (larger.size < extent)
		larger.size *= 2;
	if (larger.size == q->size)
		return true;
	larger.octets = malloc(larger.size);
	if (!larger.octets)
		return false;
	for (uint32_t i = 0; i < q->count; i++) {
		struct tcp_reorder one = {
		    .octets = q->octets, .size = q->size, .range = q->range + i, .count = 1};
		uint32_t seq = q->range[i].from;

		for (struct span s; (s = reorder_peek(&one, seq)).len; seq += (uint32_t)s.len)
			copy_in(&larger, seq, s.at, (uint32_t)s.len);
	}
	free(q->octets);
	q->octets = larger.octets;
	q->size = larger.size;
	return true;
}

static bool grow_ranges(struct tcp_reorder *q)
{
	uint32_t capacity = q->capacity ? q->capacity * 2 : 8;
	struct tcp_range *range;

	if (q->count < q->capacity)
		return true;
	if (capacity > RANGES_MAX)
		return false;
	range = realloc(q->range, capacity * sizeof(*range));
	if (!range)
		return false;
	q->range = range;
	q->capacity = capacity;
	return true;
}

/* The first range that ends at `seq` or behind it. */
static uint32_t first_reaching(const struct tcp_reorder *q, uint32_t seq)
{
	uint32_t low = 0, high = q->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (seq_before(q->range[middle].to, seq))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void remember(struct tcp_reorder *q, uint32_t seq)
{
	uint32_t i = q->recent_count < TCP_SACK_BLOCKS ? q->recent_count++ : TCP_SACK_BLOCKS - 1;

	memmove(q->recent + 1, q->recent, i * sizeof(q->recent[0]));
	q->recent[0] = seq;
}

void reorder_duplicate(struct tcp_reorder *q, uint32_t from, uint32_t to)
{
	q->duplicate = (struct tcp_range){from, to};
	q->has_duplicate = true;
}

/* Copies what the ranges from the i-th to before the `end`-th do not hold yet. */
static void fill(struct tcp_reorder *q, uint32_t i, uint32_t end, uint32_t seq, struct span octets)
{
	uint32_t at = seq, to = seq + (uint32_t)octets.len;

	for (; i < end; i++) {
		const struct tcp_range *held = &q->range[i];

		if (seq_before(at, held->from))
			copy_in(q, at, octets.at + (at - seq), held->from - at);
		if (seq_before(at, held->to))
			at = held->to;
	}
	if (seq_before(at, to))
		copy_in(q, at, octets.at + (at - seq), to - at);
}

/* The part of the new octets that was there already. */
static void note_duplicate(struct tcp_reorder *q, const struct tcp_range *held,
			   struct tcp_range new)
{
	if (seq_before(new.from, held->from))
		new.from = held->from;
	if (seq_before(held->to, new.to))
		new.to = held->to;
	if (seq_before(new.from, new.to))
		reorder_duplicate(q, new.from, new.to);
}

bool reorder_add(struct tcp_reorder *q, uint32_t base, uint32_t seq, struct span octets)
{
	struct tcp_range new = {seq, seq + (uint32_t)octets.len};
	uint32_t i = first_reaching(q, seq), end = i;

	if (!grow_octets(q, new.to - base))
		return false;
	while (end < q->count && !seq_before(new.to, q->range[end].from))
		note_duplicate(q, &q->range[end++], new);
	if (i == end && !grow_ranges(q))
		return false;
	fill(q, i, end, seq, octets);
	if (i != end && seq_before(q->range[i].from, new.from))
		new.from = q->range[i].from;
	if (i != end && seq_before(new.to, q->range[end - 1].to))
		new.to = q->range[end - 1].to;
	if (i + 1 != end)
		memmove(q->range + i + 1, q->range + end, (q->count - end) * sizeof(new));
	q->count = q->count + 1 - (end - i);
	q->range[i] = new;
	remember(q, seq);
	return true;
}

void reorder_drop(struct tcp_reorder *q, uint32_t until)
{
	uint32_t gone = 0;

	while (gone < q->count && !seq_before(until, q->range[gone].to))
		gone++;
	if (gone < q->count && seq_before(q->range[gone].from, until))
		q->range[gone].from = until;
	if (gone)
		memmove(q->range, q->range + gone, (q->count - gone) * sizeof(*q->range));
	q->count -= gone;
	if (q->count == 0 && q->size > KEEP_SIZE)
		reorder_fini(q);
}

/* The range around `seq`, or NULL. */
static const struct tcp_range *range_of(const struct tcp_reorder *q, uint32_t seq)
{
	uint32_t i = first_reaching(q, seq + 1);

	return i < q->count && !seq_before(seq, q->range[i].from) ? &q->range[i] : NULL;
}

static bool listed(const struct tcp_range *out, unsigned from, unsigned to, uint32_t seq)
{
	for (; from < to; from++)
		if (out[from].from == seq)
			return true;
	return false;
}

/* A duplicate first (RFC 2883), then the most recently changed (RFC 2018 §4). */
unsigned reorder_blocks(const struct tcp_reorder *q, struct tcp_range *out, unsigned room)
{
	unsigned count = 0, first = q->has_duplicate;

	if (q->has_duplicate && room)
		out[count++] = q->duplicate;
	for (uint32_t i = 0; i < q->recent_count && count < room; i++) {
		const struct tcp_range *r = range_of(q, q->recent[i]);

		if (r && !listed(out, first, count, r->from))
			out[count++] = *r;
	}
	return count;
}

void reorder_fini(struct tcp_reorder *q)
{
	free(q->octets);
	free(q->range);
	*q = (struct tcp_reorder){.duplicate = q->duplicate, .has_duplicate = q->has_duplicate};
}
