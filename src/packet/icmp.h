/* ICMPv4 and ICMPv6 errors: the quote and the RFC 4884 extensions with RFC 4950 labels. */
#ifndef MBOXTRACE_PACKET_ICMP_H
#define MBOXTRACE_PACKET_ICMP_H

#include "packet/packet.h"

enum icmp_kind {
	ICMP_KIND_NONE = 0,	 /* not an error that quotes */
	ICMP_KIND_TIME_EXCEEDED, /* v4 type 11, v6 type 3; code 0 in transit, 1 reassembly */
	ICMP_KIND_UNREACHABLE,	 /* v4 type 3, v6 type 1 */
	ICMP_KIND_TOO_BIG,	 /* v4 type 3 code 4, v6 type 2 */
	ICMP_KIND_PARAM_PROBLEM, /* v4 type 12, v6 type 4 */
	ICMP_KIND_OTHER_ERROR,	 /* source quench, redirect: quotes, but says nothing of a hop */
};

#define ICMP_EXTENSIONS_MAX 16

struct mpls_label {
	uint32_t label;
	uint8_t tc, s, ttl;
};

struct icmp_extension {
	uint8_t class_num, c_type;
	struct span payload; /* class 1, type 1: mpls_label_count() label stack entries */
};

struct icmp_error {
	enum icmp_kind kind;
	uint8_t type, code;
	struct ip_addr from; /* who sent the error */
	uint32_t mtu;	     /* of ICMP_KIND_TOO_BIG; else 0 */
	struct span quote;   /* the quoted packet, from its IP header on, without RFC 4884 padding
			      * where the quoted IP length tells what is padding */
	bool extended;	     /* an RFC 4884 length told where the quote ends */
	uint8_t extension_count;
	struct icmp_extension extension[ICMP_EXTENSIONS_MAX];
	bool extensions_bad; /* version or checksum wrong: kept, but not to be believed */
};

/* Reads `p` as an ICMP error. Returns 0, or ERR_MALFORMED / ERR_TRUNCATED if it is none. */
int icmp_error_parse(struct icmp_error *out, const struct packet *p);

/* A name as traceroute and RESULTS.md know it: "time-exceeded", "unreachable", … */
const char *icmp_kind_name(enum icmp_kind kind);
/* The code in words: "admin-prohibited", "port", "host", "network"…; NULL if unnamed.
 * `family` is 4 or 6. */
const char *icmp_unreachable_name(uint8_t family, uint8_t code);

size_t mpls_label_count(const struct icmp_extension *e); /* 0 if not an MPLS stack */
struct mpls_label mpls_label_at(const struct icmp_extension *e, size_t i);

/* How much of a packet a router quotes. */
enum quote_policy {
	QUOTE_8,       /* IPv4: IP header and 8 octets (RFC 792) */
	QUOTE_28,      /* IPv4: IP header and 20 octets (Cisco-like: 40 octets in all) */
	QUOTE_128,     /* up to 128 octets in all */
	QUOTE_FULL,    /* as much as fits 576 (IPv4, RFC 1812) or 1280 octets (IPv6, RFC 4443) */
	QUOTE_RFC4884, /* padded to at least 128 octets, with an extension structure behind */
};

struct icmp_error_spec {
	enum icmp_kind kind;
	uint8_t code;
	uint32_t mtu;
	struct ip_addr from, to;
	uint8_t ttl; /* of the error itself */
	uint16_t id;
	enum quote_policy quote;
	const struct mpls_label *labels; /* with QUOTE_RFC4884 */
	size_t label_count;
};

/* Builds the ICMP error a router sends about `offender`. Returns octets written or ERR_NOSPACE. */
int icmp_error_build(const struct icmp_error_spec *spec, struct span offender, uint8_t *out,
		     size_t cap);

#endif
