/* What the schedulers share. Private to sched*.c. */
#ifndef MBOXTRACE_MPTCP_SCHED_COMMON_H
#define MBOXTRACE_MPTCP_SCHED_COMMON_H

#include "mptcp/sched.h"

extern const struct sched_ops sched_lowest_rtt, sched_round_robin, sched_redundant, sched_blest;

bool sched_backup_allowed(const struct sched_view *view); /* nothing else is usable */
bool sched_eligible(const struct sched_view *view, const struct sched_subflow *s);
bool sched_has_room(const struct sched_view *view, const struct sched_subflow *s);
/* The eligible subflow with the shortest round trip; one that was never measured is tried first.
 * -1: none. */
int sched_fastest(const struct sched_view *view, bool with_room);

#endif
