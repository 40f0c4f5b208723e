/* The probe notation, after tracebox:
 *
 *   IP/TCP{dst=443}/MSS(1460)/SACKP/TS/WS(7)/MPCAPABLE{v=1}
 *
 * Layers are separated by '/', whatever their case. A layer takes arguments in order in (…), by
 * name in {…}, both or none; values are decimal, 0x hex, addresses, letters of SAFRPUEC for
 * `flags`, and octets as x followed by hex digits or as "text".
 *
 *   IP IPV4 IPV6    dscp ecn ttl len src dst; IPv4: id rb df mf frag ihl proto chksum;
 *                   IPv6: flow next. IP is of the target's family, unless it has a key of one
 *                   version only. Preset: ttl 64, DF set.
 *   TCP             src dst seq ack off res flags win chksum urg. Preset: win 65535; flags SYN,
 *                   or ACK if there is an ack. `off` is in octets.
 *   MSS(v) WS(shift) SACKP TS(val,ecr) SACK(edge,…) NOP EOL MD5(digest) TFO(cookie) UTO(v)
 *   OPT(kind,octets)  any option; OCTETS(octets): octets of the option area that are no option
 *   MPCAPABLE{v,flags,skey,rkey,dlen,csum}   Preset: v=1, flags=0x01. The keys given make the
 *                   form; v=0 always has a sender's key, preset to 0x0102030405060708.
 *   MPJOIN{token,nonce,id,backup,hmac}       without hmac as in a SYN, with 8 octets of it as
 *                   in a SYN/ACK, with 20 as in an ACK
 *   DSS{ack,ack8,dsn,dsn8,ssn,len,fin,csum}  ack8, dsn8: in 64 bits
 *   ADDADDR{id,addr,port,echo,hmac,v} RMADDR(id,…) MPPRIO{backup,id} MPFAIL{dsn}
 *   FASTCLOSE{key} MPRST{reason,flags}
 *   ICMP{type,code,rest,chksum}              an echo request unless told otherwise
 *   RAW(octets)     payload, always last
 *
 * Options are padded with EOL to a multiple of four. Lengths, data offset and checksums are
 * computed unless given. */
#ifndef MBOXTRACE_PACKET_NOTATION_H
#define MBOXTRACE_PACKET_NOTATION_H

#include "packet/field.h"

#define PROBE_OCTETS_MAX  1500
#define NOTATION_TEXT_MAX 4096 /* room for that many octets in hex */

struct notation {
	char text[NOTATION_TEXT_MAX]; /* as given */
	uint8_t family; /* 4 or 6 if the IP layer can only be of that; 0: the target's */
	bool has_tcp, has_icmp;
	uint64_t fields_set; /* FIELD_BIT of fields the user gave */
	/* The octets for both families; addresses, ports and checksums are zero unless given, and
	 * so are sequence numbers, timestamps and keys, which the sender may fill in. The length
	 * is 0 where the notation is of the other family. */
	uint8_t octets4[PROBE_OCTETS_MAX], octets6[PROBE_OCTETS_MAX];
	uint16_t len4, len6;
};

/* Reads a notation. On a mistake: ERR_USAGE and a message that quotes the offending piece, its
 * column (from 1) and what was expected, e.g.
 * "probe 'IP/TCP{dts=443}': column 8: 'dts' is not a field of TCP (src, dst, seq, …)". */
int notation_parse(struct notation *n, const char *text, struct error *err);

/* Computes the checksums that the notation did not give, in a packet made from it. */
void notation_finish(const struct notation *n, uint8_t *octets, size_t len);

/* Writes a packet in the notation so that parsing and finishing it again gives the same octets (up
 * to PROBE_OCTETS_MAX). Only what is not preset is printed. */
void notation_print(struct buf *out, const struct packet *p);

#endif
