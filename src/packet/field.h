/* The fixed header fields as a table: one row names a field for people (Wireshark's display
 * filter), for the notation, and says where its bits are. The diff, the notation, `-v` and
 * the boxes of the lab read and write fields only through it. */
#ifndef MBOXTRACE_PACKET_FIELD_H
#define MBOXTRACE_PACKET_FIELD_H

#include "packet/packet.h"

enum field_layer { LAYER_IP4, LAYER_IP6, LAYER_TCP, LAYER_ICMP };

enum field {
	FIELD_NONE = 0,
	FIELD_IP4_VERSION,
	FIELD_IP4_HDR_LEN,
	FIELD_IP4_DSCP,
	FIELD_IP4_ECN,
	FIELD_IP4_LEN,
	FIELD_IP4_ID,
	FIELD_IP4_RB,
	FIELD_IP4_DF,
	FIELD_IP4_MF,
	FIELD_IP4_FRAG_OFFSET,
	FIELD_IP4_TTL,
	FIELD_IP4_PROTO,
	FIELD_IP4_CHECKSUM,
	FIELD_IP4_SRC,
	FIELD_IP4_DST,
	FIELD_IP6_VERSION,
	FIELD_IP6_DSCP,
	FIELD_IP6_ECN,
	FIELD_IP6_FLOW,
	FIELD_IP6_PLEN,
	FIELD_IP6_NEXT,
	FIELD_IP6_HLIM,
	FIELD_IP6_SRC,
	FIELD_IP6_DST,
	FIELD_TCP_SRC_PORT,
	FIELD_TCP_DST_PORT,
	FIELD_TCP_SEQ,
	FIELD_TCP_ACK,
	FIELD_TCP_HDR_LEN,
	FIELD_TCP_RESERVED,
	FIELD_TCP_FLAGS,
	FIELD_TCP_WINDOW,
	FIELD_TCP_CHECKSUM,
	FIELD_TCP_URGENT,
	FIELD_ICMP_TYPE,
	FIELD_ICMP_CODE,
	FIELD_ICMP_CHECKSUM,
	FIELD_ICMP_REST,
	FIELD_COUNT /* at most 64: sets of fields are uint64_t */
};

#define FIELD_BIT(f) (UINT64_C(1) << (f))

enum field_format { FORMAT_DEC, FORMAT_HEX, FORMAT_ADDR };

enum field_role {
	FIELD_COMPARED, /* a difference is a change */
	FIELD_EXPECTED, /* must change on the way: TTL, IPv4 header checksum */
	FIELD_DERIVED,	/* follows from others: lengths, data offset, checksums */
};

struct field_info {
	const char *name; /* "ip.dsfield.dscp"; IPv6 has Wireshark's "ipv6.tclass.dscp" */
	const char *key;  /* in the notation: "dscp" */
	enum field_layer layer;
	uint16_t bit, bits; /* from the start of the layer's header */
	uint8_t unit;	    /* header lengths count in fours: values are octets, in all functions */
	enum field_format format;
	enum field_role role;
};

const struct field_info *field_info(enum field f);
enum field field_by_name(const char *name);			  /* FIELD_NONE if unknown */
enum field field_by_key(enum field_layer layer, const char *key); /* FIELD_NONE if unknown */
/* The first field of the layer behind `after`; FIELD_NONE: from the start, and at the end. */
enum field field_next(enum field_layer layer, enum field after);

/* A value of a field or option, for findings and reports. */
struct value {
	enum { VALUE_NONE, VALUE_DEC, VALUE_HEX, VALUE_ADDR, VALUE_OCTETS } kind;
	uint8_t len;			 /* VALUE_HEX: hex digits to print; VALUE_OCTETS: octets */
	uint64_t number;		 /* VALUE_DEC, VALUE_HEX */
	uint8_t octets[TCP_OPTIONS_MAX]; /* VALUE_OCTETS; VALUE_ADDR: a struct ip_addr's octets */
	uint8_t family;			 /* VALUE_ADDR */
};

/* "1460", "0x0a", "192.0.2.1", "1e040081"; nothing for VALUE_NONE. */
void value_print(struct buf *out, const struct value *v);
bool value_equal(const struct value *a, const struct value *b);

/* Reads a field; false (and VALUE_NONE) if the packet's octets do not reach it or the packet
 * has no such layer. */
bool field_read(const struct packet *p, enum field f, struct value *out);

/* The same from the octets of the field's own header, of which there may be too few. */
bool field_load(struct span header, enum field f, struct value *out);
bool field_within(enum field f, size_t len); /* do `len` octets of its header hold it? */

/* Writes a numeric field into a complete packet in place; checksums are left alone. False if
 * the packet has no such field. Addresses: field_write_addr. */
bool field_write(uint8_t *octets, size_t len, enum field f, uint64_t value);
bool field_write_addr(uint8_t *octets, size_t len, enum field f, const struct ip_addr *value);

#endif
