/* Findings of which both ends know among those of the hops. */
#ifndef MBOXTRACE_PROBE_CONCLUDE_MERGE_H
#define MBOXTRACE_PROBE_CONCLUDE_MERGE_H

#include "probe/engine.h"

/* Is one of the first `count` the same? Then that is told better. */
bool merge_same(struct trace *t, size_t count, const struct finding *seen);
/* Who changes the numbers of what comes back changes, on the way there, what acknowledges it. */
void merge_translations(struct trace *t);

/* Takes over what is closer. Both count hops from here. */
void merge_tighten(struct finding *f, const struct place *after, const struct place *by);
/* "…, between hop 2 (192.0.2.1) and the target; MPTCP is not affected." Ends know of no hops. */
void merge_say_where(const struct trace *t, struct finding *f);
bool merge_is_loss(enum change_kind change);

#endif
