/* The parts of the text report.
 *
 *   mboxtrace to example.net (203.0.113.80), port 443, 30 hops max
 *    1  gw.example.net (192.0.2.1)  0.412 ms  0.398 ms  0.405 ms
 *    2  *
 *    3  198.51.100.3  4.010 ms  4.020 ms  4.011 ms  MP_CAPABLE removed
 *    4  203.0.113.80  9.001 ms  9.013 ms  9.020 ms  SYN/ACK, no MPTCP
 *
 *   <the verdict in a sentence>
 *
 *   1. <a finding>
 */
#ifndef MBOXTRACE_REPORT_TEXT_H
#define MBOXTRACE_REPORT_TEXT_H

#include "report/hop.h"
#include "report/report.h"
#include "report/words.h"
#include "util/buf.h"

enum ink { INK_BOLD, INK_GOOD, INK_BAD, INK_UNSURE, INK_CHANGE };

struct text_report {
	struct report report;
	struct report_config config;
	uint16_t next_ttl;   /* the next hop to print */
	uint16_t known_ttl;  /* hops up to here are settled */
	int64_t due_ns[256]; /* by hop: no longer wait for its names; 0: not yet set */
	struct buf changes;  /* what the last hop that showed changes showed … */
	uint8_t changes_ttl; /* … and which it was */
	struct buf out;	     /* what is being composed */
};

/* Puts `text` in a colour if there is one. */
void text_ink(struct text_report *t, enum ink ink, const char *text);

/* "name (addr)", or the address alone if it has no name or none yet. */
void text_addr(const struct text_report *t, struct buf *out, const struct ip_addr *addr);

/* All hops that are left to print. */
void text_rest(struct text_report *t, const struct trace_result *result);

void text_hop(struct text_report *t, const struct trace_result *result, const struct hop *hop);

/* The part of a hop's line that says what its quotes show changed; nothing if nothing is. */
void text_changes(struct text_report *t, const struct hop *hop);

/* What `-v` adds behind a hop's line. */
void text_hop_raw(struct text_report *t, const struct trace_result *result, const struct hop *hop);

/* What it adds behind the hops: those who answered what was sent inside a connection. */
void text_inside_raw(struct text_report *t, const struct trace_result *result);

/* The paths of further local addresses, a table of hops each. */
void text_further(struct text_report *t, const struct trace_result *result);

/* Everything behind the last hop. */
void text_verdict(struct text_report *t, const struct trace_result *result);

#endif
