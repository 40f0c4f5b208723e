/* TCP options as they stand on the wire: byte-exact and in order.
 *
 * The table tcp_option_info names the kinds known to IANA that matter here; every other kind,
 * and every malformed option, is kept raw, printed, diffed and built back, never refused. */
#ifndef MBOXTRACE_PACKET_TCP_OPTION_H
#define MBOXTRACE_PACKET_TCP_OPTION_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/span.h"

#define TCP_OPTIONS_MAX 40 /* octets of an option area, and so the number of options in it */

enum tcp_option_kind {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_PERM = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TIMESTAMP = 8,
	TCP_OPT_MD5 = 19,
	TCP_OPT_USER_TIMEOUT = 28,
	TCP_OPT_AO = 29,
	TCP_OPT_MPTCP = 30,
	TCP_OPT_FASTOPEN = 34,
	TCP_OPT_EXP1 = 253,
	TCP_OPT_EXP2 = 254,
};

struct tcp_option {
	uint8_t kind;
	uint8_t len; /* octets it occupies here, kind and length octets included; 1 for EOL, NOP */
	bool malformed;	   /* its length octet is missing, under 2, or reaches past the area */
	const uint8_t *at; /* its first octet: the kind */
};

struct tcp_option_list {
	uint8_t count;
	struct tcp_option item[TCP_OPTIONS_MAX];
	struct span tail; /* what stands behind the first EOL; padding, or what an EOL cut off */
};

/* Splits an option area. A malformed option takes all that is left of the area. */
void tcp_options_parse(struct tcp_option_list *list, struct span area);

/* The first option of a kind, or NULL. For TCP_OPT_MPTCP, `subtype` selects; -1: any. */
const struct tcp_option *tcp_option_find(const struct tcp_option_list *list, uint8_t kind,
					 int subtype);
/* Well-formed timestamps (RFC 7323 §3.2), or NULL: TSval stands at octet 2, TSecr at 6. */
const struct tcp_option *tcp_option_timestamp(const struct tcp_option_list *list);

/* What an option is called: "tcp.options.mss_val", "tcp.options.mptcp.mp_capable",
 * "tcp.options.kind_254": the `field` of RESULTS.md. Writes at most `cap` octets with NUL. */
#define TCP_OPTION_FIELD_MAX 48
void tcp_option_field(const struct tcp_option *o, char out[TCP_OPTION_FIELD_MAX]);

/* Human text as tcpdump prints it: "mss 1460", "wscale 7", "TS val 1 ecr 0",
 * "mptcp 12 capable v1 {0x…}", "exp-f990", "unknown-253 0xdead". */
void tcp_option_print(struct buf *out, const struct tcp_option *o);

#endif
