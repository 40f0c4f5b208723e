/* What reading and building ICMP errors share; of no use outside this room. */
#ifndef MBOXTRACE_PACKET_ICMP_WIRE_H
#define MBOXTRACE_PACKET_ICMP_WIRE_H

#include "packet/icmp.h"

#define ICMP_QUOTE_PADDED     128 /* RFC 4884 §3: a quote before extensions is at least so long */
#define ICMP_EXTENSION_HEADER 4
#define ICMP_OBJECT_HEADER    4
#define MPLS_CLASS	      1
#define MPLS_C_TYPE	      1

/* Is this an extension structure, by version, checksum and object lengths? `strict`: nothing
 * announces it, so a checksum that was not computed (zero) does not pass, nor one without
 * objects. */
bool icmp_extensions_valid(struct span s, bool strict);

/* Reads an extension structure into `out`; nothing if it is empty. */
void icmp_extensions_parse(struct icmp_error *out, struct span s);

#endif
