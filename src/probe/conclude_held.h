/* Inside conclude_held.c: what becomes of the segments of a connection, judged against what differs
 * from them in its options alone (conclude_held.c), and by what the target tells of data behind a
 * gap (conclude_gap.c). */
#ifndef MBOXTRACE_PROBE_CONCLUDE_HELD_H
#define MBOXTRACE_PROBE_CONCLUDE_HELD_H

#include "probe/engine.h"

/* Several kinds of segments are looked at, at the nearest hop that fits: so more must speak for it.
 */
#define SURE	 0.0001
#define LIKELY	 0.001
#define POSSIBLE 0.01

#define DSS "tcp.options.mptcp.dss"

/* Of what chance does with this probability, of POSSIBLE at the most. */
enum confidence held_confidence(double p);
/* Did the connection's data get to the target? */
bool held_arrived(const struct trace_inside *in);

void conclude_gap(struct trace *t);
/* Nothing comes back of what came to the last router. After all others: unless one says why. */
void conclude_unanswered(struct trace *t);

#endif
