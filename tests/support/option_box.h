/* Boxes for tests of the endpoint: what they do to MPTCP options and payloads on the way, as a
 * `hook` of a duo. */
#ifndef MBOXTRACE_TESTS_SUPPORT_OPTION_BOX_H
#define MBOXTRACE_TESTS_SUPPORT_OPTION_BOX_H

#include "support/endpoint_pair.h"

enum box_segments {
	ON_SYN = 1,	/* the SYN */
	ON_SYN_ACK = 2, /* the SYN/ACK */
	ON_REST = 4,
	ON_DATA = 8, /* only those with payload */
	ON_ACK = 16, /* only those without */
	ON_ALL = 31,
};

enum box_action {
	BOX_NOP,    /* options of the subtypes become NOPs */
	BOX_EOL,    /* their first octet becomes an EOL */
	BOX_CUT,    /* they are removed, the header shrinks */
	BOX_DROP,   /* packets with such an option are lost */
	BOX_MIRROR, /* the SYN's MP_CAPABLE comes back in the SYN/ACK */
	BOX_EDIT,   /* one octet of payload is changed, once */
	BOX_GROW,   /* octets are put into the payload, once; numbers are translated ever after */
	BOX_SPLIT,  /* data segments become two, each with the options */
	BOX_FLAGS,  /* octet 3 of the option is XORed with `value` */
};

struct option_box {
	enum box_action action;
	int from;	   /* CLIENT, SERVER; -1: both */
	unsigned path;	   /* last octet of the client's address; 0: any */
	unsigned segments; /* enum box_segments */
	unsigned subtypes; /* mask; 0: all */
	unsigned after;	   /* the first so many segments that fit are left alone */
	unsigned times;	   /* and at most so many are touched; 0: no limit */
	uint8_t value;
	/* State */
	unsigned seen, done;
	uint8_t mirrored[24], mirrored_len;
};

bool option_box(struct duo *p, struct duo_packet *packet); /* context: struct option_box[] */

#endif
