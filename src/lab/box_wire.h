/* Translating a packet, or as much of one as an ICMP error quotes, word by word as NATs do: with
 * incremental checksums (RFC 1624), or without touching them. */
#ifndef MBOXTRACE_LAB_BOX_WIRE_H
#define MBOXTRACE_LAB_BOX_WIRE_H

#include "lab/box.h"

/* How a translator treats the quotes inside ICMP errors that come back. */
enum box_quotes {
	QUOTES_NONE,	/* not at all: what the outside saw shows */
	QUOTES_PARTIAL, /* addresses, ports, sequence numbers; the checksums stay and betray it */
	QUOTES_FULL,	/* as Linux: checksums too, nothing shows */
};

extern const char *const box_quotes_names[];

struct box_wire {
	uint8_t *at;
	size_t len, transport; /* octets there are; where the transport header starts */
	uint8_t family, proto;
	bool fix; /* checksums follow */
};

/* False if there is no IP header. */
bool box_wire_init(struct box_wire *w, uint8_t *octets, size_t len, bool fix);
/* The packet that the ICMP error in `packet` quotes; false if it is none. Once done with it, call
 * box_wire_requoted. */
bool box_wire_quote(struct box_wire *w, struct box_packet *packet, bool fix);
void box_wire_requoted(struct box_packet *packet); /* the ICMP checksum covers the quote */

struct ip_addr box_wire_addr(const struct box_wire *w, bool source);
void box_wire_set_addr(struct box_wire *w, bool source, const struct ip_addr *to);

/* Ports, or the identifier of an ICMP echo for either; -1 if it has none or they are cut off. */
int box_wire_port(const struct box_wire *w, bool source);
void box_wire_set_port(struct box_wire *w, bool source, uint16_t to);

/* A word of the transport header, as far as it is there. */
void box_wire_set_u32(struct box_wire *w, size_t offset, uint32_t to);
void box_wire_set_id(struct box_wire *w, uint16_t to); /* IPv4 only */

#endif
