/* Scenarios in the manner of packetdrill: segments in and out of one endpoint, with times, its peer
 * being the script. Packets are written in the probe notation (packet/notation.h); sequence numbers
 * are relative to the ISNs, and these stand for numbers:
 *
 *   $mk $pk      the endpoint's key, the peer's
 *   $md+N $pd+N  a data sequence number: N behind the IDSN of the endpoint, of the peer
 *   $mt          the endpoint's token; $pt the peer's
 *   $mn $pn      the nonces of the join: the endpoint's, the peer's (0x11223344)
 *   $mh $ph      HMACs of the join: the endpoint's, the peer's (as many octets as fit)
 *   $ah          HMAC of the peer's ADD_ADDR {id 5, 10.0.1.9, no port}; $oh of ours {id
 * 1, 10.0.0.2}
 *
 * Packets that leave are compared in flags, numbers, payload and MPTCP options. */
#ifndef MBOXTRACE_TESTS_SUPPORT_MPTCP_SCRIPT_H
#define MBOXTRACE_TESTS_SUPPORT_MPTCP_SCRIPT_H

#include "mptcp/endpoint.h"

enum script_kind {
	IN,	   /* the peer sends `text` */
	OUT,	   /* the endpoint sends `text`, at this time */
	SILENT,	   /* the endpoint has nothing to say up to this time */
	WRITE,	   /* the application writes `text` */
	READ,	   /* the application reads exactly `text` */
	READ_END,  /* and the end of the stream */
	SHUT,	   /* the application closes */
	FASTCLOSE, /* and in a hurry */
	BACKUP,	   /* the first subflow becomes a backup */
	REMOVE,	   /* our address 1 goes away */
	OUTCOME,   /* the connection has ended as `text` says, e.g. "mptcp" */
	FALLBACK,  /* it fell back: "first-data" */
	SKIP,	   /* whatever the endpoint sends at this time is not looked at */
};

struct script_step {
	unsigned ms;
	enum script_kind kind;
	const char *text;
	unsigned flow; /* 1: of the second subflow: the peer's port is 1001, or whatever it joins */
};

struct script {
	const char *name;
	bool server, checksum, two_addresses, announce, cookies;
	uint8_t version;
	struct script_step step[40];
};

bool script_run(const struct script *s); /* says on stderr what went wrong */

#endif
