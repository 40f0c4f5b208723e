/* The probe notation, after tracebox:
 *
 *   IP/TCP{dst=443}/MSS(1460)/SACKP/TS/WS(7)/MPCAPABLE{v=1}
 *
 * Layers are separated by '/'. A layer takes positional arguments in (…), named ones in {…}, or
 * none; values are decimal, 0x hex, addresses, flag letters for `flags` (SAFRPUEC), or x followed
 * by hex digits for octets.
 *
 *   IP IPV6          dscp ecn ttl id df mf src dst flow len chksum … (keys of field.h); IP means
 * the target's family TCP              src dst seq ack flags win urg res off chksum MSS(v) WS(v)
 * SACKP TS(val,ecr) SACK(l,r,…) NOP EOL MD5 TFO(cookie) UTO(v) OPT(kind,octets)
 *   MPCAPABLE{v,flags,skey,rkey,dlen,csum} MPJOIN{token,nonce,id,backup,hmac}
 *   DSS{ack,ack8,dsn,dsn8,ssn,len,fin,csum} ADDADDR{id,addr,port,echo,hmac,v} RMADDR(id,…)
 *   MPPRIO{backup,id} MPFAIL{dsn} FASTCLOSE{key} MPRST{reason,flags}
 *   RAW(octets)      payload
 *   ICMP{type,code,rest}
 *
 * Options are padded with EOL to a multiple of four unless the user wrote the padding. Lengths,
 * data offset and checksums are computed unless given. */
#ifndef MBOXTRACE_PACKET_NOTATION_H
#define MBOXTRACE_PACKET_NOTATION_H

#include "packet/field.h"

#define PROBE_OCTETS_MAX 1500

struct notation {
	char text[512]; /* as given */
	uint8_t family; /* 4 or 6 if the first layer says so; 0: the target's */
	bool has_tcp;
	uint64_t fields_set; /* FIELD_BIT of fields the user gave */
	/* The octets for both families, addresses, ports and checksums zero unless given. */
	uint8_t octets4[PROBE_OCTETS_MAX], octets6[PROBE_OCTETS_MAX];
	uint16_t len4, len6;
};

/* Reads a notation. On a mistake: ERR_USAGE and a message that quotes the offending piece, its
 * column (from 1) and what was expected, e.g.
 * "probe 'IP/TCP{dts=443}': column 8: 'dts' is not a field of TCP (src, dst, seq, …)". */
int notation_parse(struct notation *n, const char *text, struct error *err);

/* Writes a packet in the notation so that parsing and building it again gives the same octets. */
void notation_print(struct buf *out, const struct packet *p);

#endif
