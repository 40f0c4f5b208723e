/* What a connection is made of. Private to the endpoint's files.
 *
 * Every entry point sets `now_ns`, does its work, and ends with conn_settle(), which carries out
 * what the callbacks of the TCPs only noted: resets, closed subflows, the wishes of the path
 * manager, the steps of closing. */
#ifndef MBOXTRACE_MPTCP_CONN_STATE_H
#define MBOXTRACE_MPTCP_CONN_STATE_H

#include "mptcp/endpoint.h"
#include "mptcp/ranges.h"
#include "mptcp/subflow.h"

/* The stream on its way out: chunks from the oldest octet that is not DATA_ACKed. */
struct tx_chunk {
	struct chunk *chunk;
	uint64_t dsn; /* of its first octet */
};

struct tx {
	struct tx_chunk *at; /* owned; a ring of a power of two */
	uint32_t size, head, tail;
	uint32_t cursor; /* the chunk that was last sent from */
	size_t memory;
	uint64_t first;		 /* data sequence number of the stream's first octet */
	uint64_t una, next, end; /* DATA_ACKed; to be sent first; behind all that is written */
	uint64_t edge;		 /* of the peer's receive window */
	uint64_t mixed;		 /* from here to next lies on one subflow, in order */
	struct dsn_pace pace;
	bool fin_wanted, fin_sent, fin_acked, blocked;
	struct ranges again; /* to be sent on another subflow */
	uint64_t recover;    /* una must reach this before the timer is trusted again */
	uint32_t burst;	     /* segments that the data-level timer repeats at once */
	unsigned backoff, futile;
	bool carried;		/* the timer found the oldest octet in flight on a subflow */
	struct subflow *taker;	/* the oldest octet went over it last; NULL: not known */
	int64_t asked_ns;	/* when the timer repeated something last */
	int64_t progress_ns;	/* when una moved last, or something became outstanding */
	uint64_t opportunistic; /* una when a segment was last repeated for want of window */
};

/* The stream on its way in: a ring that holds [read, next) and the stretches in `early`. */
struct rx {
	uint8_t *at;	/* owned */
	size_t size;	/* a power of two, or 0 */
	uint64_t base;	/* octet `dsn` lies at (dsn - base) & (size - 1) */
	bool known;	/* the numbers are valid: the peer's key is known, or never will be */
	uint64_t first; /* the stream's first octet */
	uint64_t read, next;
	uint64_t edge;	/* of the window that was offered */
	uint64_t spare; /* octets in holds */
	struct ranges early;
	bool fin_known, fin_taken;
	uint64_t fin_dsn;
	bool ack8; /* the peer uses 8 octets */
};

enum conn_timer {
	TIMER_DATA,
	TIMER_CLOSE,
	TIMER_REJOIN,
	TIMER_ANNOUNCE,
	TIMER_ASK,
	TIMER_FAIL,
	TIMER_TRIM,
	TIMER_FORGIVE,
	TIMER_RETRY,
	TIMER_KEEPALIVE,
	CONN_TIMERS
};

struct announcement {
	bool wanted, due;
	uint8_t sent;
};

struct failed_pair {
	uint8_t local_id, remote_id, count;
	uint8_t closed;	 /* how often the peer ended a subflow with a FIN */
	int64_t wait_ns; /* nothing is opened before */
};

#define FAILED_PAIRS 32

struct conn {
	struct endpoint *endpoint;
	struct listener *listener; /* while it is not accepted */
	void *user;
	struct conn *older, *newer; /* of all */
	struct conn *ready_next;    /* of those with something to send */
	bool is_ready, released, counted_half_open;
	UT_hash_handle by_token;
	size_t heap_at; /* place in the timer heap + 1 */
	int64_t heap_ns;

	struct conn_config config;
	const struct pm_ops *pm;
	const struct sched_ops *sched;
	struct sched_state sched_state;
	struct cc_group group;
	struct ip_addr remote;
	uint16_t local_port, remote_port;
	int64_t now_ns;

	enum conn_state state;
	enum conn_outcome outcome;
	enum fallback_stage fallback_stage;
	enum fallback_reason fallback_reason;
	bool client;
	uint8_t version;
	bool checksum, remote_c;
	bool plain;	   /* TCP from here on */
	bool has_key;	   /* ours is drawn; its token is registered */
	bool remote_known; /* the peer's key */
	bool confirmed;	   /* the peer has our key for certain: a DSS or third ACK arrived */
	bool dss_heard;	   /* joins may be made */
	bool tx_verified;  /* a DATA_ACK came for data of ours */
	bool had_join;	   /* both sides proved that they know of a further subflow */
	bool ack_told;	   /* a pure DATA_ACK for data of the peer's was sent */
	bool told_open, told_closed, told_readable, told_writable;
	uint8_t address_events; /* waiting to be read */
	uint64_t local_key, remote_key;
	uint32_t local_token, remote_token;

	struct tx tx;
	struct rx rx;
	/* After an infinite mapping or a fallback: stream octet = plain_base + ssn. */
	uint64_t plain_base;
	bool infinite_due; /* an infinite mapping is still to be told */
	uint32_t infinite_until;

	uint8_t subflow_count, send_turn;
	struct subflow *subflow[CONN_SUBFLOWS_MAX];
	unsigned joins;	   /* alive ones */
	bool signal_again; /* one ACK did not carry all signals */
	bool settle_due, pm_due, closing_subflows, lingered, active_close, fastclosed;

	size_t remote_count;
	struct pm_addr remotes[PM_ADDRS_MAX]; /* the first is the initial one */
	struct announcement announce[PM_ADDRS_MAX];
	uint8_t withdraw[PM_ADDRS_MAX], withdraw_count;
	struct mptcp_add_addr echo[4];
	uint8_t echo_count;
	struct failed_pair failed[FAILED_PAIRS];
	uint8_t failed_count;

	int64_t timer[CONN_TIMERS];
	uint64_t options_seen, checksum_failures;
	bool swapped_checksum;
	bool last_was_reset, refused;
	bool stalled;		      /* see conn_info */
	int64_t heard_ns;	      /* the last segment from the peer */
	uint8_t probes;		      /* keep-alives since */
	uint64_t gone_una, gone_next; /* how far the stream was when all subflows were gone */
};

/* conn_open.c */
struct conn *conn_new(struct endpoint *e, const struct conn_config *config, bool client);
void conn_free(struct conn *c);
int conn_open(struct conn *c, const struct ip_addr *remote, uint16_t port, int64_t now_ns);
/* Takes a SYN for a listener, or the ACK of a cookie. */
int conn_accept(struct conn *c, const struct packet *p, int64_t now_ns);
int conn_accept_cookie(struct conn *c, const struct packet *ack, const struct tcp_config *config,
		       uint16_t peer_mss, uint8_t peer_wscale, bool peer_sack, int64_t now_ns);
bool conn_draw_key(struct conn *c);
bool conn_take_key(struct conn *c, uint64_t key); /* ours, come back in a cookie */
void conn_learn_key(struct conn *c, uint64_t key);
uint16_t conn_mss(const struct tcp_config *config, uint8_t family);
void conn_tcp_config(const struct conn *c, struct tcp_config *out);
void conn_opened(struct conn *c); /* the initial handshake is over */

/* Driving (conn_run.c) */
void conn_input(struct subflow *sf, int64_t now_ns, const struct packet *p);
bool conn_output(struct conn *c, int64_t now_ns, uint8_t *out, size_t cap, size_t *len);
int64_t conn_expiry_ns(const struct conn *c);
void conn_settle(struct conn *c);
void conn_touch(struct conn *c);	  /* it may have something to send */
bool conn_finished(const struct conn *c); /* nothing is left to be sent or awaited */

/* Opening further subflows (conn_join.c) */
int conn_join(struct conn *c, const struct pm_addr *local, const struct pm_addr *remote,
	      uint16_t port, bool backup);
bool conn_join_accept(struct conn *c, const struct packet *syn, const struct mptcp_join *join,
		      int64_t now_ns, uint8_t *refusal);

/* The stream */
bool tx_reserve(struct conn *c, size_t octets);
struct chunk *tx_find(struct tx *tx, uint64_t dsn, uint32_t *offset, uint32_t *len);
void tx_acked(struct conn *c, uint64_t dsn);
void tx_fini(struct tx *tx);
void conn_pump(struct conn *c);
void rx_start(struct conn *c, uint64_t dsn);
bool rx_put(struct conn *c, uint64_t dsn, struct span octets);
void rx_fin(struct conn *c, uint64_t dsn);
void rx_trim(struct conn *c);
uint64_t rx_ack(const struct conn *c); /* the DATA_ACK */
uint32_t rx_window(struct conn *c);
void rx_fini(struct rx *rx);

/* Reinjection (conn_reinject.c) */
void reinject_subflow(struct subflow *sf);
void reinject_timer(struct conn *c);
void reinject_arm(struct conn *c);
void reinject_progress(struct conn *c);
bool reinject_opportunistic(struct conn *c);
/* May what was sent once be sent under another subflow sequence number? Not to a peer that may take
 * the subflow for plain TCP: see conn_fallback.c. */
bool reinject_allowed(const struct conn *c);
uint32_t conn_payload_max(const struct subflow *sf); /* of one segment */
/* Hands octets from `dsn` on, at most `max`, to a subflow; returns how many. */
uint32_t conn_push(struct conn *c, struct subflow *sf, uint64_t dsn, uint32_t max);

/* The shared window (conn_window.c): how far new data may go */
void window_used(struct conn *c, const struct subflow *sf, uint64_t dsn, uint64_t end);
uint64_t window_left(const struct conn *c);
/* `window`, or 0 if more of it than a segment's part (`unit`) is worth waiting for */
uint64_t window_awaited(const struct conn *c, uint64_t window, uint32_t unit);

/* Are our data sequence numbers to be sent whole? */
static inline bool tx_whole_dsn(const struct conn *c)
{
	return c->config.dsn_octets == 8 || c->tx.pace.fast;
}

/* Fallback (conn_fallback.c): false: it is not allowed (a join exists, or data is scattered). */
bool conn_fall_back(struct subflow *sf, enum fallback_stage stage, enum fallback_reason reason);
void fallback_infinite(struct subflow *sf, const struct mptcp_dss *dss);
void fallback_fail(struct subflow *sf, uint64_t dsn);
bool fallback_pending(const struct conn *c); /* a checksum failed; the peer has yet to answer */
void fallback_checksum(struct subflow *sf, const struct mapping *m);
bool fallback_unacked(struct subflow *sf, const struct arrived *a);

/* Closing (conn_close.c) */
void close_progress(struct conn *c);
void close_timer(struct conn *c);
void close_peer_fast(struct conn *c, struct subflow *sf);
void conn_end(struct conn *c, enum conn_outcome outcome);
void conn_reset_all(struct conn *c, int reason);

/* Addresses (conn_addr.c) */
void addr_announced(struct subflow *sf, const struct mptcp_add_addr *add);
void addr_removed(struct subflow *sf, struct span ids);
void addr_timer(struct conn *c);
void addr_ask_timer(struct conn *c);
size_t addr_options(struct conn *c, uint8_t *out, size_t room);
bool addr_options_due(const struct conn *c);
/* Once a pure DATA_ACK went: an address alone, taken out on the way, leaves an ACK that looks
 * stripped. */
bool addr_may_go(const struct conn *c);
void addr_ask(struct subflow *sf); /* has an ACK carry the first of them */
void conn_announce(struct conn *c, uint8_t id);
void conn_withdraw(struct conn *c, uint8_t id);

/* Path manager (conn_pm.c) */
void conn_manage(struct conn *c);
void pm_failed(struct conn *c, const struct subflow *sf);
void pm_closed_by_peer(struct conn *c, const struct subflow *sf);
void pm_retry(struct conn *c);
void pm_forgive(struct conn *c);
const struct pm_addr *conn_local_addr(const struct conn *c, uint8_t id);
struct pm_addr *conn_remote_addr(struct conn *c, uint8_t id);

struct subflow *conn_initial(const struct conn *c);
struct subflow *conn_any_usable(const struct conn *c);
unsigned conn_alive(const struct conn *c);
size_t conn_memory(const struct conn *c);

/* What a connection needs of its endpoint (endpoint*.c) */
uint64_t endpoint_random(struct endpoint *e);
bool endpoint_token_add(struct endpoint *e, struct conn *c); /* false: the token is in use */
void endpoint_token_remove(struct endpoint *e, struct conn *c);
bool endpoint_tuple_add(struct endpoint *e, struct subflow *sf);
void endpoint_tuple_remove(struct endpoint *e, struct subflow *sf);
uint16_t endpoint_port(struct endpoint *e, const struct tuple *t); /* a free one; 0: none */
uint32_t endpoint_isn(struct endpoint *e, const struct tuple *t, int64_t now_ns);
/* The key that a cookie gave out. */
uint64_t endpoint_cookie_key(const struct endpoint *e, const struct tuple *t, uint32_t peer_isn);
uint32_t endpoint_ts_offset(struct endpoint *e, const struct tuple *t);
void endpoint_ready(struct endpoint *e, struct conn *c);
void endpoint_account(struct endpoint *e, size_t more, size_t less);
size_t endpoint_memory_left(const struct endpoint *e);
void endpoint_tell(struct conn *c, enum endpoint_event_kind kind, const struct subflow *sf);
void endpoint_tell_addr(struct conn *c, enum endpoint_event_kind kind, const struct pm_addr *addr,
			const struct subflow *sf);
void endpoint_accepted(struct conn *c); /* no longer half open */

#endif
