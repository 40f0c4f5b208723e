/* Compares a packet as it was sent with what an ICMP error quotes of it (or with how it
 * arrived elsewhere), octet by octet, and says exactly which fields and options the quote
 * reached: what a quote does not reach it does not witness.
 *
 * - Options are compared by octets and in order: removed (gone, the rest moved up), blanked (NOPs
 *   in its place), truncated (an EOL in its place or before it, or the area cut before it),
 *   reordered, added, rewritten (same kind and MPTCP subtype, other octets). Of several alike
 *   the first is paired with the first. NOPs and EOLs between options are not compared.
 * - An option is seen if it is found, or if the whole area that the quoted data offset claims, or
 *   an EOL, is in sight: else one that is missing may stand behind the cut. Of an option through
 *   which the quote is cut nothing is said. A data offset that changed where the options are
 *   out of sight is listed as tcp.hdr_len.
 * - TTL and IPv4 header checksum must change and are never listed; lengths and data offset follow
 *   from option changes and are listed only if nothing else explains them; nor is a TCP checksum
 *   listed: see `checksum`.
 * - A quote whose checksums do not fit what it shows was translated back by a NAT or sequence
 *   randomizer on the return path. One that lacks octets is judged by what it changes against
 *   the packet as sent.
 * - What routers do to their quotes is not a change: IP length, fragment word or identification
 *   in host order, a length less or more by the header's, or zero; these fields then count as not
 * seen. Nor are zeros in place of octets that a router did not keep: zeros at the end, where
 * something else was sent, are not seen if the checksum does not know of them.
 *
 * "ip.dsfield.dscp rewritten 0x0a -> 0x00", "tcp.options.mss_val rewritten 1460 -> 1380",
 * "tcp.options.mptcp.mp_capable removed 1e040101" */
#ifndef MBOXTRACE_PACKET_DIFF_H
#define MBOXTRACE_PACKET_DIFF_H

#include "packet/field.h"

enum change_kind {
	CHANGE_NONE,
	CHANGE_REWRITTEN,
	CHANGE_REMOVED,
	CHANGE_ADDED,
	CHANGE_BLANKED,
	CHANGE_TRUNCATED,
	CHANGE_REORDERED,
	CHANGE_MIRRORED,
	CHANGE_DROPPED,
	CHANGE_RESET,
	CHANGE_ANSWERED,
	CHANGE_SPLIT,
	CHANGE_COALESCED,
	CHANGE_REPLAYED,
	CHANGE_KINDS
};

const char *change_kind_name(enum change_kind kind); /* "rewritten", … as in RESULTS.md */

#define FIELD_NAME_MAX	 TCP_OPTION_FIELD_MAX
#define DIFF_CHANGES_MAX 64

struct change {
	char field[FIELD_NAME_MAX]; /* RESULTS.md name */
	enum change_kind kind;
	enum field id; /* a fixed field, or FIELD_NONE */
	int8_t option; /* index into the sent packet's options; -1: none (fixed field,
			* payload, or an added option) */
	struct value sent, seen;
};

enum checksum_state {
	CHECKSUM_UNSEEN,     /* the quote does not reach the TCP checksum, or cannot decide */
	CHECKSUM_CONSISTENT, /* fits what the quote shows, or is as wrong as it was sent */
	CHECKSUM_BETRAYED,   /* fits neither the sent packet nor what the quote shows */
};

struct diff {
	bool complete;	       /* the quote holds all octets of the packet it quotes */
	uint64_t fields_seen;  /* FIELD_BIT of every fixed field the quote reached */
	uint64_t options_seen; /* bit i: the fate of the sent option i is known */
	bool options_complete; /* the whole option area is there: nothing was added unseen */
	bool payload_seen;     /* all of the payload */
	enum checksum_state checksum;
	bool ip_checksum_bad; /* IPv4 header checksum does not fit the quoted header: many routers
			       * are sloppy, so it only ever supports */
	bool same_delta;      /* IP and TCP checksums are both off by the same one's complement
			       * amount: an address was translated back */
	uint8_t count;
	struct change changes[DIFF_CHANGES_MAX];
};

/* `sent` is a complete TCP (or ICMP) packet as it left; `seen` may be cut anywhere. Never fails:
 * what cannot be compared is not seen. */
void diff_packets(struct diff *d, const struct packet *sent, const struct packet *seen);

/* Did the comparison reach what `c` (a change found in another quote of the same packet)
 * speaks of, so that its absence here means "unchanged here"? */
bool diff_reaches(const struct diff *d, const struct change *c);
const struct change *diff_find(const struct diff *d, const struct change *like); /* same field */

/* Field, kind, and the values that there are. Those of a payload start where it parts. */
void change_print(struct buf *out, const struct change *c);

#endif
