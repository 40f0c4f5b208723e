/* The lab: a network emulated in this process, on virtual time, seeded and bit-for-bit
 * repeatable, without privileges.
 *
 * A path is a chain of elements in the order they are added: the client first, then links,
 * routers and boxes, the target last. A packet walks the chain in either direction. A box stands
 * where it is added: before a router it edits what that router quotes (a PREROUTING box of it),
 * behind a router only what the next one quotes (FORWARD or POSTROUTING).
 *
 *   client ── link ── router 1 ── box ── link ── router 2 ── target
 *
 * There may be several paths between the two, each a chain of its own (lab_add_path); an element
 * may stand in more than one of them (lab_add_shared), as a bottleneck that they have in common
 * does.
 *
 * Routers decrement the TTL and answer with ICMP errors as their quote policy says; these walk
 * back through all boxes between them and the client, so a box may translate quotes back. */
#ifndef MBOXTRACE_LAB_LAB_H
#define MBOXTRACE_LAB_LAB_H

#include "lab/box.h"
#include "mptcp/conn.h"
#include "net/net.h"
#include "packet/icmp.h"

struct lab;

#define LAB_PATHS_MAX 16
#define LAB_ADDRS_MAX 16 /* of a host */
#define LAB_DOWN_MAX  8
#define LAB_START_NS  NS_PER_S /* virtual time begins here: 0 is never a time that was seen */

struct lab_client {
	struct ip_addr addr4, addr6; /* family 0: none; likewise below */
};

struct lab_link {
	int64_t delay_ns,
	    jitter_ns; /* one way; jitter is uniform in [0, jitter_ns] and may reorder */
	double loss, reorder,
	    duplicate;	   /* probabilities; a reordered packet is held one delay longer */
	uint64_t rate_bps; /* 0: unlimited */
	/* With a rate: what waits or is being sent, by direction; what does not fit any more is
	 * dropped. 0: no limit. */
	uint32_t queue_octets, queue_packets;
	/* Cut: what comes from `from_ns` until before `to_ns` after the start is lost. */
	struct lab_interval {
		int64_t from_ns, to_ns;
	} down[LAB_DOWN_MAX];
	size_t down_count;
};

/* Which packets take a path: those between these addresses, as the client knows them; of several
 * paths that fit the one that names more of them, then the first. Family 0: any. */
struct lab_path {
	struct ip_addr client4, client6, target4, target6;
};

struct lab_router {
	struct ip_addr addr4, addr6;
	enum quote_policy quote; /* QUOTE_8 … QUOTE_RFC4884 */
	bool silent;		 /* never answers */
	double icmp_rate;	 /* answers a second; 0: unlimited */
	uint32_t icmp_burst;
	int prohibit; /* ICMP unreachable code to answer TCP with instead of forwarding; -1: none */
	struct mpls_label labels[4]; /* with QUOTE_RFC4884 */
	size_t label_count;
	uint8_t icmp_ttl; /* initial TTL of its errors; 0: 64 */
};

enum lab_mptcp { LAB_MPTCP_NONE, LAB_MPTCP_V0, LAB_MPTCP_V1 };

/* A target that is a real endpoint (lab_endpoint.h). Set `conn` with conn_config_defaults. */
struct lab_serve {
	bool endpoint;		    /* false: it only answers SYNs, and acknowledges */
	int service;		    /* index of lab_app_name */
	uint64_t octets;	    /* that `send` sends */
	uint64_t in_seed, out_seed; /* of the streams it compares with, and sends */
	bool add_addr, backup;	    /* announces its other addresses; as backups */
	bool cookies;
	bool walk_back; /* `mirror` walks the way back to clients that ask for it */
	struct conn_config conn;
};

struct lab_target {
	char name[64]; /* resolved by lab_resolve */
	struct ip_addr addr4, addr6;
	struct ip_addr outside4, outside6; /* what the name resolves to where a box in front (dnat)
					    * translates; family 0: its own address */
	uint16_t port;			   /* listens here; 0: everywhere */
	enum lab_mptcp mptcp;
	bool silent;   /* answers nothing at all */
	bool echo;     /* answers ICMP echo */
	bool problems; /* answers bad IP options and unknown extensions with parameter problems;
			* else such packets are dropped */
	uint8_t ttl;   /* initial TTL of what it sends; 0: 64 */
	struct lab_serve serve;
};

struct lab *lab_new(uint64_t seed);
void lab_free(struct lab *lab);
/* Reseeds links and boxes; before the first packet only. */
void lab_seed(struct lab *lab, uint64_t seed);

/* Appending to the path; ERR_USAGE (with a message) if the order makes no path. */
int lab_add_client(struct lab *lab, const struct lab_client *client, struct error *err);
int lab_add_link(struct lab *lab, const struct lab_link *link, struct error *err);
int lab_add_router(struct lab *lab, const struct lab_router *router, struct error *err);
/* A box by name, not yet configured: set its parameters with box_set. Owned by the lab. */
struct box *lab_add_box(struct lab *lab, const char *name, struct error *err);
int lab_add_target(struct lab *lab, const struct lab_target *target, struct error *err);

/* Before the first packet: makes a simple target an endpoint that speaks as much MPTCP, and echoes;
 * one that is silent or listens everywhere stays what it is. 0, ERR_NOMEM. */
int lab_serve(struct lab *lab, struct error *err);
/* Likewise, but whatever the target was it becomes an endpoint that listens on `port`, so
 * configured. */
struct conn_config;
int lab_serve_as(struct lab *lab, uint16_t port, const struct conn_config *conn, bool cookies,
		 struct error *err);

/* Begins another path, from the client on; the target closes them all. Without it there is one that
 * takes every packet; before the first link, router or box it describes that one. */
int lab_add_path(struct lab *lab, const struct lab_path *path, struct error *err);
/* The element that was added last, and adding it to the path at hand as well. */
size_t lab_last(const struct lab *lab);
int lab_add_shared(struct lab *lab, size_t element, struct error *err);

/* All addresses of the host, as the client knows them, at most LAB_ADDRS_MAX; the first are those
 * of lab_add_client and lab_add_target. Returns how many. */
size_t lab_client_addrs(const struct lab *lab, struct ip_addr out[LAB_ADDRS_MAX]);
size_t lab_target_addrs(const struct lab *lab, struct ip_addr out[LAB_ADDRS_MAX]);

/* The target by name or by either address; ERR_RESOLVE. `family` 4, 6 or 0 (what there is, 4
 * first). */
int lab_resolve(const struct lab *lab, const char *name, uint8_t family, struct ip_addr *out,
		struct error *err);

bool lab_complete(const struct lab *lab);		    /* from client to target */
const struct lab_target *lab_target(const struct lab *lab); /* NULL if there is none yet */

/* The client's side as a back-end of the seam, one at a time; NULL if the path is not complete. The
 * lab must outlive it; closing it lets what is under way arrive (lab_settle) and leaves the lab.
 * A receive that waits for ever returns 0 once nothing is left to happen. */
struct net *lab_net(struct lab *lab);

/* Lets everything under way arrive; virtual time goes on to the last of it. */
void lab_settle(struct lab *lab);

/* Ground truth, for scoring: the boxes, and behind which router each stands; NULL: no more. */
const struct box *lab_box_at(const struct lab *lab, size_t i, uint8_t *after_ttl);
uint8_t lab_path_length(const struct lab *lab); /* routers and the target */
size_t lab_half_open(const struct lab *lab);	/* SYNs the target answered that nobody closed */
uint64_t lab_packets(const struct lab *lab);	/* walked so far, for the bench */

#endif
