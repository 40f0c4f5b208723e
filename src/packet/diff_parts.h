/* What the parts of the diff share; nobody else includes this.
 *
 *   diff_view     what of a packet is in sight, and which routers garbled its IP header
 *   diff_fields   fixed fields and lengths
 *   diff_options  TCP options, by octets and in order; diff_pairing: which is which
 *   diff_checksum do the quote's checksums fit what it shows? */
#ifndef MBOXTRACE_PACKET_DIFF_PARTS_H
#define MBOXTRACE_PACKET_DIFF_PARTS_H

#include "packet/diff.h"

#define TCP_FIXED_LEN  20
#define ICMP_FIXED_LEN 8

/* One side of the comparison. The spans hold the octets in sight. */
struct diff_side {
	const struct packet *p;
	struct span ip;	       /* the fixed IP header */
	struct span transport; /* from the transport header on, no further than `claimed` */
	size_t claimed;	       /* octets of transport that the (corrected) IP length claims */
	bool has_offset;       /* the data offset is in sight; ICMP: its header is */
	size_t header_len;     /* by the data offset, as found: may lie */
	struct span area;      /* TCP options in sight */
	bool area_whole;       /* … which are all that the data offset claims */
	/* Old BSD stacks and their heirs quote these in host order or less the header length. */
	bool len_garbled, frag_garbled, id_garbled;
	uint32_t length; /* IP length, corrected */
};

struct diff_pair {
	struct diff *d;
	struct diff_side sent, seen;
	bool same_family, same_proto;
};

/* Fills both sides. */
void diff_view(struct diff_pair *pair, const struct packet *sent, const struct packet *seen);

void diff_ip_fields(struct diff_pair *pair);
void diff_transport_fields(struct diff_pair *pair);
void diff_options(struct diff_pair *pair);
void diff_lengths(struct diff_pair *pair); /* after options and payload, which explain them */
void diff_checksums(struct diff_pair *pair);

/* By how much, as a one's complement number, the checksum in sight is off if behind the first
 * `prefix_len` octets in sight there stands what was sent: 0 if it fits. DIFF_NO_DELTA: more was
 * claimed than sent. */
#define DIFF_NO_DELTA 0xffff /* -0: never a difference */
uint16_t diff_checksum_delta(const struct diff_pair *pair, size_t prefix_len);
size_t diff_checksum_at(const struct diff_pair *pair); /* of TCP or ICMP; 0: neither */

/* A new change, of which the caller fills the values; never NULL, as a full list gives
 * its last entry again. */
struct change *diff_add(struct diff *d, const char *field, enum change_kind kind);
struct value value_octets(struct span octets); /* the first 40 */
struct value value_dec(uint64_t number);

#endif
