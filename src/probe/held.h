/* A finished trace, resumed to ask more, about a connection to the same target: segments that are
 * held, and SYNs that join it, are asked at the hops that spoke, and only there. trace_send and
 * trace_receive work as before; trace_conclude says when it is over. */
#ifndef MBOXTRACE_PROBE_HELD_H
#define MBOXTRACE_PROBE_HELD_H

#include "probe/trace.h"

void trace_resume(struct trace *t);
/* Holds a segment (from its IP header on), not asked yet: its index among the probes, or -1. */
int trace_hold(struct trace *t, enum probe_role role, struct span segment);
/* A SYN with MP_JOIN, with this token; likewise. */
int trace_join(struct trace *t, enum probe_role role, uint32_t token);

/* The path of one more local address, owned by `t`: a trace of its own, which is to run and then to
 * be resumed as well. NULL with `err`. */
struct trace_further {
	struct ip_addr source;
	const uint16_t *ports; /* TRACE_PROBES_MAX, ours on that address */
	uint32_t mtu;
};
struct trace *trace_add_further(struct trace *t, const struct trace_further *further,
				struct error *err);

/* Asks a probe of the above at all hops that have not answered it yet; at all hops; at one. */
void trace_ask_hops(struct trace *t, int probe, int64_t now_ns);
void trace_ask_anew(struct trace *t, int probe, int64_t now_ns);
void trace_ask_hop(struct trace *t, int probe, uint8_t ttl, int64_t now_ns);
/* At the target, unless that has answered it. The latter also asks plain SYNs, which are to tell
 * loss from a box. */
void trace_ask_target(struct trace *t, int probe, uint8_t times, int64_t now_ns);
bool trace_ask_silent_target(struct trace *t, int probe, uint8_t times, int64_t now_ns);
/* At the target once more, whatever it answered. */
void trace_repeat_target(struct trace *t, int probe, int64_t now_ns);
/* Where hops said nothing to some probes: these once more at `when_ns`, and behind them the plain
 * SYN and, unless -1, `plain`, likewise. False if there are none. */
bool trace_ask_again(struct trace *t, int plain, int64_t when_ns);

bool trace_settled(const struct trace *t);     /* nothing is left open */
bool trace_is_silent(const struct trace *t);   /* there is something to ask again … */
bool trace_is_doubtful(const struct trace *t); /* … at the end of the path … */
bool trace_decided(const struct trace *t);     /* … but it would teach nothing */
/* The chance that what was asked of all hops at once is silent from *by on by bad luck, judged by
 * what was asked along with it; 1 if it is not silent. */
double trace_silence(const struct trace *t, int probe, int control, uint8_t *by);
bool trace_is_lost(const struct trace *t, int probe); /* it did not come to the last router */
uint8_t trace_top(const struct trace *t, int probe);  /* the last router that answered it */
struct span trace_octets(const struct trace *t, int probe);
bool trace_asked_target(const struct trace *t, int probe);
const struct trace_reply *trace_answer(const struct trace *t, int probe); /* NULL: none */

void trace_conclude(struct trace *t, const struct trace_inside *inside, int64_t now_ns);

#endif
