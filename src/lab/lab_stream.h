/* Streams whose content follows from a seed, so that whoever receives one can tell at once whether
 * it is whole and in order, and where it is not. */
#ifndef MBOXTRACE_LAB_LAB_STREAM_H
#define MBOXTRACE_LAB_LAB_STREAM_H

#include "util/span.h"

#define LAB_STREAM_RIGHT UINT64_MAX

struct lab_stream {
	uint64_t seed;
	uint64_t octets;   /* so far */
	uint64_t hash;	   /* FNV-1a of them */
	uint64_t wrong_at; /* the first that is not the seed's; LAB_STREAM_RIGHT: none */
};

void lab_stream_init(struct lab_stream *s, uint64_t seed);
/* Counts, hashes and compares what comes next. */
void lab_stream_take(struct lab_stream *s, struct span octets);
/* Writes the seed's octets from `offset` on. */
void lab_stream_fill(uint64_t seed, uint64_t offset, uint8_t *out, size_t len);

#endif
