/* The packet model: a decoded view over the octets of one IP packet, or of as much of
 * one as an ICMP error quotes.
 *
 * Parsing never fails on what a wire may carry: `packet_parse` decodes what is there,
 * says in `have` which headers the octets reach, and keeps what it cannot decode as
 * spans. So packet_build(packet_parse(x)) == x for every x that has an IP header.
 *
 * All integers are in host order. All spans and option views point into the octets
 * given to packet_parse, which must outlive the packet. Nothing is allocated.
 *
 * RFC 791, RFC 8200 (extension headers), RFC 9293, RFC 792, RFC 4443, RFC 4884. */
#ifndef MBOXTRACE_PACKET_PACKET_H
#define MBOXTRACE_PACKET_PACKET_H

#include "packet/ip_addr.h"
#include "packet/tcp_option.h"
#include "util/error.h"
#include "util/span.h"

enum ip_proto {
	IP_PROTO_HOPOPTS = 0,
	IP_PROTO_ICMP = 1,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_ROUTING = 43,
	IP_PROTO_FRAGMENT = 44,
	IP_PROTO_ICMPV6 = 58,
	IP_PROTO_NONE = 59,
	IP_PROTO_DSTOPTS = 60,
};

enum tcp_flag {
	TCP_FIN = 0x001,
	TCP_SYN = 0x002,
	TCP_RST = 0x004,
	TCP_PSH = 0x008,
	TCP_ACK = 0x010,
	TCP_URG = 0x020,
	TCP_ECE = 0x040,
	TCP_CWR = 0x080,
	TCP_AE = 0x100, /* accurate ECN, formerly NS; the three bits above it are reserved */
};

struct ip_header {
	uint8_t version; /* 4 or 6 */
	uint8_t dscp, ecn;
	uint8_t ttl;	      /* IPv6: hop limit */
	uint8_t proto;	      /* of what follows this header and its extension headers */
	uint8_t next_header;  /* IPv6: the first next-header octet; IPv4: same as proto */
	uint8_t flags;	      /* IPv4: 4 reserved, 2 DF, 1 MF; of an IPv6 fragment header: 1 M */
	uint16_t frag_offset; /* in units of 8 octets; non-zero: no transport header follows */
	uint16_t id;	      /* IPv4 */
	uint16_t checksum;    /* IPv4, as found */
	uint32_t flow_label;  /* IPv6 */
	uint32_t length;      /* IPv4 total length, IPv6 payload length, as found */
	uint16_t
	    header_len; /* octets up to the transport header, options and extensions included */
	struct ip_addr src, dst;
	struct span options; /* IPv4 options; IPv6 extension headers, raw */
};

struct tcp_header {
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint16_t flags;	    /* nine bits of enum tcp_flag and, above them, three reserved */
	uint8_t header_len; /* data offset in octets, as found: may lie */
	uint16_t window, checksum, urgent;
	struct span option_area; /* as much as the octets and the data offset allow */
	struct tcp_option_list options;
};

/* ICMPv4 and ICMPv6 messages; what they carry is read with icmp_error_parse. */
struct icmp_header {
	uint8_t type, code;
	uint16_t checksum;
	uint32_t rest; /* octets 4 to 7: identifier and sequence, pointer, MTU, length */
};

/* How far into each header the octets reach. */
enum packet_have {
	PACKET_HAS_IP = 1,	/* the whole IP header with options or extensions */
	PACKET_HAS_PORTS = 2,	/* TCP: ports and sequence number (8 octets) */
	PACKET_HAS_TCP = 4,	/* TCP: the fixed 20 octets */
	PACKET_HAS_OPTIONS = 8, /* TCP: the whole option area that the data offset claims; not if
				 * the data offset lies: under 20, or past the IP length */
	PACKET_HAS_ICMP = 16,	/* ICMP: the first 8 octets */
	PACKET_HAS_ALL = 32,	/* everything that the IP length claims (a length of zero, as
				 * captures of offloaded segments have it, claims what is there) */
	PACKET_HAS_FIXED = 64,	/* the fixed octets of the IP header: always, after packet_parse */
};

struct packet {
	struct span octets; /* all that was given */
	unsigned have;	    /* enum packet_have; 0 in a packet made by hand, which is complete */
	struct ip_header ip;
	union {
		struct tcp_header tcp; /* if ip.proto == IP_PROTO_TCP and have & PACKET_HAS_PORTS */
		struct icmp_header icmp; /* if have & PACKET_HAS_ICMP */
	};
	struct span transport; /* everything behind the IP headers, up to the IP length */
	struct span payload;   /* behind the transport header; all of `transport` if not decoded;
				* TCP without PACKET_HAS_TCP: what there is behind octet 8 */
	struct span trailer;   /* behind the IP length (Ethernet padding) */
};

/* Decodes `octets`, which start with an IP header. Returns 0; ERR_TRUNCATED if there are not
 * even the fixed octets of an IP header (20 or 40); ERR_MALFORMED if the version is neither 4
 * nor 6 or the IPv4 header length is under 20. */
int packet_parse(struct packet *p, struct span octets);

enum packet_fix {
	PACKET_VERBATIM = 0,	/* lengths, data offset and checksums as they stand in the struct */
	PACKET_FIX_LENGTHS = 1, /* compute IP length and TCP data offset */
	PACKET_FIX_CHECKSUMS = 2, /* compute IP, TCP and ICMP checksums */
	PACKET_FIX_ALL = 3,
};

/* Encodes a packet from its decoded fields, option list and spans (never from `octets` and
 * `transport`). Made by hand, a packet of TCP or ICMP needs ip.{version,proto,ttl,src,dst}, the
 * transport header and `payload`, everything else zero. A UDP checksum is never computed, nor
 * that of a fragment. IPv6: `next_header` counts only with extension headers in ip.options.
 * TCP options are written from `tcp.options`, the octets behind an EOL from its `tail`.
 * Returns the number of octets written, ERR_NOSPACE, or ERR_MALFORMED if a length cannot be
 * expressed (an option area over 40 octets or, with PACKET_FIX_LENGTHS, not padded to four). */
int packet_build(const struct packet *p, unsigned fix, uint8_t *out, size_t cap);

/* Recomputes the checksums inside a complete packet after it was edited in place. */
void packet_fix_checksums(uint8_t *octets, size_t len);

/* The transport checksum that `p` should carry (pseudo-header included; RFC 9293 §3.1), from
 * the octets present; meaningful only if have & PACKET_HAS_ALL. 0 if the protocol has none. */
uint16_t packet_transport_checksum(const struct packet *p);
uint16_t packet_ip_checksum(const struct packet *p); /* IPv4; 0 for IPv6 */

#endif
