/* Inside probe/inside*.c: a connection with its trace, the loop that drives both over one net
 * (inside_loop.c), what is asked of routers (inside_walk.c) and of the target's listener
 * (inside_join.c, inside_again.c, inside_add_addr.c), and what the target's data show
 * (inside_back.c), which are kept from the endpoint meanwhile (inside_kept.c). */
#ifndef MBOXTRACE_PROBE_INSIDE_STATE_H
#define MBOXTRACE_PROBE_INSIDE_STATE_H

#include "mptcp/endpoint.h"
#include "probe/held.h"
#include "probe/inside.h"
#include "probe/inside_back.h"
#include "probe/inside_segment.h"
#include "util/buf.h"

/* What was asked again was answered as before; the plain SYN, accepted. */
struct inside_again {
	bool asked, valid, bogus, control;
};

/* Joins over one path: the first is the trace's own, from further ports; the others are those of
 * further local addresses. */
struct inside_joins {
	struct trace *trace;
	int valid, bogus; /* probes of it; -1: not there */
	struct inside_again again;
	struct trace_join to_valid, to_bogus; /* how the target answered */
	bool confirmed;
	bool late; /* when the last went, the peer had ended the connection */
};

struct inside {
	struct trace *trace;
	struct net *net;
	const struct inside_config *config;
	const struct trace_run *run;
	struct endpoint *endpoint;
	struct conn *conn; /* NULL: none, or closed and released */
	bool established, collecting, frozen, closed;
	int64_t frozen_ns; /* the endpoint's time is so much behind the net's */
	int64_t since_ns;
	size_t count;
	struct inside_segment held[INSIDE_SEGMENTS_MAX];
	int probe[INSIDE_SEGMENTS_MAX]; /* of the trace */
	uint32_t first, end;		/* sequence numbers of the data, and behind them */
	int64_t released_ns;
	struct inside_back back;
	bool keeping;	 /* the target's data from the endpoint, so that it acknowledges none … */
	struct buf kept; /* … each packet behind its length, a size_t */
	bool heard;	 /* acknowledgements of data with a DSS */
	bool gapping;	 /* only data behind a gap are out */
	uint32_t bare_acks, acks_before;
	bool ended;		    /* the peer said so: FIN, DATA_FIN, MP_FASTCLOSE or RST */
	bool proving, alive;	    /* it answered what it had before */
	struct inside_segment last; /* the endpoint's, of the connection */
	int64_t last_ns;
	bool echo_answered;
	int plain; /* probe of the trace; -1: not there */
	size_t joins_count;
	struct inside_joins joins[1 + TRACE_FURTHER_MAX];
	struct trace_inside result;
};

int64_t inside_now_ns(const struct inside *in); /* the endpoint's time */
bool inside_stopped(const struct inside *in);	/* by the user */
struct conn_info *inside_info(struct inside *in);
/* Everything that is due, the trace's and, unless it is frozen, the endpoint's. Data are kept in
 * `held` while they are collected. 0, or what the net returned. */
int inside_send(struct inside *in, struct error *err);
/* Drives both until `done`, or for as long as `limit_ns`. */
int inside_pump(struct inside *in, int64_t limit_ns, bool (*done)(struct inside *in),
		struct error *err);
bool inside_is_settled(struct inside *in);	     /* no question of any trace is open */
int64_t inside_patience_ns(const struct inside *in); /* two round trips, as far as known */

/* Hands a segment of the connection to the endpoint, without its data while these are kept. */
void inside_take(struct inside *in, const struct packet *p);
/* Waits until the target sends again what is not acknowledged, and gives the endpoint its data. */
int inside_let_go(struct inside *in, struct error *err);

/* The copies walk; data behind a gap are asked of routers and of the target. */
int inside_walk(struct inside *in, struct error *err);
/* Where hops of this trace said nothing to some of what they were asked. */
int inside_walk_again(struct inside *in, struct trace *t, struct error *err);

/* Plain SYNs walk the paths of further addresses. */
int inside_explore(struct inside *in, struct error *err);
/* What joins the connection walks its paths, but for their end. */
void inside_hold_joins(struct inside *in);
void inside_walk_joins(struct inside *in);
/* Joins, asked of the target. Then: how they were answered, and a sentence on that. */
int inside_ask_joins(struct inside *in, struct error *err);
void inside_read_joins(const struct inside *in, struct inside_joins *j);
void inside_describe_joins(const struct inside_joins *j, const char *who, char *out, size_t cap);
struct trace_join inside_read_answer(const struct inside *in, const struct inside_joins *j,
				     int probe, struct span octets);
/* Concludes the paths of further addresses. */
void inside_conclude_further(struct inside *in);
/* Once they are answered: were they refused by a target that had the connection yet? What comes in
 * is told to the others: segments of the connection, and of other ports. */
bool inside_is_doubtful(const struct inside_joins *j);
int inside_confirm_joins(struct inside *in, struct inside_joins *j, struct error *err);
void inside_note_segment(struct inside *in, const struct packet *p);
void inside_note_answer(struct inside *in, const struct packet *p);
/* ADD_ADDR, until it is echoed (inside_add_addr.c). Segments that go out and come in are told. */
int inside_ask_add_addr(struct inside *in, struct error *err);
void inside_describe_add_addr(struct inside *in);
void inside_note_sent(struct inside *in, const struct packet *p);
void inside_note_add_addr(struct inside *in, const struct packet *p);

#endif
