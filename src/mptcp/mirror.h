/* Mirroring: a server tells its client, inside their connection's stream, which headers arrived of
 * the client's segments, and which it sent itself; so that the client, who knows the other halves,
 * can compare both directions octet by octet.
 *
 * The stream, all integers in network order. The client begins it with
 *
 *   "mboxmirr"  u8 version (1)  u8 role (0; a mirror: 1)  u16 zero          MIRROR_HEAD octets
 *
 * and goes on with whatever it likes. A server that mirrors answers with such a head and then
 * records, until it says that it is done and ends its direction of the stream:
 *
 *   u8 kind (1 arrived, 2 sent)  u8 header octets  u16 payload octets
 *   u32 microseconds since the first record's segment  u64 FNV-1a of the payload
 *   u32 the lower half of the FNV-1a of the record's other octets
 *   the IP header and the TCP header with its options, as they were on the wire
 *
 *   u8 kind (3, done)  u8 zero  u16 zero  u32 arrived but not told of  u32 sent but not told of
 *   u32 FNV-1a as above
 *
 * To whom the stream begins otherwise, the server is an echo. It tells of the initial subflow of
 * that connection only, and never writes more octets than it has read. */
#ifndef MBOXTRACE_MPTCP_MIRROR_H
#define MBOXTRACE_MPTCP_MIRROR_H

#include "mptcp/conn.h"

#define MIRROR_VERSION	   1
#define MIRROR_HEAD	   12
#define MIRROR_RECORD	   20  /* a segment's record without the headers */
#define MIRROR_DONE	   16  /* the last record */
#define MIRROR_HEADERS_MAX 120 /* of one segment: what has longer ones is not told of */

enum mirror_kind { MIRROR_ARRIVED = 1, MIRROR_SENT = 2, MIRROR_FINISHED = 3 };

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

void mirror_put_head(enum mirror_role role, uint8_t out[MIRROR_HEAD]);
/* How `octets`, the beginning of a stream, compare with a head of `role`: 1: they are one; 0: they
 * may become one; -1: no. */
int mirror_match_head(enum mirror_role role, struct span octets);
/* Writes a record of at most MIRROR_RECORD + MIRROR_HEADERS_MAX octets; returns how many. */
size_t mirror_put_segment(const struct mirror_segment *s, int64_t since_ns, uint8_t *out);
size_t mirror_put_done(uint32_t arrived, uint32_t sent, uint8_t out[MIRROR_DONE]);

struct mirror_record {
	enum mirror_kind kind;
	struct mirror_segment segment;	      /* of the first two kinds */
	uint32_t arrived_untold, sent_untold; /* MIRROR_FINISHED */
};

/* Reads the next record off `rest`. 1: it is in *out; 0: more octets are needed; ERR_MALFORMED. */
int mirror_read_record(struct mirror_record *out, struct span *rest);

uint64_t mirror_hash(struct span payload);

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

/* --- server: one connection --- */

struct mirror_flow {
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
};

struct mirror_server {
	enum { MIRROR_ASKED, MIRROR_ECHOES, MIRROR_TELLS, MIRROR_TOLD } phase;
	struct mirror_flow flow;
	bool flow_known;
	uint8_t head[MIRROR_HEAD];
	uint8_t head_len, head_echoed;
	uint64_t number; /* of the log: looked at up to here */
	int64_t since_ns;
	uint64_t read, written; /* octets of the stream */
	unsigned pure, data;	/* told of so far: segments without data, sent ones with data */
	uint32_t untold[2];	/* arrived, sent */
};

/* Moves what can be moved now. True once the end of our direction may be told. */
bool mirror_server_pump(struct mirror_server *m, const struct mirror_log *log, struct conn *conn,
			int64_t now_ns);

/* --- client: one connection --- */

#define MIRROR_OCTETS_MAX 65536
#define MIRROR_TOLD_MAX	  512
#define MIRROR_LOG_CLIENT 1024

/* The octets of one direction of the subflow by their relative sequence number, less one. */
struct mirror_octets {
	bool syn; /* seen: then `isn` is known */
	uint32_t isn;
	size_t len; /* all before are there, unless never sent or lost: `have` says */
	uint8_t at[MIRROR_OCTETS_MAX];
	uint8_t have[MIRROR_OCTETS_MAX / 8];
};

struct mirror_client {
	struct mirror_log log;
	struct mirror_octets sent, received;
	size_t step;	     /* of the pieces to write */
	size_t left;	     /* of the piece at hand */
	uint64_t written;    /* octets of the stream */
	int64_t stepped_ns;  /* when the piece at hand began */
	bool heard;	     /* something came back since */
	bool shut, ended;    /* our direction; the peer's */
	bool mirrors, alien; /* the peer's head came; what came is no mirror's, or damaged */
	bool finished;	     /* its last record is there */
	uint32_t arrived_untold, sent_untold;
	size_t told_count;
	struct mirror_segment told[MIRROR_TOLD_MAX];
	size_t rest_len; /* what came and is not yet a record */
	uint8_t rest[MIRROR_RECORD + MIRROR_HEADERS_MAX + MIRROR_HEAD];
};

bool mirror_client_init(struct mirror_client *m); /* false: out of memory */
void mirror_client_fini(struct mirror_client *m);
void mirror_client_note(struct mirror_client *m, enum mirror_kind kind, int64_t time_ns,
			struct span packet);
/* Writes and reads what can be; returns when to be called again at the latest. */
int64_t mirror_client_pump(struct mirror_client *m, struct conn *conn, int64_t now_ns);

#endif
