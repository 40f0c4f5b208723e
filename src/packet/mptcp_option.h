/* The MPTCP option (kind 30), v0 (RFC 6824) and v1 (RFC 8684), every subtype in every length.
 *
 * One table row per subtype and length describes a form; parsing, building, printing, the
 * notation and the diff all read that table. Lengths in octets, kind and length included:
 *   MP_CAPABLE v1 4 / 12 / 20 / 22 / 24, v0 12 / 20;  MP_JOIN 12 / 16 / 24;  DSS 4..28;
 *   ADD_ADDR v1 16/18/28/30, echo 8/10/20/22, v0 8/10/20/22 (IPVer nibble);
 *   REMOVE_ADDR 3+n;  MP_PRIO 3 / 4;  MP_FAIL 12;  MP_FASTCLOSE 12;  MP_TCPRST 4. */
#ifndef MBOXTRACE_PACKET_MPTCP_OPTION_H
#define MBOXTRACE_PACKET_MPTCP_OPTION_H

#include "packet/ip_addr.h"
#include "packet/tcp_option.h"

enum mptcp_subtype {
	MPTCP_CAPABLE = 0,
	MPTCP_JOIN = 1,
	MPTCP_DSS = 2,
	MPTCP_ADD_ADDR = 3,
	MPTCP_REMOVE_ADDR = 4,
	MPTCP_PRIO = 5,
	MPTCP_FAIL = 6,
	MPTCP_FASTCLOSE = 7,
	MPTCP_TCPRST = 8,
	MPTCP_SUBTYPES = 16, /* four bits; 15 is for experiments */
};

enum mptcp_capable_flag {
	MPTCP_CAPABLE_A = 0x80, /* checksum required */
	MPTCP_CAPABLE_B = 0x40, /* extensibility; must be 0 */
	MPTCP_TCPRST_T = 0x01,	/* transient: it may go better another time */
	MPTCP_CAPABLE_C = 0x20, /* do not join to this address and port (v1) */
	MPTCP_CAPABLE_H = 0x01, /* HMAC-SHA1 (v0) or HMAC-SHA256 (v1) */
};

enum mptcp_dss_flag {
	MPTCP_DSS_ACK = 0x01,
	MPTCP_DSS_ACK8 = 0x02,
	MPTCP_DSS_DSN = 0x04,
	MPTCP_DSS_DSN8 = 0x08,
	MPTCP_DSS_FIN = 0x10,
};

/* The form an MP_CAPABLE or MP_JOIN takes depends on the segment that carries it; its length
 * tells. `has_*` say what this form carries; everything else is zero. */
struct mptcp_capable {
	uint8_t version, flags; /* enum mptcp_capable_flag */
	bool has_sender_key, has_receiver_key, has_data_len, has_checksum;
	uint64_t sender_key, receiver_key;
	uint16_t data_len, checksum;
};

struct mptcp_join {
	uint8_t len; /* 12: SYN (token, nonce); 16: SYN/ACK (hmac 8, nonce); 24: ACK (hmac 20) */
	bool backup;
	uint8_t address_id;
	uint32_t token, nonce;
	struct span hmac;
};

struct mptcp_dss {
	uint8_t flags; /* enum mptcp_dss_flag */
	bool has_checksum;
	uint64_t ack, dsn; /* 32 or 64 bits, as the flags say */
	uint32_t ssn;
	uint16_t data_len, checksum;
};

struct mptcp_add_addr {
	bool echo, v0; /* v0: the nibble is an IP version; a v0 form has no HMAC */
	uint8_t address_id;
	struct ip_addr addr;
	bool has_port;
	uint16_t port;
	struct span hmac; /* 8 octets, or empty */
};

struct mptcp_option {
	enum mptcp_subtype subtype;
	union {
		struct mptcp_capable capable;
		struct mptcp_join join;
		struct mptcp_dss dss;
		struct mptcp_add_addr add_addr;
		struct span remove_addr_ids;
		struct {
			bool backup, has_id;
			uint8_t address_id;
		} prio;
		uint64_t fail_dsn;
		uint64_t fastclose_key;
		struct {
			uint8_t flags, reason; /* flags: MPTCP_TCPRST_T */
		} tcprst;
	};
};

/* Decodes an option of kind 30. Returns 0, or ERR_MALFORMED if no form has its subtype and
 * length; `out->subtype` is then still set if there is an octet for it. */
int mptcp_option_parse(struct mptcp_option *out, const struct tcp_option *o);

/* Encodes the form that the has_* members, `join.len`, the DSS flags, the address family and so
 * on ask for; returns octets written (the option with kind and length), ERR_NOSPACE, or
 * ERR_MALFORMED if there is no such form. A span of another length than the form's is cut or
 * padded with zeros. An MP_CAPABLE is built with any version. */
int mptcp_option_build(const struct mptcp_option *m, uint8_t *out, size_t cap);

int mptcp_subtype_of(const struct tcp_option *o); /* 0 to 15, or -1 if not kind 30 or too short */
const char *mptcp_subtype_name(unsigned subtype); /* "mp_capable"…; NULL if unassigned */
int mptcp_subtype_by_name(const char *name);	  /* -1 if none */

#endif
