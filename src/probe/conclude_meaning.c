#include <string.h>

#include "probe/segment.h"

/* What a change of a field is usually due to, and what MPTCP makes of it (RFC 8684 §3.7, RFC 8041
 * §3). The first row whose prefix fits and whose change is meant (0: any) counts. */
static const struct {
	const char *prefix;
	enum change_kind change;
	enum cause cause;
	enum impact impact;
} meanings[] = {
    {"tcp.options.mptcp.mp_capable", CHANGE_ADDED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.mp_capable", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.mp_capable", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_FALLBACK},
    {"tcp.options.mptcp.mp_join", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.mp_join", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_NO_SUBFLOW},
    {"tcp.options.mptcp.dss", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.dss", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_FALLBACK},
    {"tcp.options.mptcp.add_addr", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.add_addr", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_DEGRADED},
    {"tcp.options.mptcp.remove_addr", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.remove_addr", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_DEGRADED},
    {"tcp.options.mptcp.mp_prio", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.mp_prio", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_DEGRADED},
    {"tcp.options.mss_val", CHANGE_REWRITTEN, CAUSE_MSS_CLAMP, IMPACT_NONE},
    {"tcp.options.mss_val", CHANGE_ADDED, CAUSE_MSS_CLAMP, IMPACT_NONE},
    {"tcp.options.wscale", CHANGE_NONE, CAUSE_NONE, IMPACT_DEGRADED},
    {"tcp.options.sack", CHANGE_NONE, CAUSE_NONE, IMPACT_DEGRADED},
    {"ip.src", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"ip.dst", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"ipv6.src", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"ipv6.dst", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"tcp.srcport", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"tcp.dstport", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"tcp.seq", CHANGE_NONE, CAUSE_SEQ_RANDOMIZER, IMPACT_NONE},
    {"tcp.ack", CHANGE_NONE, CAUSE_SEQ_RANDOMIZER, IMPACT_NONE},
    {"tcp.payload", CHANGE_NONE, CAUSE_ALG, IMPACT_DEGRADED},
    {"ip.dsfield.ecn", CHANGE_NONE, CAUSE_ECN_BLEACH, IMPACT_NONE},
    {"ipv6.tclass.ecn", CHANGE_NONE, CAUSE_ECN_BLEACH, IMPACT_NONE},
    {"ip.dsfield.dscp", CHANGE_NONE, CAUSE_DSCP_REMARK, IMPACT_NONE},
    {"ipv6.tclass.dscp", CHANGE_NONE, CAUSE_DSCP_REMARK, IMPACT_NONE},
    {"tcp.options.", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.", CHANGE_REMOVED, CAUSE_OPTION_STRIPPER, IMPACT_NONE},
    {"tcp.options.", CHANGE_BLANKED, CAUSE_OPTION_STRIPPER, IMPACT_NONE},
    {"tcp.options.", CHANGE_TRUNCATED, CAUSE_OPTION_STRIPPER, IMPACT_NONE},
};

void conclude_meaning(struct finding *f)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (strncmp(f->field, meanings[i].prefix, strlen(meanings[i].prefix)))
			continue;
		if (meanings[i].change && meanings[i].change != f->change)
			continue;
		f->cause = meanings[i].cause;
		f->impact = meanings[i].impact;
		break;
	}
	if (f->cause == CAUSE_ECN_BLEACH && f->seen.number)
		f->cause = CAUSE_NONE; /* set, not cleared */
	if (f->cause == CAUSE_NONE && f->impact == IMPACT_DEGRADED && f->change != CHANGE_REWRITTEN)
		f->cause = CAUSE_OPTION_STRIPPER;
}
