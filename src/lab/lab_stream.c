#include "lab/lab_stream.h"

#include "util/rng.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

void lab_stream_init(struct lab_stream *s, uint64_t seed)
{
	*s = (struct lab_stream){.seed = seed, .hash = FNV_BASIS, .wrong_at = LAB_STREAM_RIGHT};
}

/* Eight octets a number, so that any place of the stream is found without those before it. */
static uint64_t word_at(uint64_t seed, uint64_t i)
{
	struct rng r;

	rng_seed(&r, seed ^ i * UINT64_C(0x9e3779b97f4a7c15));
	return rng_u64(&r);
}

void lab_stream_fill(uint64_t seed, uint64_t offset, uint8_t *out, size_t len)
{
	uint64_t word = word_at(seed, offset / 8);

	for (size_t i = 0; i < len; i++, offset++) {
		if (offset % 8 == 0)
			word = word_at(seed, offset / 8);
		out[i] = (uint8_t)(word >> offset % 8 * 8);
	}
}

void lab_stream_take(struct lab_stream *s, struct span octets)
{
	uint64_t word = word_at(s->seed, s->octets / 8);

	for (size_t i = 0; i < octets.len; i++, s->octets++) {
		if (s->octets % 8 == 0)
			word = word_at(s->seed, s->octets / 8);
		if (octets.at[i] != (uint8_t)(word >> s->octets % 8 * 8) &&
		    s->wrong_at == LAB_STREAM_RIGHT)
			s->wrong_at = s->octets;
		s->hash = (s->hash ^ octets.at[i]) * FNV_PRIME;
	}
}
