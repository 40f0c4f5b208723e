/* A finding: what the tool concludes about one interference, exactly as RESULTS.md lists it. */
#ifndef MBOXTRACE_PROBE_FINDING_H
#define MBOXTRACE_PROBE_FINDING_H

#include "packet/diff.h"

enum direction { DIRECTION_FORWARD, DIRECTION_REVERSE, DIRECTION_BOTH, DIRECTION_END_TO_END };

enum basis {
	BASIS_QUOTE,
	BASIS_CHECKSUM,
	BASIS_REPLY,
	BASIS_CONTROL,
	BASIS_ENDPOINT,
	BASIS_CAPTURE,
};

enum cause {
	CAUSE_NONE, /* null */
	CAUSE_NAT,
	CAUSE_SEQ_RANDOMIZER,
	CAUSE_OPTION_STRIPPER,
	CAUSE_MSS_CLAMP,
	CAUSE_ECN_BLEACH,
	CAUSE_DSCP_REMARK,
	CAUSE_SPLIT_PROXY,
	CAUSE_SYN_PROXY,
	CAUSE_ALG,
	CAUSE_MIRROR,
	CAUSE_BLACKHOLE,
	CAUSE_RESETTER,
	CAUSE_LOAD_BALANCER,
	CAUSE_CAPTIVE_PORTAL,
	CAUSE_TARGET,
};

enum confidence { CONFIDENCE_CERTAIN, CONFIDENCE_LIKELY, CONFIDENCE_POSSIBLE };

enum impact { IMPACT_NONE, IMPACT_FALLBACK, IMPACT_NO_SUBFLOW, IMPACT_DEGRADED, IMPACT_BROKEN };

enum verdict { VERDICT_CLEAN, VERDICT_INTERFERENCE, VERDICT_INCONCLUSIVE, VERDICT_UNREACHABLE };

const char *direction_name(enum direction d);
const char *basis_name(enum basis b);
const char *cause_name(enum cause c); /* NULL for CAUSE_NONE */
const char *confidence_name(enum confidence c);
const char *impact_name(enum impact i);
const char *verdict_name(enum verdict v);
int verdict_exit_status(enum verdict v); /* RESULTS.md: 0, 1, 4, 4 */

/* A witness on the path. ttl 0 is the sender itself. */
struct place {
	bool known; /* false: null */
	uint8_t ttl;
	struct ip_addr addr;
};

#define FINDING_EXPLAIN_MAX 512

struct finding {
	char field[FIELD_NAME_MAX];
	enum change_kind change;
	struct value sent, seen;
	enum direction direction;
	struct place after, by;
	enum basis basis;
	enum cause cause;
	enum confidence confidence;
	enum impact impact;
	uint8_t
	    subflow; /* of a connection: the joined one that it befell; 0: the initial one, all */
	struct ip_addr local; /* of a trace: its path is this further address's; family 0: not */
	char explain[FINDING_EXPLAIN_MAX]; /* one plain English sentence */
};

/* Of two findings, for qsort: most important for MPTCP first, then surest, then nearest. */
int finding_by_weight(const void *a, const void *b);
/* Adds to the sentence what MPTCP makes of it. */
void explain_impact(struct finding *f);

#endif
