/* Big-endian loads and stores, and bit fields that straddle octets. */
#ifndef MBOXTRACE_UTIL_OCTETS_H
#define MBOXTRACE_UTIL_OCTETS_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t load_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t load_u64(const uint8_t *p)
{
	return (uint64_t)load_u32(p) << 32 | load_u32(p + 4);
}

static inline void store_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void store_u32(uint8_t *p, uint32_t v)
{
	store_u16(p, (uint16_t)(v >> 16));
	store_u16(p + 2, (uint16_t)v);
}

static inline void store_u64(uint8_t *p, uint64_t v)
{
	store_u32(p, (uint32_t)(v >> 32));
	store_u32(p + 4, (uint32_t)v);
}

/* The `bits` (1 to 64) bits at bit offset `bit`, most significant first. The
 * caller makes sure that they are there. */
static inline uint64_t load_bits(const uint8_t *p, size_t bit, size_t bits)
{
	uint64_t value = 0;

	for (size_t i = bit; i < bit + bits; i++)
		value = value << 1 | (p[i / 8] >> (7 - i % 8) & 1);
	return value;
}

static inline void store_bits(uint8_t *p, size_t bit, size_t bits, uint64_t value)
{
	for (size_t i = bit + bits; i-- > bit; value >>= 1) {
		uint8_t mask = (uint8_t)(0x80 >> i % 8);

		p[i / 8] = (uint8_t)((value & 1) ? p[i / 8] | mask : p[i / 8] & ~mask);
	}
}

#endif
