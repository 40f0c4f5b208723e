/* The way back, walked by a mirror: one of its own segments with data, one without that announces
 * an address, if there is such, and its SYN/ACK, octet for octet but for the TTL (and the IPv4 ID,
 * by which quotes are told apart), are sent once more to the client with increasing TTL, always too
 * small to get there; routers quote them.
 *
 * Only to whom asked for it within an established connection, once, one packet at a time. The
 * SYN/ACK comes last, when the client has said all: who follows the connection may be confused. */
#ifndef MBOXTRACE_MPTCP_MIRROR_BACK_H
#define MBOXTRACE_MPTCP_MIRROR_BACK_H

#include "packet/ip_addr.h"
#include "util/span.h"
#include "util/time.h"

#define MIRROR_HOPS_MAX	   30
#define MIRROR_QUOTE_MAX   120
#define MIRROR_SEGMENT_MAX 1600

enum mirror_walked {
	MIRROR_WALKED_DATA,
	MIRROR_WALKED_ANNOUNCE,
	MIRROR_WALKED_SYN_ACK,
	MIRROR_WALKS
};

struct mirror_hop {
	bool answered;
	enum mirror_walked of; /* what is quoted */
	uint8_t ttl, quote_len;
	struct ip_addr from;
	uint8_t quote[MIRROR_QUOTE_MAX];
};

/* One segment's. */
struct mirror_walk {
	size_t len; /* of the segment; 0: none was sent yet */
	uint8_t segment[MIRROR_SEGMENT_MAX];
	uint8_t ttl;				    /* asked */
	uint8_t silent;				    /* hops in a row up to here */
	uint8_t told;				    /* hops told of */
	struct mirror_hop hop[MIRROR_HOPS_MAX + 1]; /* by TTL */
};

struct mirror_back {
	bool wanted, done;
	bool last_words; /* the client has ended */
	uint8_t last;	 /* the last TTL that does not reach the client; 0: not known */
	uint8_t at;	 /* of the walks: the one under way */
	int64_t due_ns;
	struct mirror_walk walk[MIRROR_WALKS];
};

/* Between copies, whoever they are for. */
struct mirror_rate {
	int64_t due_ns;
};

/* A whole segment that went to the client; the first of each kind is walked with. */
void mirror_back_sent(struct mirror_back *b, int64_t now_ns, enum mirror_walked kind,
		      struct span packet);
void mirror_back_arrived(struct mirror_back *b, uint8_t ttl); /* a segment of the client */
void mirror_back_error(struct mirror_back *b, int64_t now_ns, struct span packet);

/* When mirror_back_next has something, or ends the walk. */
int64_t mirror_back_expiry_ns(const struct mirror_back *b);
/* Writes the next copy, of at most `cap` octets, to `out` of MIRROR_SEGMENT_MAX; 0: not now, or no
 * more. What would be longer than `cap` waits. */
size_t mirror_back_next(struct mirror_back *b, int64_t now_ns, size_t cap, uint8_t *out);

#endif
