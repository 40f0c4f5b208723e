/* The words a report uses for what RESULTS.md names, for people who have not read it. */
#ifndef MBOXTRACE_REPORT_WORDS_H
#define MBOXTRACE_REPORT_WORDS_H

#include "probe/trace.h"

/* "MP_CAPABLE removed", "MSS 1460 -> 1380": values only where they are short. */
void word_change(struct buf *out, const char *field, enum change_kind kind,
		 const struct value *sent, const struct value *seen);

const char *word_probe(enum probe_role role);	/* "MPTCP SYN" */
const char *word_cause(enum cause cause);	/* "a NAT"; NULL if there is nothing to say */
const char *word_basis(enum basis basis);	/* "seen in …" */
const char *word_confidence(enum confidence c); /* "Certain" */

/* traceroute's mark for an ICMP error that is no time-exceeded: "!X", "!<9>". */
void word_unreachable(struct buf *out, const struct trace_reply *reply);

/* The code of such an error in words, or NULL. */
const char *word_unreachable_code(const struct trace_reply *reply);

#endif
