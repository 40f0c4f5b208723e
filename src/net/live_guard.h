/* The guard: keeps the local kernel from answering what arrives for our ports (it knows no
 * connection there and would send a RST). A drop rule in an nftables table of our own,
 *
 *   table inet mboxtrace-PID-PORT { flags owner; chain input { type filter hook input …; … drop } }
 *
 * The kernel removes the table when the process that owns it ends, however it ends. The rule
 * sits behind connection tracking, so that a local stateful firewall sees both directions and
 * lets our later packets pass; captures sit in front of either. */
#ifndef MBOXTRACE_NET_LIVE_GUARD_H
#define MBOXTRACE_NET_LIVE_GUARD_H

#include "net/live_scope.h"
#include "util/buf.h"
#include "util/error.h"

struct live_guard {
	void *nft; /* owned; NULL: there is no guard */
};

/* The nft commands that install it, for one port or more; the first names the table. */
void live_guard_print(struct buf *out, long pid, const struct ip_addr *target,
		      const struct ip_addr *source, const uint16_t *ports, size_t port_count);
/* 0, ERR_NOMEM, or ERR_MISSING if it cannot be installed. */
int live_guard_open(struct live_guard *guard, const struct ip_addr *target,
		    const struct ip_addr *source, const uint16_t *ports, size_t port_count,
		    struct error *err);
/* Likewise for all that arrives for a scope, from whomever. */
void live_guard_print_scope(struct buf *out, long pid, const struct live_scope *scope);
int live_guard_open_scope(struct live_guard *guard, const struct live_scope *scope,
			  struct error *err);
void live_guard_close(struct live_guard *guard);

#endif
