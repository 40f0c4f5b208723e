/* Octets that live as long as their owner: handed out from chunks, freed all at once. */
#ifndef MBOXTRACE_UTIL_ARENA_H
#define MBOXTRACE_UTIL_ARENA_H

#include "util/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* owned */
};

void arena_fini(struct arena *a);
/* A lasting copy of `s`; empty if out of memory. */
struct span arena_copy(struct arena *a, struct span s);

#endif
