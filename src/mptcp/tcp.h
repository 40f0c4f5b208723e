/* One TCP connection, sans I/O: a subflow's own sequence space, loss recovery, timers and close.
 * It knows nothing of MPTCP but that its owner adds options to what it sends, looks at the options
 * of what arrives, and tags every piece of data with a mapping that must not change when it is sent
 * again.
 *
 * RFC 9293 (TCP), 6298 (RTO), 6675 (SACK recovery), 8985 (RACK-TLP), 7323 (timestamps, PAWS, window
 * scale), 3168 (ECN), 5961 (challenge ACKs), 1122 (delayed ACKs, zero-window probes), 6528 (ISN:
 * the owner's), 4821/8899-style use of ICMP too-big.
 *
 *   tcp_init_active / tcp_init_passive
 *   while (tcp_send(t, now, out, cap, &len)) inject(out, len);
 *   wait until tcp_expiry_ns(t) for a packet; tcp_receive(t, now, &packet)
 *
 * Times are nanoseconds on the caller's axis. Nothing is allocated per segment once the rings have
 * grown to the window. The struct is embedded in its owner. */
#ifndef MBOXTRACE_MPTCP_TCP_H
#define MBOXTRACE_MPTCP_TCP_H

#include "mptcp/cc.h"
#include "mptcp/chunk.h"
#include "packet/packet.h"
#include "util/rng.h"
#include "util/time.h"

enum tcp_state {
	TCP_CLOSED,
	TCP_SYN_SENT,
	TCP_SYN_RECEIVED,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
};

const char *tcp_state_name(enum tcp_state state);

/* Where a piece of data belongs in the connection's space. Sent with the piece as often as it is
 * sent, octet for octet the same (RFC 8684 §3.3.6). */
struct tcp_mapping {
	bool present;
	uint64_t dsn;
	uint32_t ssn; /* relative to the ISN: the first octet of data is 1 */
	uint16_t len; /* of the whole mapping, a DATA_FIN counted; 0: infinite */
	uint16_t checksum;
	bool has_checksum, data_fin, capable; /* capable: travels as MP_CAPABLE with keys */
};

/* A piece of the stream, at most one segment, as the owner hands it over. */
struct tcp_piece {
	struct chunk *chunk; /* a reference that the TCP takes over; NULL: no octets */
	uint32_t offset, len;
	/* Octets of the mapping before this piece. The owner's 0, or more where one mapping spans
	 * several pieces; the TCP raises it in what it splits for a smaller path MTU or window. */
	uint32_t skip;
	struct tcp_mapping mapping;
};

/* What kind of segment is being built: the owner chooses its options by it. */
struct tcp_segment {
	bool syn, ack, fin, rst;
	bool third_ack; /* we opened, and all that was heard of the peer yet is its SYN/ACK */
	bool retransmission;
	bool probe;		       /* zero-window or tail-loss probe, keep-alive */
	const struct tcp_piece *piece; /* NULL: no data */
	uint32_t seq, ack_seq;
};

enum tcp_event {
	TCP_EVENT_CONNECTED, /* now ESTABLISHED */
	TCP_EVENT_ACKED,     /* the send queue shrank or the window grew: there may be room */
	TCP_EVENT_FIN,	     /* the peer's FIN is in order: no more data */
	TCP_EVENT_RESET,     /* a valid RST arrived */
	TCP_EVENT_TIMEOUT,   /* a retransmission timer fired (told before the retransmission) */
	TCP_EVENT_FAILED,    /* given up: too many retransmissions */
	TCP_EVENT_CLOSED,    /* the end of its life: nothing is sent or expected any more */
};

#define TCP_NO_WSCALE 255 /* the peer does not scale windows */

struct tcp;

/* The owner. None may be NULL. */
struct tcp_owner_ops {
	/* Appends MPTCP options for `segment` (each a whole option, unpadded) and returns the
	 * octets written, at most `room`: what the option area and, with payload, the segment size
	 * leave. Called last, after timestamps and before SACK blocks: SACK takes what is left. */
	size_t (*options)(struct tcp *t, const struct tcp_segment *segment, uint8_t *out,
			  size_t room);
	/* A segment arrived that is acceptable (RFC 9293 §3.10.7.4, PAWS, RFC 5961), a valid RST
	 * included, or answers our SYN: before its ACK and payload are taken. False: it changes
	 * nothing and is dropped. `ssn`: relative sequence number of its first payload octet, which
	 * may lie before what was delivered (a repetition) or beyond (out of order).
	 * The SYN of tcp_init_passive is not shown. */
	bool (*segment)(struct tcp *t, const struct packet *p, uint32_t ssn);
	/* In-order octets, never again the same; `ssn` is relative to the peer's ISN. */
	void (*data)(struct tcp *t, uint32_t ssn, struct span octets);
	void (*event)(struct tcp *t, enum tcp_event event);
	/* Octets of receive window to offer now, for the whole connection (shared between
	 * subflows): see `shared_window` in tcp_state.h. */
	uint32_t (*window)(struct tcp *t);
};

/* All of what follows may be called from within `segment`, `data` and `event`, but tcp_send,
 * tcp_receive and tcp_fini; nothing that changes the TCP from within `options` and `window`. */

struct tcp_config {
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
	uint32_t isn, ts_offset;
	uint32_t flow_label; /* IPv6 */
	uint16_t mss;	     /* announced, and never exceeded; options are taken off */
	uint8_t wscale;	     /* at most: less if owner->window is small when the SYN leaves */
	bool sack, timestamps, ecn;
	bool ignore_checksums;	/* of what arrives: captured behind an offload, say */
	uint8_t syn_retries;	/* default 6 */
	uint8_t retries;	/* default 15: time-outs, or unanswered window probes, in a row */
	int64_t rto_min_ns;	/* default 200 ms */
	int64_t delayed_ack_ns; /* default 40 ms */
	int64_t time_wait_ns;	/* default 60 s */
	int64_t rto_initial_ns; /* default 1 s */
	int64_t rto_max_ns;	/* default 120 s: how soon a path that was down is found up again */
	int64_t fin_wait_2_ns;	/* silence of the peer after our FIN; default 10 min; 0: for ever */
	uint8_t ttl, dscp;
	const struct cc_ops *cc; /* must be set */
	struct cc_group *group;	 /* of the connection; the TCP enters and leaves it */
};

void tcp_config_defaults(struct tcp_config *config);

struct tcp_stats {
	uint64_t sent_segments, received_segments, sent_octets, received_octets;
	uint64_t retransmitted_segments, retransmitted_octets, timeouts, fast_recoveries, tlps;
	uint64_t syns; /* SYN/ACKs, too */
	uint64_t out_of_order, duplicates, dropped, challenge_acks;
	uint64_t invalid_sacks, bad_checksums, ecn_marks, spurious_timeouts;
};

/* The members are the TCP's own; owners read state, config, cc and stats. Defined in tcp_state.h,
 * which the owner includes to embed it. */

/* Opens actively: the first tcp_send gives the SYN. */
void tcp_init_active(struct tcp *t, const struct tcp_config *config,
		     const struct tcp_owner_ops *owner, int64_t now_ns);
/* Takes a SYN: the first tcp_send gives the SYN/ACK. */
void tcp_init_passive(struct tcp *t, const struct tcp_config *config,
		      const struct tcp_owner_ops *owner, const struct packet *syn, int64_t now_ns);
/* Stands where a SYN/ACK that was sent as a cookie left off, for the ACK of it: hand that to
 * tcp_receive next, and it is taken as after a normal handshake, payload and all. config->isn is
 * not looked at. Timestamps are in use if `ack` has them and the configuration allows. */
void tcp_init_cookie(struct tcp *t, const struct tcp_config *config,
		     const struct tcp_owner_ops *owner, const struct packet *ack, uint16_t peer_mss,
		     uint8_t peer_wscale, bool peer_sack, int64_t now_ns);
void tcp_fini(struct tcp *t); /* frees what is queued; sends nothing */

/* A packet for this 4-tuple. Truncated or malformed ones are dropped and counted. */
void tcp_receive(struct tcp *t, int64_t now_ns, const struct packet *p);
/* Is this SYN from behind the end of a connection in TIME-WAIT, which may be opened anew (RFC 9293
 * §3.6.1, RFC 6191 §2)? The old one is CLOSED then. */
bool tcp_reopened(struct tcp *t, int64_t now_ns, const struct packet *syn);
/* An ICMP error whose quote fits this connection: too big shrinks the segments (never under
 * 536/1220 less options, never on a quote outside the window); others are remembered, not believed.
 */
void tcp_receive_too_big(struct tcp *t, uint32_t quoted_seq, uint32_t mtu);

/* The next packet (from its IP header on) that is due at `now_ns`, timers included. False: none. */
bool tcp_send(struct tcp *t, int64_t now_ns, uint8_t *out, size_t cap, size_t *len);
int64_t tcp_expiry_ns(const struct tcp *t); /* when tcp_send must be called again; TIME_NEVER */

/* How many octets of new data may be handed over now: what congestion and send window admit beyond
 * what is queued and in flight. Never a silly remainder: 0, or at least a segment's worth (or half
 * of the largest window that the peer ever offered). If the peer's window alone is in the way and
 * nothing is queued, one segment is admitted: the TCP needs something to probe for. */
uint32_t tcp_room(const struct tcp *t);
/* The longest piece that fits a segment with `options` octets of MPTCP options. */
uint16_t tcp_payload_max(const struct tcp *t, size_t options);
/* Queues a piece; its mapping's ssn must be tcp_next_ssn(). 0, or ERR_NOMEM (the reference is then
 * still the caller's). A piece without octets (a lone DATA_FIN) becomes an ACK that carries it. */
int tcp_push(struct tcp *t, const struct tcp_piece *piece);
uint32_t tcp_next_ssn(const struct tcp *t);
/* How far the peer has acknowledged: relative, as ssn. */
uint32_t tcp_acked_ssn(const struct tcp *t);
/* The pieces that are queued or in flight, oldest first: for reinjection elsewhere. NULL at the
 * end. */
const struct tcp_piece *tcp_unacked(const struct tcp *t, size_t i);

void tcp_ack_now(struct tcp *t); /* the owner has an option to send: an ACK or data carries it */
/* The same of an option that only an ACK carries: data that goes first does not do. */
void tcp_ack_alone(struct tcp *t);
/* And without timestamps, for an option that needs all of the room (ADD_ADDR with an IPv6
 * address and port: 30 octets). Never on a segment with data. */
void tcp_ack_bare(struct tcp *t);
/* Asks the peer for an ACK: a segment from before its window (keep-alive, RFC 1122 §4.2.3.6). */
void tcp_probe(struct tcp *t);
/* The owner's `window` may have grown: sends an update if it is worth one. */
void tcp_window_opened(struct tcp *t);
/* The peer's shared window, heard on another subflow: at least so much from tcp_acked_ssn on. */
void tcp_window_heard(struct tcp *t, uint32_t octets);
/* Does the peer's window keep the next queued segment back? */
bool tcp_window_blocks(const struct tcp *t);
/* The window that an arriving segment announces, scaled (RFC 7323 §2.3). */
uint32_t tcp_window_of(const struct tcp *t, const struct packet *p);
size_t tcp_memory(const struct tcp *t); /* octets held, its struct not counted */
void tcp_shutdown(struct tcp *t);	/* a FIN behind what is queued */
void tcp_abort(struct tcp *t); /* a RST, then CLOSED; the owner adds MP_TCPRST or MP_FASTCLOSE */

#endif
