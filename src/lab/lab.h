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
 * Routers decrement the TTL and answer with ICMP errors as their quote policy says; these walk
 * back through all boxes between them and the client, so a box may translate quotes back. */
#ifndef MBOXTRACE_LAB_LAB_H
#define MBOXTRACE_LAB_LAB_H

#include "lab/box.h"
#include "net/net.h"
#include "packet/icmp.h"

struct lab;

struct lab_client {
	struct ip_addr addr4, addr6; /* family 0: none; likewise below */
};

struct lab_link {
	int64_t delay_ns,
	    jitter_ns; /* one way; jitter is uniform in [0, jitter_ns] and may reorder */
	double loss, reorder,
	    duplicate;	   /* probabilities; a reordered packet is held one delay longer */
	uint64_t rate_bps; /* 0: unlimited */
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

/* Ground truth, for scoring: how many boxes; between which routers each stands. */
size_t lab_box_count(const struct lab *lab);
const struct box *lab_box_at(const struct lab *lab, size_t i, uint8_t *after_ttl);
uint8_t lab_path_length(const struct lab *lab); /* routers and the target */
size_t lab_half_open(const struct lab *lab);	/* SYNs the target answered that nobody closed */
uint64_t lab_packets(const struct lab *lab);	/* walked so far, for the bench */

#endif
