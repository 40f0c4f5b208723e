/* What an endpoint is made of. Private to its files. */
#ifndef MBOXTRACE_MPTCP_ENDPOINT_STATE_H
#define MBOXTRACE_MPTCP_ENDPOINT_STATE_H

#include "mptcp/conn_state.h"
#include "util/siphash.h"

#define ENDPOINT_PACKET_MAX 65535
#define EVENTS_MAX	    65536
#define SECRET_SIZE	    32

struct listener {
	struct listener *next;
	struct listener_config config;
	unsigned half_open;
	int64_t cookies_until_ns; /* how long the last cookie that was sent may be answered */
};

/* A ring of a power of two; `at` is owned. */
struct event_ring {
	struct endpoint_event *at;
	uint32_t size, head, tail;
};

/* A binary heap of connections by the time of their next timer. */
struct timer_heap {
	struct conn **at; /* owned; at[0] is not used */
	size_t count, capacity;
};

struct endpoint {
	struct endpoint_config config;
	uint8_t secret[SECRET_SIZE];
	struct siphash_key table_key;
	uint64_t drawn; /* random numbers */
	struct subflow *by_tuple;
	struct subflow *last; /* that a packet was for: mostly the next is for it, too */
	struct conn *by_token;
	struct conn *newest;
	struct conn *ready_first, *ready_last;
	struct listener *listeners;
	struct timer_heap heap;
	struct event_ring events;
	size_t memory;

	/* Answers that belong to no connection: RSTs, and the SYN/ACKs of cookies. */
	struct reply {
		uint16_t len;
		uint8_t octets[128];
	} reply[64];
	unsigned reply_head, reply_count;

	uint8_t out[ENDPOINT_PACKET_MAX];
};

/* Timers (endpoint_timer.c) */
void heap_set(struct endpoint *e, struct conn *c, int64_t time_ns);
void heap_remove(struct endpoint *e, struct conn *c);
struct conn *heap_first(const struct endpoint *e);

/* Secrets (endpoint_secret.c) */
void secret_init(struct endpoint *e);
/* A number that only who knows the secret can tell; `purpose` keeps uses apart. */
uint64_t secret_hash(const struct endpoint *e, uint32_t purpose, const struct tuple *t,
		     uint64_t extra);
enum { PURPOSE_ISN = 1, PURPOSE_TS, PURPOSE_RANDOM, PURPOSE_COOKIE, PURPOSE_KEY, PURPOSE_TABLE };

/* Replies (endpoint_reply.c) */
void reply_rst(struct endpoint *e, const struct packet *p, int reason); /* reason -1: no option */
bool reply_packet(struct endpoint *e, const struct packet *p);		/* queues it, built */
struct packet reply_to(const struct packet *p);

int endpoint_check(const struct conn_config *config, struct error *err);

/* Listeners (endpoint_listen.c) */
struct listener *listener_find(struct endpoint *e, const struct ip_addr *addr, uint16_t port);
void listener_syn(struct endpoint *e, struct listener *l, const struct packet *syn, int64_t now_ns);

/* Cookies (endpoint_cookie.c) */
void cookie_syn_ack(struct endpoint *e, struct listener *l, const struct packet *syn,
		    int64_t now_ns);
/* True: `ack` belongs to a connection that was offered a cookie, and is taken care of: it opens the
 * connection, or is dropped, for its sender to repeat once the third ACK is here. */
bool cookie_ack(struct endpoint *e, struct listener *l, const struct packet *ack, int64_t now_ns);

/* Finding whom a packet is for (endpoint_demux.c) */
struct subflow *tuple_find(const struct endpoint *e, const struct tuple *t);
struct conn *token_find(const struct endpoint *e, uint32_t token);
struct tuple packet_tuple(const struct packet *p);
void endpoint_adopt(struct endpoint *e, struct conn *c);
void endpoint_forget(struct endpoint *e, struct conn *c);

#endif
