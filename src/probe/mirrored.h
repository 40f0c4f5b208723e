/* What a mirrored connection (mptcp/mirror.h) shows of the path: for each direction of each
 * subflow, what left one end against what came to the other. Nothing is inferred: who saw less says
 * less. */
#ifndef MBOXTRACE_PROBE_MIRRORED_H
#define MBOXTRACE_PROBE_MIRRORED_H

#include "mptcp/mirror.h"
#include "probe/finding.h"

#define MIRRORED_FINDINGS_MAX 24

struct mirrored_direction {
	bool compared;	   /* both ends' SYN or SYN/ACK are there */
	unsigned segments; /* that were compared with what they left as */
	uint8_t hops;	   /* routers between the ends and one more, by the TTL; 0: not known */
};

struct mirrored {
	bool answered;				    /* the peer mirrors */
	uint8_t version;			    /* it does, but in this one; else 0 */
	bool whole;				    /* to its last record */
	struct mirrored_direction forward, reverse; /* of the initial subflow */
	unsigned subflows;			    /* compared, both ways */
	bool peer_missed;			    /* it reset a subflow for want of options */
	unsigned hops_back;			    /* routers that quoted on the way back */
	size_t finding_count;
	struct finding findings[MIRRORED_FINDINGS_MAX];
	bool on_syn[MIRRORED_FINDINGS_MAX];  /* of each: only SYNs and SYN/ACKs showed it; */
	bool partial[MIRRORED_FINDINGS_MAX]; /* not all data that could did */
};

/* `info` is of the connection, for the numbers of its subflows. */
void mirrored_compare(struct mirrored *out, const struct mirror_client *m,
		      const struct conn_info *info);

/* Was enough compared, both ways, for the absence of findings to mean something? */
bool mirrored_covers(const struct mirrored *m);

/* Why not, in a sentence; NULL: it was. */
const char *mirrored_missing(const struct mirrored *m);

/* Is what was only inferred, `f`, among what was seen, or explained by it? */
bool mirrored_tells_of(const struct mirrored *m, const struct finding *f);
/* A field that boxes translate in quotes as well: that one is as it was sent says nothing, unless
 * its checksum betrays it. */
bool mirrored_is_translation(const struct finding *f);
/* May it have cost the connection MPTCP? */
bool mirrored_is_serious(const struct finding *f);

#endif
