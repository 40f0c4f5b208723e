/* A net that looks at what passes: is each SYN that is answered closed in the end? By local port,
 * of the own and of the further address; the connection's is left to its endpoint. */
#ifndef MBOXTRACE_TESTS_WATCH_H
#define MBOXTRACE_TESTS_WATCH_H

#include "net/net.h"
#include "probe/trace.h"

#define WATCH_FIRST_PORT 40000

struct watch {
	struct net net; /* first */
	struct net *beneath;
	struct ip_addr own;
	bool asked[2][TRACE_PROBES_MAX], answered[2][TRACE_PROBES_MAX];
};

/* Returns the net to be used; closing it closes `beneath`. The address that is `own` the caller
 * sets. */
struct net *watch_open(struct watch *watch, struct net *beneath);
/* SYNs that were answered with SYN/ACK and not closed with a RST. */
unsigned watch_left_open(const struct watch *watch);

#endif
