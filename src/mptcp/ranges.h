/* A set of stretches of the data sequence space: sorted, apart from each other, bounded. */
#ifndef MBOXTRACE_MPTCP_RANGES_H
#define MBOXTRACE_MPTCP_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mptcp/dsn.h"

#define RANGES_MAX 4096

struct range {
	uint64_t from, to; /* first, and behind the last; they wrap */
};

struct ranges {
	struct range *at; /* owned; those in use are at[first] to at[first + count - 1] */
	uint32_t first, count, capacity;
};

void ranges_fini(struct ranges *r);
/* Adds [from, to). False: no memory, or the set is full and [from, to) touches nothing. */
bool ranges_add(struct ranges *r, uint64_t from, uint64_t to);
void ranges_trim(struct ranges *r, uint64_t below); /* forgets what lies before `below` */
/* The first stretch, NULL if there is none. */
const struct range *ranges_first(const struct ranges *r);
bool ranges_overlap(const struct ranges *r, uint64_t from, uint64_t to);
size_t ranges_memory(const struct ranges *r);

#endif
