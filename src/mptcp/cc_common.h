/* What the congestion controls share. Private to cc*.c. */
#ifndef MBOXTRACE_MPTCP_CC_COMMON_H
#define MBOXTRACE_MPTCP_CC_COMMON_H

#include "mptcp/cc.h"

#define CC_CWND_MAX (UINT32_C(1) << 30) /* the largest window that TCP can announce */

/* The first words of every strategy's state. */
struct cc_base {
	uint64_t acked;	   /* octets since the last whole segment of reno's increase */
	double credit;	   /* octets that a coupled increase still owes; may be negative */
	int64_t active_ns; /* when something was last acknowledged; valid if `active` */
	bool active;
};

/* A strategy's state is a struct that begins with cc_base, copied out of and into the words. */
#define CC_LOAD(flow, s)  memcpy((s), (flow)->state, sizeof(*(s)))
#define CC_STORE(flow, s) memcpy((flow)->state, (s), sizeof(*(s)))
#define CC_FITS(type)	  _Static_assert(sizeof(type) <= sizeof(uint64_t) * CC_STATE_MAX, #type)

extern const struct cc_ops cc_lia, cc_olia, cc_balia, cc_wvegas, cc_cubic, cc_reno;

void cc_init(struct cc_flow *f, int64_t now_ns); /* clears the state; RFC 6928 */
uint32_t cc_mss(const struct cc_flow *f);	 /* never 0 */
/* The window, or what of it was used: what a multiplicative decrease starts from. */
uint32_t cc_used(const struct cc_flow *f);
uint32_t cc_clamp(double octets, uint32_t least); /* to [least, CC_CWND_MAX] */

void cc_touch(struct cc_flow *f, int64_t now_ns); /* something was acknowledged: first of all */
/* In slow start: grows (RFC 3465 §2.3) and is true. */
bool cc_slow_start(struct cc_flow *f, uint32_t octets);
/* Reno's congestion avoidance: a segment for every window acknowledged (RFC 3465 §2.1). */
void cc_avoid(struct cc_flow *f, uint32_t octets);
/* Books `octets`, a fraction or a negative number; the window moves by whole segments. */
void cc_book(struct cc_flow *f, double octets);
void cc_decrease(struct cc_flow *f, double to, uint32_t least);		   /* ssthresh and cwnd */
void cc_lost(const struct cc_group *g, struct cc_flow *f, int64_t now_ns); /* halves */
/* `to`: ssthresh, unless this time-out repeats one. */
void cc_restart(struct cc_flow *f, double to);
void cc_timeout(const struct cc_group *g, struct cc_flow *f, int64_t now_ns); /* from half */

/* Takes part in coupling: established, its round trip known, and in use: the window of a subflow
 * that waits (a backup) or hangs is nobody's share. */
bool cc_coupled(const struct cc_flow *f, int64_t now_ns);
unsigned cc_coupled_count(const struct cc_group *g, int64_t now_ns);
double cc_rtt_s(const struct cc_flow *f);
double cc_rate(const struct cc_flow *f); /* octets a second: cwnd / rtt */
double cc_rate_sum(const struct cc_group *g, int64_t now_ns);
/* Whether `f` is to be treated as reno: not coupled, or nothing to couple it with. */
bool cc_alone(const struct cc_group *g, const struct cc_flow *f, int64_t now_ns);

#endif
