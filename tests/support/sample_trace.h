/* A finished trace built by hand, for testing reports without an engine:
 *   192.0.2.7 ── 192.0.2.1 ── silent ── 198.51.100.3 ── 198.51.100.4 / .5 ── 203.0.113.80
 * Something before hop 3 removes MP_CAPABLE; hop 4 quotes 28 octets and leaves the MPTCP SYN
 * unanswered; the target answers without MPTCP. */
#ifndef TESTS_SUPPORT_SAMPLE_TRACE_H
#define TESTS_SUPPORT_SAMPLE_TRACE_H

#include "probe/trace.h"

struct sample_trace {
	struct trace_result result;
	struct trace_reply replies[16];
	struct finding findings[4];
};

void sample_trace(struct sample_trace *s);

/* Adds an empty reply and returns it, to be filled in. */
struct trace_reply *sample_reply(struct sample_trace *s, uint8_t probe, uint8_t ttl,
				 const char *from, enum reply_kind kind, int64_t rtt_us);

struct ip_addr sample_addr(const char *text);

#endif
