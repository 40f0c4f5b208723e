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

/* The sum does not depend on the octet order of the machine once folded (RFC 1071 §2 B), so
 * words are added as the machine loads them and only the folded sum is turned round. */
uint64_t checksum_add(uint64_t sum, const void *octets, size_t len)
{
	const uint8_t *p = octets;
	uint64_t native = 0;
	uint8_t folded[2];
	uint16_t fold;

	for (; len >= 4; p += 4, len -= 4) {
		uint32_t word;

		memcpy(&word, p, 4);
		native += word;
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
