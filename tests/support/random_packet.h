/* Random IP packets, well-formed and otherwise. */
#ifndef MBOXTRACE_TESTS_SUPPORT_RANDOM_PACKET_H
#define MBOXTRACE_TESTS_SUPPORT_RANDOM_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "util/rng.h"

#define RANDOM_PACKET_MAX 512

/* Writes a packet whose layers are where they belong: IPv4 with options or IPv6 with extension
 * headers; TCP with known, unknown and MPTCP options, ICMP, or something else; payload. Values are
 * random, lengths and data offset right. Returns its length. */
size_t random_packet(struct rng *r, uint8_t out[RANDOM_PACKET_MAX]);

/* Cuts it, extends it, or flips octets, mostly among the first 80. Returns the new length. */
size_t random_mutate(struct rng *r, uint8_t out[RANDOM_PACKET_MAX], size_t len);

/* Writes an option area of 0 to 40 octets, a multiple of four. */
size_t random_options(struct rng *r, uint8_t *out);

#endif
