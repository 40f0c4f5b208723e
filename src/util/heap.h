/* A binary min-heap of timed entries, earliest first; entries of one time leave in
 * the order they came in, so that a run on virtual time repeats bit for bit. */
#ifndef MBOXTRACE_UTIL_HEAP_H
#define MBOXTRACE_UTIL_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	int64_t time_ns;
	uint64_t order; /* set by heap_push */
	void *item;	/* the caller's; never touched */
};

struct heap {
	struct heap_entry *entries; /* owned */
	size_t count, capacity;
	uint64_t pushed;
};

void heap_fini(struct heap *h);
bool heap_push(struct heap *h, int64_t time_ns, void *item); /* false: out of memory */
const struct heap_entry *heap_peek(const struct heap *h);    /* NULL if empty */
void *heap_pop(struct heap *h);				     /* NULL if empty */

#endif
