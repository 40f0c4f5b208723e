/* Inside connection.c: what is found in how a connection went.
 *
 *   connection_signs.c    fallbacks, and answers to joins
 *   connection_resets.c   checksums that failed, and subflows that were reset
 *   connection_control.c  the same without MPTCP, which fared better
 *   connection.c          what a mirror saw in place of these, and the verdict */
#ifndef MBOXTRACE_PROBE_CONNECTION_PARTS_H
#define MBOXTRACE_PROBE_CONNECTION_PARTS_H

#include "probe/connection.h"

#define MP_CAPABLE "tcp.options.mptcp.mp_capable"
#define DSS	   "tcp.options.mptcp.dss"

/* What something betrays of the path. */
struct sign {
	const char *field;
	enum change_kind change;
	enum direction direction;
	enum cause cause;
	enum confidence confidence;
	const char *explain;
};

/* NULL: no room. */
struct finding *connection_find(struct connection_result *r, const char *field,
				enum change_kind change, enum impact impact);
struct finding *connection_find_sign(struct connection_result *r, const struct sign *sign,
				     enum impact impact);
/* All of it may be chance. */
void connection_doubt(const struct connection_result *r, struct finding *f);
/* Appends who said so of the first SYNs, if anybody did. */
void connection_say_unreachable(const struct conn_info *info, char *text, size_t size);
/* Nothing on the path makes checksums of data fit that way. */
void connection_excuse(const struct conn_info *info, struct finding *f);
/* A subflow that was reset with the reason "middlebox interference" (RFC 8684 §3.6); NULL: none. */
const struct conn_subflow_info *connection_interfered(const struct conn_info *info);

void connection_find_fallback(struct connection_result *r);
void connection_find_joins(struct connection_result *r);
void connection_find_checksums(struct connection_result *r);
void connection_find_resets(struct connection_result *r);
void connection_find_control(struct connection_result *r);

#endif
