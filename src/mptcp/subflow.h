/* A subflow: a TCP (tcp.h) with what MPTCP has to know of it. Private to the connection.
 *
 * What a subflow receives goes through three stores: the TCP orders octets by its own sequence
 * numbers; `map` keeps the mappings that were heard; `hold` keeps in-order octets that cannot be
 * delivered yet, for want of a mapping, of the rest of a checksummed mapping, or of the infinite
 * mapping that follows a failed checksum. In the usual case `hold` is empty, `map` has one element
 * and octets go straight from the packet into the connection's buffer. */
#ifndef MBOXTRACE_MPTCP_SUBFLOW_H
#define MBOXTRACE_MPTCP_SUBFLOW_H

#include "mptcp/conn.h"
#include "mptcp/tcp_state.h"
#include "packet/mptcp_option.h"

/* uthash must not end the process if memory does. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element)                                                               \
	do {                                                                                       \
	} while (0)
#include <uthash.h>

struct tuple {
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
};

enum subflow_stage {
	STAGE_SYN,  /* handshake of the TCP */
	STAGE_PRE,  /* we joined: the third ACK is not answered yet (RFC 8684 §3.2) */
	STAGE_UP,   /* may carry data */
	STAGE_DEAD, /* TCP closed; kept for the summary */
};

struct mapping {
	uint64_t dsn;
	uint32_t ssn;
	uint16_t len;	/* octets of data */
	uint16_t total; /* as announced: counts a DATA_FIN */
	uint16_t checksum;
	bool has_checksum;
};

#define MAPPINGS_MAX 8192

struct mappings {
	struct mapping *at; /* owned; sorted by ssn; in use: at[first] to at[first + count - 1] */
	uint32_t first, count, capacity;
};

struct hold {
	uint8_t *at; /* owned */
	size_t len, capacity;
	uint32_t ssn; /* of at[0] */
};

struct subflow {
	struct tcp tcp;
	struct conn *conn;
	size_t accounted; /* octets that its TCP and its mappings hold, as the endpoint knows */
	UT_hash_handle by_tuple;
	bool listed; /* in the endpoint's table */
	struct tuple tuple;
	uint8_t id, local_id, remote_id;
	enum subflow_stage stage;
	bool client;		       /* we opened it */
	bool initial;		       /* MP_CAPABLE, not MP_JOIN */
	bool plain;		       /* no MPTCP option is to be sent any more, or was ever */
	bool backup_asked, backup_set; /* by the peer; by us */
	bool opened_told, closed_told, reinjected_all;
	uint32_t local_nonce, remote_nonce;
	uint8_t syns; /* SYNs sent */
	bool plain_syn;

	/* Joining: the third ACK is repeated until anything answers it. */
	int64_t join_ack_ns;
	uint8_t join_acks;

	/* To be sent with the next ACK */
	bool prio_due, fail_due, turn;
	bool fin_heard; /* the ACK at hand answers a DATA_FIN that we knew: it carries none */
	uint64_t fail_dsn;

	/* How it is to be reset, and was */
	bool reset_wanted, reset_fail, reset_fastclose;
	uint8_t reset_reason;
	bool unwelcome;	  /* a join that the peer refused for good */
	bool peer_failed; /* MP_FAIL came beside a RST */
	enum conn_answer answer;
	struct conn_unreachable unreachable;
	int close_reason; /* MP_TCPRST's, ours or the peer's; -1: none */
	enum subflow_close close;

	/* Receiving */
	bool dss_heard; /* a DSS ever arrived on it */
	bool bare;	/* what arrived last had no option of MPTCP */
	bool mapped;	/* octets were delivered by a mapping */
	bool failing;	/* a checksum failed: an infinite mapping is awaited */
	struct mappings map;
	struct hold hold;
	uint64_t rx_end;   /* data sequence number behind the last octet that it delivered */
	uint64_t unmapped; /* octets given up for want of a mapping */

	/* Sending */
	uint64_t tx_from, tx_next; /* the latest stretch of the stream that it carried in one run */
	uint64_t tx_high;	   /* behind the last octet of the stream that it carried */
	uint64_t tx_again;	   /* behind the last that it carried when it had passed it */
	uint64_t copied;	   /* redundant scheduler: how far it has sent */
	int64_t up_ns;		   /* when it came up */
	uint8_t asked;		   /* whether it lives, so often, since its address was removed */
	bool stale;		   /* timed out, not acknowledged anything since */
	bool heard;		   /* anything since it timed out last */
	uint32_t reinject_mark;	   /* pieces before this ssn have been queued elsewhere */
	int64_t swallowed_ns;	   /* when it was found last to have taken octets for nothing */
	int64_t penalised_ns;
	uint64_t reinjected;
};

static inline struct subflow *subflow_of(struct tcp *t)
{
	return (struct subflow *)t;
}

extern const struct tcp_owner_ops subflow_ops;

/* What an arriving segment says in MPTCP options (subflow_receive.c). */
struct arrived {
	const struct packet *packet;
	uint32_t ssn;
	bool any;		 /* an option of MPTCP */
	bool capable_mangled;	 /* an MP_CAPABLE of no known form */
	uint8_t mangled_version; /* and its version */
	bool has_capable, has_join, has_dss;
	struct mptcp_capable capable;
	struct mptcp_join join;
	struct mptcp_dss dss;
};

void arrived_parse(struct arrived *a, const struct packet *p, uint32_t ssn);

struct subflow *subflow_new(struct conn *c);
void subflow_free(struct subflow *sf);
void subflow_bury(struct subflow *sf); /* its TCP is closed: frees all but the summary */
size_t subflow_memory(const struct subflow *sf);
void subflow_account(struct subflow *sf);	  /* tells the endpoint what it holds now */
bool subflow_usable(const struct subflow *sf);	  /* for data, MPTCP-wise; it may be stale */
bool subflow_is_backup(const struct subflow *sf); /* as either end made it */
bool subflow_alive(const struct subflow *sf);	  /* opening, or open and not closing */
bool subflow_hangs(const struct subflow *sf);	  /* stale for long */
void subflow_reset(struct subflow *sf, int reason);
void subflow_up(struct subflow *sf);
void subflow_announce_end(struct subflow *sf);

/* Handshakes: false: the segment is to be dropped. */
void subflow_take_syn(struct subflow *sf, const struct arrived *syn);
bool subflow_cookie_ack(struct subflow *sf, const struct arrived *ack);
bool subflow_syn_ack(struct subflow *sf, const struct arrived *a);
bool subflow_third_ack(struct subflow *sf, const struct arrived *a);
bool join_syn_ack(struct subflow *sf, const struct arrived *a);
bool join_third_ack(struct subflow *sf, const struct arrived *a);
void join_answered(struct subflow *sf);
void join_timer(struct subflow *sf);
size_t join_options(struct subflow *sf, const struct tcp_segment *s, uint8_t *out, size_t room);

/* Mappings (conn_map.c) */
enum map_result { MAP_TAKEN, MAP_KNOWN, MAP_CONFLICT, MAP_FULL };
enum map_result map_add(struct mappings *m, const struct mapping *one);
const struct mapping *map_find(const struct mappings *m, uint32_t ssn);	 /* that covers `ssn` */
const struct mapping *map_after(const struct mappings *m, uint32_t ssn); /* first behind `ssn` */
void map_trim(struct mappings *m, uint32_t below); /* forgets those that end before */

/* Delivery (conn_dss.c) */
void subflow_data(struct subflow *sf, uint32_t ssn, struct span octets);
void subflow_deliver_held(struct subflow *sf);
void subflow_hold_flush(struct subflow *sf, uint64_t dsn_of_hold);
void dss_take(struct subflow *sf, const struct arrived *a);

/* Segments that arrive (subflow_receive.c) */
bool subflow_segment(struct tcp *t, const struct packet *p, uint32_t ssn);

/* Options that leave (subflow_options.c) */
size_t subflow_options(struct tcp *t, const struct tcp_segment *s, uint8_t *out, size_t room);

#endif
