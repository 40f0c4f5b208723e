/* Two TCPs and a link between them, on virtual time. Each end sends a stream whose octets are known
 * by their position, and checks what it receives. */
#ifndef MBOXTRACE_TESTS_TCP_PAIR_H
#define MBOXTRACE_TESTS_TCP_PAIR_H

#include "mptcp/tcp_state.h"
#include "util/heap.h"
#include "util/rng.h"

#define PAIR_PACKET_MAX 2048
#define PAIR_EVENTS	8

struct tcp_pair;

struct tcp_pair_end {
	struct tcp tcp;
	struct tcp_pair *pair;
	struct cc_group group;
	uint64_t to_send, pushed, received; /* octets of the stream */
	bool shut_when_sent;
	bool corrupt; /* an octet, or the order of them, was wrong */
	unsigned events[PAIR_EVENTS];
	uint32_t buffer; /* receive buffer */
	bool reads;	 /* at once; otherwise `unread` piles up */
	uint32_t unread;
	/* Replaces the made-up options; may be NULL. */
	size_t (*options)(struct tcp_pair_end *end, const struct tcp_segment *segment, uint8_t *out,
			  size_t room);
	size_t option_octets;	       /* of made-up MPTCP options on data */
	uint32_t piece_max;	       /* 0: as long as fits */
	bool refuses;		       /* owner->segment says no */
	uint8_t last[PAIR_PACKET_MAX]; /* the last packet that this end sent */
	size_t last_len;
};

struct tcp_pair_link {
	int64_t delay_ns, jitter_ns; /* jitter reorders */
	double loss, duplicate;
	uint64_t rate;	/* octets a second; 0: no limit */
	uint32_t queue; /* octets that wait at most; 0: no limit */
};

struct tcp_pair {
	struct tcp_pair_end end[2]; /* 0 opens */
	struct tcp_pair_link link;
	int64_t now_ns, idle_at_ns[2];
	uint64_t seed;
	struct rng rng;
	struct heap wire;
	uint64_t packets[2]; /* sent by each end */
	struct tcp_config config[2];
	/* May change a packet that an end sends; false: it is lost. NULL: nothing happens. */
	bool (*filter)(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		       const struct packet *p);
	uint64_t counter; /* the filter's */
	bool trace;	  /* print every packet: MBOXTRACE_TRACE in the environment */
};

/* Defaults: 10 ms each way, no loss, IPv4. Change config, link and ends, then open. */
void pair_init(struct tcp_pair *pair, uint64_t seed);
void pair_fini(struct tcp_pair *pair);
void pair_ipv6(struct tcp_pair *pair);
void pair_open(struct tcp_pair *pair);	    /* the first end opens, the other waits for it */
void pair_open_both(struct tcp_pair *pair); /* simultaneously */
void pair_connect(struct tcp_pair *pair);   /* opens, and runs until both are established */
void pair_run(struct tcp_pair *pair, int64_t for_ns);
/* Until nothing is under way any more but long timers, or `for_ns` passed; false then. */
bool pair_settle(struct tcp_pair *pair, int64_t for_ns);
void pair_read(struct tcp_pair_end *end, uint32_t octets); /* if it does not read at once */
void pair_inject(struct tcp_pair *pair, unsigned to, const uint8_t *octets, size_t len);
/* Makes a packet from the other end's addresses and hands it to `to`. */
void pair_forge(struct tcp_pair *pair, unsigned to, unsigned flags, uint32_t seq, uint32_t ack,
		struct span payload);
bool pair_whole(const struct tcp_pair *pair); /* both streams arrived, octet for octet */
uint8_t pair_octet(unsigned from, uint64_t at);

extern const struct cc_ops pair_cc; /* a plain Reno */
extern const struct tcp_owner_ops pair_owner;
void pair_feed(struct tcp_pair_end *end); /* pushes what there is room for */

#endif
