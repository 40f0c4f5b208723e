/* Inside conclude_quotes.c and conclude_lengths.c: how each change of each field was seen along the
 * path. */
#ifndef MBOXTRACE_PROBE_SEGMENT_H
#define MBOXTRACE_PROBE_SEGMENT_H

#include "probe/engine.h"

#define SEGMENTS_MAX 96

/* One change of one field, as one series of probes saw it. */
struct segment {
	struct change change;
	uint8_t after, by;
	uint8_t probe;
	bool inferred;	/* from lengths, against the control */
	bool dropped;	/* another segment says it better */
	bool restored;	/* a later quote shows the field as it was sent */
	bool betrayed;	/* no visible change: the checksums tell */
	bool addresses; /* betrayed by IP and TCP checksum alike */
};

struct segments {
	size_t count;
	struct segment at[SEGMENTS_MAX];
};

/* Is this a length or checksum, which only follows from something else? */
bool segment_is_derived(const struct change *c);

/* Whether what fills the place of a last option was put there or is padding, only a probe that has
 * another one behind it can tell. */
void segments_reconcile(const struct trace *t, struct segments *s);

/* Reads from lengths what short quotes do not show of options: finds them nearer to the box, or at
 * all. */
void segments_read_lengths(const struct trace *t, struct segments *s);

/* conclude_meaning.c: the usual cause of a change, and what MPTCP makes of it. */
void conclude_meaning(struct finding *f);

/* explain.c: what people call a field, and what is done to it ("is removed"). */
#define EXPLAIN_NOUN_MAX 64
const char *explain_noun(const char *field, char room[EXPLAIN_NOUN_MAX]);
const char *explain_verb(const char *field, enum change_kind kind);
bool explain_has_verb(enum change_kind kind); /* else it befalls packets, not fields */

/* What a change of its data came to in the connection that was opened. */
const char *explain_data(const struct trace *t, const struct finding *f);

#endif
