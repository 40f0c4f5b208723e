/* What parsing, building and checksums of a packet share; of no use outside this room. */
#ifndef MBOXTRACE_PACKET_PACKET_WIRE_H
#define MBOXTRACE_PACKET_PACKET_WIRE_H

#include <stdbool.h>

#include "packet/packet.h"

#define IP4_HEADER	20
#define IP6_HEADER	40
#define TCP_HEADER	20
#define TCP_PORTS	8
#define ICMP_HEADER	8
#define IP4_CHECKSUM_AT 10
#define IP_PROTO_AH	51

/* Decodes the IP header and extension headers only: all but the transport header, with the
 * whole of `transport` as payload. Returns as packet_parse. */
int packet_parse_ip(struct packet *p, struct span octets);

/* The octets that the extension header `kind` at the front of `at` says it has. */
size_t ip6_extension_len(uint8_t kind, struct span at);

/* Where in its header a protocol keeps its checksum; -1 if it is not one we compute. */
int transport_checksum_at(const struct ip_header *ip);

/* The checksum of `transport`, leaving out what stands at octet `at`, with the pseudo-header. */
uint16_t transport_checksum(const struct ip_header *ip, struct span transport, size_t at);

/* The checksum of an IPv4 header, leaving out the one that stands in it. */
uint16_t ip4_header_checksum(struct span header);

static inline bool packet_is_fragment(const struct ip_header *ip)
{
	return ip->frag_offset != 0 || (ip->flags & 1);
}

#endif
