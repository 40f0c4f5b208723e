/* What a TCP is made of. Its owner includes this to embed a struct tcp, and reads of it state,
 * config, flow, stats and the negotiated features; it sets only `shared_window`. */
#ifndef MBOXTRACE_MPTCP_TCP_STATE_H
#define MBOXTRACE_MPTCP_TCP_STATE_H

#include "mptcp/tcp.h"

/* A segment that is queued or in flight, from the first time it is sent to its acknowledgement.
 * Never more than fits one packet: the whole ring is split anew when the path MTU shrinks. */
struct tcp_sent {
	struct tcp_piece piece;
	uint32_t seq, len;     /* of the sequence space: a FIN counts one */
	uint32_t sum;	       /* over the piece's octets: computed once */
	uint32_t older, newer; /* neighbours in order of transmission, while `listed` */
	int64_t sent_ns;       /* the last time */
	uint32_t order;	       /* of transmission: many may leave at the same time */
	bool fin, summed;
	bool sent, resent; /* once; more than once */
	bool listed;	   /* in flight: sent, neither SACKed nor lost */
	bool sacked, lost; /* lost: and not sent again since */
};

/* Sent and queued segments in order of sequence: a power-of-two array between free-running
 * numbers, threaded by a list in order of transmission for RACK. */
struct tcp_ring {
	struct tcp_sent *at; /* owned */
	uint32_t size;
	uint32_t head, next, tail; /* oldest; first that was never sent; end */
	uint32_t oldest, newest;   /* of the list */
	uint32_t listed;	   /* its length */
	uint32_t lost_from;	   /* nothing before this number is lost */
	uint32_t sacked_count;	   /* segments */
	uint32_t sacked_octets, lost_octets;
};

struct tcp_range {
	uint32_t from, to;
};

#define TCP_SACK_BLOCKS 4

/* Octets that arrived out of order, in a ring of at least the offered window, and where they are.
 */
struct tcp_reorder {
	uint8_t *octets; /* owned; octet `seq` is at seq & (size - 1) */
	uint32_t size;
	struct tcp_range *range; /* owned; sorted, apart from each other */
	uint32_t count, capacity;
	uint32_t recent[TCP_SACK_BLOCKS]; /* a number within each of the latest changed ranges */
	uint32_t recent_count;
	struct tcp_range duplicate; /* for D-SACK (RFC 2883) */
	bool has_duplicate;
};

struct tcp_rack {
	int64_t sent_ns, rtt_ns; /* of the latest sent segment that was delivered */
	uint32_t order;
	uint32_t highest; /* end of the highest segment that was delivered */
	bool valid, reordering;
	uint32_t window_mult; /* in quarters of the least RTT */
	uint8_t persist;      /* recoveries that it still holds for */
	bool in_dsack_round;
	uint32_t dsack_round;
};

enum tcp_recovery {
	TCP_RECOVERY_NONE,
	TCP_RECOVERY_ECN,  /* reduced for a mark */
	TCP_RECOVERY_FAST, /* losses are being repaired (RFC 6675, 6582) */
	TCP_RECOVERY_LOSS, /* after a retransmission time-out */
};

enum tcp_timer { TCP_TIMER_RTX, TCP_TIMER_REORDER, TCP_TIMER_ACK, TCP_TIMER_WAIT, TCP_TIMERS };

enum tcp_rtx { TCP_RTX_RTO, TCP_RTX_TAIL_PROBE, TCP_RTX_PERSIST };

struct tcp {
	enum tcp_state state;
	struct tcp_config config;
	const struct tcp_owner_ops *owner;
	struct cc_flow flow;
	struct tcp_stats stats;
	bool active;					/* we opened */
	bool timestamps_on, sack_on, wscale_on, ecn_on; /* negotiated */
	/* Set by the owner once the window is that of the data sequence space, relative to the
	 * DATA_ACK (RFC 8684 §3.3.4): then what owner->window says is announced as it is, and
	 * avoiding silly windows is the owner's. Otherwise the right edge never moves back. */
	bool shared_window;

	/* Sending (RFC 9293 §3.3.1) */
	uint32_t iss, snd_una, snd_nxt, snd_end; /* snd_end: behind all that is queued */
	uint32_t snd_wnd, snd_wl1, snd_wl2, snd_wnd_max;
	uint32_t snd_edge; /* as far as the peer ever let us send; known once established */
	uint8_t snd_wscale;
	uint16_t peer_mss, mss; /* mss: of payload and options together */
	struct tcp_ring ring;
	bool fin_queued;
	bool tail_probing, tail_probe_resent; /* a tail loss probe is out */
	uint32_t tail_probe_end;
	unsigned burst; /* segments that may leave before the next ACK or `pace_ns` */
	int64_t pace_ns, last_sent_ns;
	uint32_t sent_order; /* of the next transmission */

	/* Loss */
	struct tcp_rack rack;
	enum tcp_recovery recovery;
	uint32_t recovery_end;
	bool force_retransmit; /* the first of a recovery does not ask the window */
	bool loss_found;       /* since the last look */
	bool sack_broken;      /* what the peer calls SACK is none (RFC 8041: rewritten ISNs) */
	unsigned sack_valid;
	uint32_t dup_acks, dup_octets; /* without SACK: octets that duplicate ACKs stand for */
	struct tcp_range sack_seen[TCP_SACK_BLOCKS]; /* blocks of the ACK before */
	unsigned sack_seen_count;
	uint32_t round_end, round_flight, flight_max; /* how full the window was, by rounds */
	uint32_t cwnd_initial;
	bool ecn_cwr_due; /* say CWR with the next new data */
	bool ecn_passed;  /* data that could be marked arrived */
	bool ecn_mute;	  /* none did, but some was lost: it goes without */

	/* Round trips and timers */
	int64_t now_ns; /* of the call at hand */
	int64_t srtt_ns, rttvar_ns, rto_ns;
	int64_t min_rtt_ns[2], min_rtt_since_ns; /* least of this and of the last span */
	unsigned backoff, timeouts;
	int64_t timer[TCP_TIMERS];
	enum tcp_rtx rtx;
	/* Before the last time-out, in case that it was spurious (RFC 3522). */
	uint32_t undo_cwnd, undo_ssthresh, undo_stamp;
	bool undo_armed;

	/* Receiving */
	uint32_t irs, rcv_nxt;
	uint32_t rcv_edge; /* right edge offered: never goes back */
	uint32_t rcv_wnd_max;
	uint32_t rcv_unacked; /* octets since the last ACK */
	uint32_t rcv_mss;     /* the peer's largest segment yet */
	uint32_t rcv_acked;   /* acknowledgement last sent */
	uint32_t announced;   /* window last sent, scaled up */
	bool peer_spoke;      /* something beyond a SYN was accepted */
	bool fin_seen, fin_taken;
	uint32_t fin_seq;
	uint32_t ts_recent;
	int64_t ts_recent_ns;
	unsigned quick_acks; /* how many more segments are acknowledged at once */
	int64_t last_data_ns;
	bool ecn_echo;
	struct tcp_reorder reorder;

	/* What is due */
	bool dirty; /* tcp_send has not been asked since something changed */
	bool syn_due, ack_due, own_ack_due, bare_ack_due, rst_due, probe_due, tail_probe_due;
	bool refuse_due; /* a RST that does not end this connection, for a stray ACK */
	uint32_t refuse_seq;
	bool closed_told;
	int64_t opened_ns;
	int64_t challenge_since_ns;
	unsigned challenges; /* since then */

	/* Path */
	uint16_t mss_before;  /* a black hole was suspected; 0: no */
	bool mss_trial;	      /* and this size is tried again */
	int64_t mss_retry_ns; /* not before then */
	uint16_t ip_id;
	uint64_t pseudo_sum; /* over addresses and protocol */
	uint64_t ip_sum;     /* over the constant words of an IPv4 header */
};

#endif
