/* An MPTCP connection: subflows, the data sequence space, fallback, closing. Sans I/O; reached
 * through its endpoint (endpoint.h), which owns it.
 *
 * RFC 8684 (v1) and RFC 6824 (v0); the corner cases follow RFC 8041 §3 and the table there. */
#ifndef MBOXTRACE_MPTCP_CONN_H
#define MBOXTRACE_MPTCP_CONN_H

#include "mptcp/cc.h"
#include "mptcp/pm.h"
#include "mptcp/sched.h"
#include "mptcp/tcp.h"
#include "util/error.h"

#define CONN_SUBFLOWS_MAX 32

enum conn_state {
	CONN_OPENING,	  /* handshake of the first subflow */
	CONN_ESTABLISHED, /* the peer may not have confirmed MPTCP yet */
	CONN_CLOSING,	  /* a DATA_FIN was sent or received, not yet both acknowledged */
	CONN_CLOSED,	  /* everything is said; the outcome is final */
};

enum conn_outcome {
	OUTCOME_NONE, /* not yet */
	OUTCOME_MPTCP,
	OUTCOME_FALLBACK,
	OUTCOME_REFUSED, /* a RST to the SYN */
	OUTCOME_TIMEOUT,
	OUTCOME_RESET,
};

enum fallback_stage {
	FALLBACK_NONE,
	FALLBACK_SYN_ACK,
	FALLBACK_THIRD_ACK,
	FALLBACK_FIRST_DATA,
	FALLBACK_LATER
};

/* Why; each has a sentence (fallback_reason_text). */
enum fallback_reason {
	FALLBACK_BECAUSE_NONE,
	FALLBACK_BECAUSE_NO_CAPABLE,	   /* SYN/ACK or SYN without MP_CAPABLE */
	FALLBACK_BECAUSE_MIRRORED,	   /* our own MP_CAPABLE came back */
	FALLBACK_BECAUSE_VERSION,	   /* a version that we do not speak */
	FALLBACK_BECAUSE_FLAGS,		   /* B set, no common hash, or flags that changed */
	FALLBACK_BECAUSE_CHECKSUM_REFUSED, /* the peer demands checksums and we do not do them */
	FALLBACK_BECAUSE_SYN_LOST,	   /* SYNs with the option vanished, a plain one did not */
	FALLBACK_BECAUSE_NO_KEYS,	   /* third ACK and first data without MP_CAPABLE or DSS */
	FALLBACK_BECAUSE_NO_DSS,	   /* options vanished before anything was verified */
	FALLBACK_BECAUSE_CHECKSUM,	   /* DSS checksum failed, one subflow: infinite mapping */
	FALLBACK_BECAUSE_INFINITE,	   /* the peer sent an infinite mapping */
	FALLBACK_BECAUSE_MP_FAIL,	   /* the peer sent MP_FAIL */
	FALLBACK_BECAUSE_SIMULTANEOUS,	   /* simultaneous open */
	FALLBACK_BECAUSE_JOIN_AND_CAPABLE, /* both in one SYN */
};

struct conn_config {
	uint8_t version;      /* 0 or 1; 255: plain TCP, no option at all */
	bool checksum;	      /* demand DSS checksums */
	bool refuse_checksum; /* ignore MP_CAPABLE that demands them */
	bool no_join_here;    /* set the C flag */
	/* 8; or 4: of data sequence numbers the lower half, unless it could wrap within the
	 * lifetime of a segment (RFC 8684 §3.3.1). DATA_ACKs are of 8 once the peer uses 8. */
	uint8_t dsn_octets;
	/* 0: the keys', as the RFC says. Otherwise that of both ends: for tests of the wrap. */
	uint64_t idsn;
	const char *pm, *scheduler, *cc;			       /* NULL: defaults */
	enum mss_policy { MSS_MAX, MSS_MIN, MSS_ADAPTIVE } mss_policy; /* RFC 8041 §3.8 */
	struct pm_limits limits;
	uint8_t ndiffports;
	uint16_t join_port; /* that further subflows go to; 0: the connection's (RFC 8041 §3.5) */
	size_t local_count;
	struct pm_addr local[PM_ADDRS_MAX]; /* the first is the initial subflow's */
	size_t send_buffer, receive_buffer; /* octets; defaults 4 MiB and 6 MiB */
	uint8_t plain_after_syns;	    /* SYNs with the option before a plain one: default 3 */
	int64_t
	    close_wait_ns; /* how long the passive closer waits for the peer's FIN (§3.6): 3 s */
	int64_t add_addr_timeout_ns; /* default 120 s in the kernel; here 3 RTO, at most 8 times */
	int64_t idle_timeout_ns;     /* all subflows gone: how long a rejoin is awaited; 60 s */
	/* Silence after which the peer is asked whether it is still there (RFC 1122 §4.2.3.6), and
	 * then again, nine times, every hundredth of it: 2 h; 0: never */
	int64_t keepalive_ns;
	struct tcp_config tcp; /* template for every subflow */
};

void conn_config_defaults(struct conn_config *config);

struct conn;

/* The stream. Writing returns how many octets were taken (0: the send buffer is full; negative:
 * ERR_DEVICE once closed). Reading gives a view of the next in-order octets, to be consumed with
 * conn_consume. */
long conn_write(struct conn *c, int64_t now_ns, struct span octets);
struct span conn_peek(const struct conn *c);
void conn_consume(struct conn *c, size_t octets);
size_t conn_write_space(const struct conn *c);
bool conn_read_ended(const struct conn *c);  /* DATA_FIN (or FIN after fallback) reached and read */
bool conn_write_ended(const struct conn *c); /* and the other way: the peer has acknowledged ours */
void conn_shutdown(struct conn *c, int64_t now_ns);  /* DATA_FIN behind what is written */
void conn_fastclose(struct conn *c, int64_t now_ns); /* MP_FASTCLOSE; RST after fallback */

enum conn_state conn_state(const struct conn *c);
enum conn_outcome conn_outcome(const struct conn *c);

/* Changes while it runs (CLI, tests): addresses come and go, priorities change. */
int conn_add_local(struct conn *c, const struct pm_addr *addr, int64_t now_ns);
int conn_remove_local(struct conn *c, uint8_t id, int64_t now_ns);
/* All that are this address: as conn_remove_local, unless nothing else carries the connection. */
void conn_address_gone(struct conn *c, const struct ip_addr *addr, int64_t now_ns);
/* It is there again; false: it is forgotten, conn_add_local has to tell what it is for. */
bool conn_address_back(struct conn *c, const struct ip_addr *addr, int64_t now_ns);
int conn_set_backup(struct conn *c, uint8_t subflow, bool backup, int64_t now_ns);

/* Who said last of a SYN that it cannot arrive, in ICMP: remembered, and not believed (RFC 1122
 * §4.2.3.9, RFC 5461). Family 0: nobody. */
struct conn_unreachable {
	struct ip_addr from;
	uint8_t code;
};

/* What happened, for summaries and events. */
struct conn_subflow_info {
	uint8_t id;
	struct ip_addr local, remote;
	uint16_t local_port, remote_port, mss;
	enum tcp_state state;
	bool joined, backup; /* joined: not the initial one */
	bool opened;	     /* ever */
	enum subflow_close { SUBFLOW_OPEN, SUBFLOW_FIN, SUBFLOW_RST, SUBFLOW_FASTCLOSE } close;
	int reset_reason; /* -1: none; MP_TCPRST's */
	/* What the SYN/ACK made of our MP_JOIN, if that is why it did not come about */
	enum conn_answer { ANSWER_NONE, ANSWER_WITHOUT, ANSWER_COPIED, ANSWER_FOREIGN } answer;
	/* Whose checksum did not fit, if that was its end: MP_FAIL went, or came, with the RST */
	enum conn_misfit { MISFIT_NONE, MISFIT_OURS, MISFIT_PEERS } misfit;
	struct conn_unreachable unreachable;
	struct tcp_stats stats;
	unsigned in_vain;    /* timeouts since the peer acknowledged something last */
	unsigned plain_syns; /* of ours: without the option that those before them had */
	uint64_t reinjected; /* octets moved to another subflow */
	int64_t srtt_ns;
};

struct conn_info {
	bool client;
	uint8_t version;
	bool checksum;
	enum conn_outcome outcome;
	enum fallback_stage fallback_stage;
	enum fallback_reason fallback_reason;
	uint64_t sent, received; /* stream octets: acknowledged by the peer; in order here */
	/* The peer was heard, with its options, and yet its DATA_ACK stood still until it was given
	 * up: nothing shows whose fault that is. */
	bool stalled;
	uint64_t options_seen; /* bit 1 << subtype: MPTCP options that arrived */
	uint64_t checksum_failures;
	uint64_t local_key, remote_key;
	uint32_t local_token, remote_token;
	size_t subflow_count;
	struct conn_subflow_info subflow[CONN_SUBFLOWS_MAX];
	size_t memory; /* octets held now */
};

void conn_info(const struct conn *c, struct conn_info *out);
const char *
fallback_stage_name(enum fallback_stage stage); /* "syn-ack", "third-ack", "first-data", "later" */
const char *fallback_reason_text(enum fallback_reason reason);
const char *conn_outcome_name(enum conn_outcome outcome);

#endif
