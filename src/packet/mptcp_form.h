/* The table of the MPTCP option's forms: one row a subtype, length and, where these do not
 * tell, version. A form is a sequence of slots that starts behind the four subtype bits. */
#ifndef MBOXTRACE_PACKET_MPTCP_FORM_H
#define MBOXTRACE_PACKET_MPTCP_FORM_H

#include "packet/mptcp_option.h"

enum mptcp_slot {
	SLOT_END = 0,
	SLOT_SKIP3, /* reserved bits: written as zero (or as the row's `value` says) */
	SLOT_SKIP4,
	SLOT_SKIP12,
	SLOT_VERSION,
	SLOT_CAPABLE_FLAGS,
	SLOT_SENDER_KEY,
	SLOT_RECEIVER_KEY,
	SLOT_CAPABLE_LEN,
	SLOT_CAPABLE_CHECKSUM,
	SLOT_JOIN_BACKUP,
	SLOT_JOIN_ID,
	SLOT_TOKEN,
	SLOT_NONCE,
	SLOT_JOIN_HMAC8,
	SLOT_JOIN_HMAC20,
	SLOT_DSS_FLAGS,
	SLOT_ACK4,
	SLOT_ACK8,
	SLOT_DSN4,
	SLOT_DSN8,
	SLOT_SSN,
	SLOT_DSS_LEN,
	SLOT_DSS_CHECKSUM,
	SLOT_ECHO,
	SLOT_ADD_ID,
	SLOT_ADDR4,
	SLOT_ADDR6,
	SLOT_PORT,
	SLOT_ADD_HMAC,
	SLOT_REMOVE_IDS, /* all that is left */
	SLOT_PRIO_BACKUP,
	SLOT_PRIO_ID,
	SLOT_FAIL_DSN,
	SLOT_FASTCLOSE_KEY,
	SLOT_RST_FLAGS,
	SLOT_RST_REASON,
	SLOT_COUNT
};

enum mptcp_slot_type { SLOT_NOTHING, SLOT_UINT, SLOT_BOOL, SLOT_SPAN, SLOT_ADDR };

struct mptcp_slot_info {
	uint8_t type; /* enum mptcp_slot_type */
	uint8_t bits; /* 0: all that is left */
	uint8_t at;   /* offset in struct mptcp_option */
	uint8_t size; /* of the member, if SLOT_UINT */
};

/* What the structure has to say to be of a form: its has_* members as bits, and the like. */
enum mptcp_shape {
	SHAPE_SENDER_KEY = 1,
	SHAPE_RECEIVER_KEY = 2,
	SHAPE_DATA_LEN = 4,
	SHAPE_CAPABLE_CHECKSUM = 8,
	SHAPE_DSS_CHECKSUM = 0x10, /* beside the low four bits of the flags */
	SHAPE_V0 = 1,
	SHAPE_ADDR6 = 2,
	SHAPE_PORT = 4,
	SHAPE_ECHO = 8,
	SHAPE_PRIO_ID = 1,
};

#define MPTCP_FORM_SLOTS 10
#define MPTCP_ANY_LEN	 0

struct mptcp_form {
	uint8_t subtype, len;
	uint16_t mask, value; /* what octets 2 and 3 must show, and are written with */
	uint8_t shape_mask, shape;
	uint8_t slots[MPTCP_FORM_SLOTS]; /* enum mptcp_slot */
};

extern const struct mptcp_form mptcp_forms[];
extern const size_t mptcp_form_count;
extern const struct mptcp_slot_info mptcp_slots[SLOT_COUNT];

#endif
