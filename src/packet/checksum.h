/* The Internet checksum (RFC 1071), in parts, and its incremental update (RFC 1624). */
#ifndef MBOXTRACE_PACKET_CHECKSUM_H
#define MBOXTRACE_PACKET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds `len` octets to a running one's complement sum; an odd part pads with zero, so only
 * the last part may be odd. Start with 0. */
uint64_t checksum_add(uint64_t sum, const void *octets, size_t len);
uint16_t checksum_fold(uint64_t sum);	/* the sum folded to 16 bits, not inverted */
uint16_t checksum_finish(uint64_t sum); /* folded and inverted: what goes into the header */

/* The checksum after a 16-bit word changed from `from` to `to`. */
uint16_t checksum_update(uint16_t checksum, uint16_t from, uint16_t to);

#endif
