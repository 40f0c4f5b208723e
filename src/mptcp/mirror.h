/* Mirroring: a server tells its client, inside their connection's stream, which headers arrived of
 * the client's segments, and which it sent itself; so that the client, who knows the other halves,
 * can compare both directions octet by octet.
 *
 * The stream, all integers in network order. The client begins it with
 *
 *   "mboxmirr"  u8 version (1)  u8 role (0; a mirror: 1)  u8 wishes  u8 zero    MIRROR_HEAD octets
 *
 * and goes on with whatever it likes. A server that mirrors answers with such a head and then
 * records, until it says that it is done and ends its direction of the stream:
 *
 *   u8 kind (1 arrived, 2 sent)  u8 header octets  u16 payload octets
 *   u32 microseconds since the first record's segment  u64 FNV-1a of the payload
 *   u32 the lower half of the FNV-1a of the record's other octets
 *   the IP header and the TCP header with its options, as they were on the wire
 *
 *   u8 kind (3, done)  u8 1 if some are not told of that went before others that are, else 0
 *   u16 segments without data sent but not told of
 *   u32 arrived but not told of  u32 sent with data but not told of
 *   u32 FNV-1a as above
 *
 *   u8 kind (4, a hop of the way back)  u8 quoted octets  u8 TTL
 *   u8 4 or 6, and 16 if what is quoted announces an address, 32 if it is the SYN/ACK
 *   u32 FNV-1a as above
 *   16 octets: who quoted (IPv4: the first four)  the quote (mirror_back.h)
 *
 * A client whose wish has bit 1 asks for the latter; with bit 2, that one segment of the server's
 * be lost on purpose, so that there is a hole to be seen. It is told of the subflows of that
 * connection only (those whose SYN bears its token), the initial one first. A server never writes
 * more octets, what it walks with included, than it has read. To whom the stream begins otherwise,
 * it is an echo; a head of another version it answers with its own, and the end. */
#ifndef MBOXTRACE_MPTCP_MIRROR_H
#define MBOXTRACE_MPTCP_MIRROR_H

#include "mptcp/conn.h"
#include "mptcp/mirror_back.h"

#define MIRROR_VERSION	      1
#define MIRROR_HEAD	      12
#define MIRROR_RECORD	      20 /* a segment's record without the headers */
#define MIRROR_DONE	      16 /* the last record */
#define MIRROR_HOP_RECORD     24
#define MIRROR_HOP_RECORD_MAX (MIRROR_HOP_RECORD + MIRROR_QUOTE_MAX)
#define MIRROR_HEADERS_MAX    120 /* of one segment: what has longer ones is not told of */
#define MIRROR_FLOWS_MAX      8	  /* subflows: further ones are not told of */
#define MIRROR_PURE_FIRST                                                                          \
	6 /* so many of a subflow, each way, without data or a flag are told of in any case */

enum mirror_kind { MIRROR_ARRIVED = 1, MIRROR_SENT = 2, MIRROR_FINISHED = 3, MIRROR_HOP = 4 };

struct mirror_segment {
	enum mirror_kind kind; /* as seen by who tells */
	uint8_t header_len;
	uint16_t payload_len;
	int64_t time_ns;
	uint64_t hash; /* of the payload */
	uint8_t header[MIRROR_HEADERS_MAX];
};

/* --- format --- */

enum mirror_role { MIRROR_CLIENT, MIRROR_SERVER };
enum mirror_wish { MIRROR_WISH_WALK = 1, MIRROR_WISH_HOLE = 2 };

void mirror_put_head(enum mirror_role role, uint8_t out[MIRROR_HEAD]);
/* How `octets`, the beginning of a stream, compare with a head of `role`: it is one, perhaps of
 * another version; it may become one; it is none. */
enum mirror_match { MIRROR_IS_NOT = -1, MIRROR_MAY_BE, MIRROR_IS, MIRROR_IS_OTHER };
enum mirror_match mirror_match_head(enum mirror_role role, struct span octets);
uint8_t mirror_head_version(struct span head);
uint8_t mirror_head_wishes(struct span head);
/* Writes a record of at most MIRROR_RECORD + MIRROR_HEADERS_MAX octets; returns how many. */
size_t mirror_put_segment(const struct mirror_segment *s, int64_t since_ns, uint8_t *out);
size_t mirror_put_hop(const struct mirror_hop *hop,
		      uint8_t *out); /* at most MIRROR_HOP_RECORD_MAX */

struct mirror_untold {
	uint32_t arrived, sent; /* segments; those that arrived with data, those sent with data */
	uint32_t pure;		/* those sent without */
	bool gaps;		/* not only the last ones */
};

size_t mirror_put_done(const struct mirror_untold *untold, uint8_t out[MIRROR_DONE]);

struct mirror_record {
	enum mirror_kind kind;
	struct mirror_segment segment; /* of the first two kinds */
	struct mirror_untold untold;   /* MIRROR_FINISHED */
	struct mirror_hop hop;
};

/* Reads the next record off `rest`. 1: it is in *out; 0: more octets are needed; ERR_MALFORMED. */
int mirror_read_record(struct mirror_record *out, struct span *rest);

uint64_t mirror_hash(struct span payload);

struct mirror_flow {
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
};

/* --- log: the last segments that a host sent and received --- */

struct mirror_log {
	uint64_t count; /* noted so far; number n is at[n % size], if it is not too old */
	size_t size;
	struct mirror_segment *at; /* owned */
};

bool mirror_log_init(struct mirror_log *log, size_t size); /* false: out of memory */
void mirror_log_fini(struct mirror_log *log);
/* Notes a packet, if it is a whole TCP segment; NULL: it is not. */
const struct mirror_segment *mirror_log_note(struct mirror_log *log, enum mirror_kind kind,
					     int64_t time_ns, struct span packet);
const struct mirror_segment *mirror_log_at(const struct mirror_log *log, uint64_t number);
uint64_t mirror_log_first(const struct mirror_log *log); /* the oldest number that is there */
/* Where the flow's latest connection begins, with its SYN: others had the same ports before. 0: not
 * known. */
uint64_t mirror_log_start(const struct mirror_log *log, const struct mirror_flow *flow);

/* Of the host that sent (or received) `p`. */
struct mirror_flow mirror_flow_of(const struct packet *p, bool sent);
bool mirror_flow_equal(const struct mirror_flow *a, const struct mirror_flow *b);
/* The token of a SYN that joins; false: it does not. */
bool mirror_join_token(const struct packet *p, uint32_t *token);

/* --- server: one connection --- */

struct mirror_told_flow {
	struct mirror_flow flow;
	uint64_t number;  /* of the log: told of up to here */
	unsigned pure[2]; /* arrived, sent: told of so far without data or a flag */
};

struct mirror_server {
	enum { MIRROR_ASKED, MIRROR_ECHOES, MIRROR_TELLS, MIRROR_TOLD } phase;
	uint8_t head[MIRROR_HEAD];
	uint8_t head_len, head_echoed;
	bool other_version;
	bool wants_hole, has_hole;
	size_t flow_count;
	struct mirror_told_flow flow[MIRROR_FLOWS_MAX]; /* the initial one first */
	uint64_t searched;				/* of the log: for SYNs that join */
	int64_t since_ns;
	uint64_t read, written; /* octets of the stream */
	uint64_t walked;	/* octets of copies */
	unsigned pure[2], data; /* told of so far, over all: as above, sent ones with data */
	struct mirror_untold untold;
	struct mirror_back back;
};

/* What comes and goes at the host. */
void mirror_server_packet(struct mirror_server *m, bool sent, int64_t time_ns, struct span packet);
/* Is `packet`, which is about to be sent, the one to be lost on purpose? */
bool mirror_server_loses(struct mirror_server *m, struct span packet);

/* Moves what can be moved now. True once the end of our direction may be told. */
bool mirror_server_pump(struct mirror_server *m, bool may_walk, const struct mirror_log *log,
			struct conn *conn, int64_t now_ns);

/* The next copy to send along the way back, at most one every while over all that share `rate`.
 * Returns its length, 0 if there is none now. */
size_t mirror_server_copy(struct mirror_server *m, struct mirror_rate *rate, int64_t now_ns,
			  uint8_t out[MIRROR_SEGMENT_MAX]);
int64_t mirror_server_expiry_ns(const struct mirror_server *m, const struct mirror_rate *rate);

/* --- client: one connection --- */

#define MIRROR_OCTETS_MAX 40960
#define MIRROR_TOLD_MAX	  512
#define MIRROR_LOG_CLIENT 1024

/* The octets of one direction of a subflow by their relative sequence number, less one. */
struct mirror_octets {
	bool syn; /* seen: then `isn` is known */
	uint32_t isn;
	size_t len; /* all before are there, unless never sent or lost: `have` says */
	uint8_t at[MIRROR_OCTETS_MAX];
	uint8_t have[MIRROR_OCTETS_MAX / 8];
};

struct mirror_subflow {
	struct mirror_flow flow;
	struct mirror_octets sent, received;
};

struct mirror_client {
	struct mirror_log log;
	unsigned wanted; /* subflows to be there before the bulk is written, if they come soon */
	size_t subflow_count;
	struct mirror_subflow subflow[MIRROR_FLOWS_MAX]; /* in the order of their SYNs */
	bool has_hole;
	size_t step;	     /* of the pieces to write */
	size_t left;	     /* of the piece at hand */
	uint64_t written;    /* octets of the stream */
	int64_t stepped_ns;  /* when the piece at hand began */
	int64_t patient_ns;  /* how long `wanted` is awaited; 0: it has not begun */
	bool heard;	     /* something came back since */
	bool shut, ended;    /* our direction; the peer's */
	bool mirrors, alien; /* the peer's head came; what came is no mirror's, or damaged */
	uint8_t version;     /* of the peer's head, where that is another one; else 0 */
	bool finished;	     /* its last record is there */
	struct mirror_untold untold;
	size_t hop_count;
	struct mirror_hop hop[MIRROR_WALKS * MIRROR_HOPS_MAX];
	size_t told_count;
	struct mirror_segment told[MIRROR_TOLD_MAX];
	size_t rest_len; /* what came and is not yet a record */
	uint8_t rest[MIRROR_HOP_RECORD_MAX + MIRROR_HEAD];
};

bool mirror_client_init(struct mirror_client *m); /* false: out of memory */
void mirror_client_fini(struct mirror_client *m);
void mirror_client_note(struct mirror_client *m, enum mirror_kind kind, int64_t time_ns,
			struct span packet);
/* As mirror_server_loses: then it must not be noted either. */
bool mirror_client_loses(struct mirror_client *m, struct span packet);
/* Writes and reads what can be; returns when to be called again at the latest. */
int64_t mirror_client_pump(struct mirror_client *m, struct conn *conn, int64_t now_ns);

#endif
