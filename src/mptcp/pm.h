/* Path managers: which subflows to open, which addresses to announce (RFC 8041 §3.3-3.5, RFC 8684
 * §3.4). A path manager is told what happens and answers with wishes; the connection carries them
 * out.
 *
 *   fullmesh     every local address with every one of the peer's
 *   ndiffports   several subflows between the initial addresses
 *   backup       as fullmesh, but all further subflows are backups
 *   single-path  one subflow at a time; when it dies or hangs, the next: break before make
 *   none         neither opens nor announces
 *
 * By default only the client opens and only the server announces (§3.3): either may be told to do
 * the other as well. A pair of addresses that failed PM_FAILED_MAX times is left alone. */
#ifndef MBOXTRACE_MPTCP_PM_H
#define MBOXTRACE_MPTCP_PM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/ip_addr.h"

#define PM_ADDRS_MAX  16
#define PM_FAILED_MAX 3

/* What a local address is for; 0: what its owner's role has it: a client opens from it, a server
 * announces it. */
enum pm_use { PM_OPENED_FROM = 1, PM_ANNOUNCED = 2 };

struct pm_addr {
	struct ip_addr addr;
	uint16_t port;	    /* 0: the connection's */
	uint8_t id;	    /* address ID; 0 is the initial subflow's */
	uint8_t prefix_len; /* of its subnet, for `same_subnet`; 0: not known */
	bool backup;
	uint8_t use; /* a local one's: of enum pm_use */
	/* The connection's, to tell the path manager how far things are. A local address that was
	 * removed stays in the view as `gone` until it is withdrawn and its subflows are closed;
	 * one that the peer removed (REMOVE_ADDR), until its subflows are closed, which is not the
	 * path manager's task: nothing is opened to it. */
	bool gone;
	bool known; /* local: the peer was told of it, by ADD_ADDR or MP_JOIN, and not withdrawn */
	bool announced; /* local: by ADD_ADDR */
};

struct pm_subflow {
	uint8_t id; /* of the subflow, given by the connection */
	uint8_t local_id, remote_id;
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
	bool backup, initial;
	bool alive; /* being opened, or open; not closing */
	bool ours;  /* this end opened it */
	bool up;    /* open, and its segments are acknowledged */
};

struct pm_limits {
	uint8_t subflows;	   /* besides the initial one; default 4 */
	uint8_t add_addr_accepted; /* default 8 */
	bool same_subnet; /* pair a local address only with remote ones of its own subnet (§3.4) */
	bool server_opens; /* a server opens, too: to what its client announces, never to where it
			    * came from, which is seldom reachable (§3.3) */
};

/* All that a path manager may look at; owned by the connection. */
struct pm_view {
	bool client;
	bool established; /* fully: a DSS has been exchanged */
	bool ending; /* our DATA_FIN is out: peers refuse joins; one is tried if all else is gone */
	bool remote_c_flag; /* do not join to the initial address and port */
	struct pm_limits limits;
	size_t local_count, remote_count, subflow_count;
	struct pm_addr local[PM_ADDRS_MAX];
	struct pm_addr
	    remote[PM_ADDRS_MAX]; /* the initial one (id 0) with its port, and announced */
	const struct pm_subflow *subflow;
	uint8_t ndiffports; /* how many subflows ndiffports wants; default 2 */
	uint16_t join_port; /* of the peer's initial address, and of those announced without one;
			     * 0: the connection's (§3.5) */
};

enum pm_action_kind { PM_NOTHING, PM_OPEN, PM_ANNOUNCE, PM_WITHDRAW, PM_CLOSE, PM_BACKUP };

struct pm_action {
	enum pm_action_kind kind;
	uint8_t local_id, remote_id; /* PM_OPEN; PM_ANNOUNCE, PM_WITHDRAW: local_id */
	uint8_t subflow;	     /* PM_CLOSE, PM_BACKUP */
	bool backup;		     /* PM_OPEN, PM_BACKUP */
	uint16_t remote_port;	     /* PM_OPEN */
};

struct pm_ops {
	const char *name; /* "fullmesh", "ndiffports", "backup", "single-path", "none" */
	/* Called after every change of the view until it answers PM_NOTHING: the next thing to do.
	 * The connection does it at once, so that the view shows it: a subflow that is alive (or
	 * one more failure), `known` and `announced` set or cleared, `alive` cleared, `backup` set.
	 * `failed` counts, for a pair of addresses, the opens that came to nothing and the subflows
	 * that died of time-outs or resets, or that the peer closed before any data went over them;
	 * the connection forgives them as it sees fit. For a while after the peer closed one, its
	 * pair counts as failed whatever went over it. */
	struct pm_action (*next)(const struct pm_view *view,
				 unsigned (*failed)(const void *context, uint8_t local_id,
						    uint8_t remote_id),
				 const void *context);
};

const struct pm_ops *pm_find(const char *name);
const struct pm_ops *const *pm_list(void); /* the first is the default: fullmesh */

#endif
