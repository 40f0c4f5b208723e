#include "packet/checksum.h"

#include <string.h>

#include "util/octets.h"

uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* End-around carry: a one's complement sum of 64 bits is one of 16 bits once folded. */
static inline uint64_t add_carry(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

static inline uint64_t load_native(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Four sums side by side, which do not wait for each other. (Variables, not an array: of that gcc
 * makes vectors without a carry, which are slower.) */
static uint64_t add_blocks(const uint8_t *p, size_t blocks)
{
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (; blocks; blocks--, p += 32) {
		a = add_carry(a, load_native(p));
		b = add_carry(b, load_native(p + 8));
		c = add_carry(c, load_native(p + 16));
		d = add_carry(d, load_native(p + 24));
	}
	return add_carry(add_carry(a, b), add_carry(c, d));
}

/* The sum does not depend on the octet order of the machine once folded (RFC 1071 §2 B), so
 * words are added as the machine loads them and only the folded sum is turned round. */
uint64_t checksum_add(uint64_t sum, const void *octets, size_t len)
{
	const uint8_t *p = octets;
	uint64_t native = len >= 32 ? add_blocks(p, len / 32) : 0;
	uint8_t folded[2];
	uint16_t fold;

	p += len & ~(size_t)31;
	len &= 31;
	for (; len >= 4; p += 4, len -= 4) {
		uint32_t word;

		memcpy(&word, p, 4);
		native = add_carry(native, word);
	}
	fold = checksum_fold(native);
	memcpy(folded, &fold, 2);
	sum += load_u16(folded);
	if (len >= 2)
		sum += load_u16(p);
	if (len & 1)
		sum += (uint64_t)p[len - 1] << 8;
	return sum;
}

uint16_t checksum_finish(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

uint16_t checksum_update(uint16_t checksum, uint16_t from, uint16_t to)
{
	return checksum_finish((uint64_t)(uint16_t)~checksum + (uint16_t)~from + to);
}
