/* What checksums that failed betray, and subflows that were reset. */
#include <stdio.h>

#include "probe/connection_parts.h"

void connection_excuse(const struct conn_info *info, struct finding *f)
{
	if (!info->swapped_checksum)
		return;
	f->cause = CAUSE_TARGET;
	snprintf(f->explain, sizeof(f->explain),
		 "The target's checksums of the stream would fit with their two octets swapped: it "
		 "computes them wrongly, as Linux 5.14 to 5.17 does; MPTCP with checksums fails "
		 "with it.");
}

static bool peer_failed(const struct conn_info *info)
{
	for (size_t i = 0; i < info->subflow_count; i++)
		if (info->subflow[i].misfit == MISFIT_PEERS)
			return true;
	return false;
}

static void find_peers_checksums(struct connection_result *r)
{
	static const struct sign sign = {
	    "tcp.payload",
	    CHANGE_REWRITTEN,
	    DIRECTION_FORWARD,
	    CAUSE_ALG,
	    CONFIDENCE_LIKELY,
	    "The peer reports that checksums of the stream did not fit (MP_FAIL): something on "
	    "the path of one subflow changes the data; that subflow is closed."};

	if (peer_failed(&r->info))
		connection_find_sign(r, &sign, IMPACT_DEGRADED);
}

static void find_own_checksums(struct connection_result *r)
{
	bool alone = r->info.subflow_count < 2, broken = r->info.outcome == OUTCOME_RESET;
	struct finding *f;

	if (!r->info.checksum_failures)
		return;
	f = connection_find(r, "tcp.payload", CHANGE_REWRITTEN,
			    broken  ? IMPACT_BROKEN
			    : alone ? IMPACT_FALLBACK
				    : IMPACT_DEGRADED);
	if (!f)
		return;
	f->direction = DIRECTION_REVERSE;
	f->cause = CAUSE_ALG;
	f->confidence = CONFIDENCE_CERTAIN;
	snprintf(
	    f->explain, sizeof(f->explain),
	    "%llu checksum%s of the stream did not fit what arrived: something on the path %s.",
	    (unsigned long long)r->info.checksum_failures,
	    r->info.checksum_failures == 1 ? "" : "s",
	    broken  ? "changes the data, and that was the end of the connection"
	    : alone ? "changes the data; MPTCP falls back to plain TCP"
		    : "of one subflow changes the data; that subflow is closed");
	connection_excuse(&r->info, f);
}

/* Checksums failed on a connection that could go on without the subflow. */
void connection_find_checksums(struct connection_result *r)
{
	if (r->info.fallback_stage != FALLBACK_NONE)
		return;
	find_own_checksums(r);
	find_peers_checksums(r);
}

#define REASON_MIDDLEBOX 6

const struct conn_subflow_info *connection_interfered(const struct conn_info *info)
{
	for (size_t i = 0; i < info->subflow_count; i++)
		if (info->subflow[i].close == SUBFLOW_RST &&
		    info->subflow[i].reset_reason == REASON_MIDDLEBOX && !info->subflow[i].misfit)
			return &info->subflow[i];
	return NULL;
}

void connection_find_resets(struct connection_result *r)
{
	const struct conn_subflow_info *s = connection_interfered(&r->info);
	bool broken = r->info.outcome == OUTCOME_RESET;
	char local[IP_ADDR_TEXT], remote[IP_ADDR_TEXT];
	struct finding *f;

	if (!s || (r->info.checksum_failures && r->info.fallback_stage == FALLBACK_NONE))
		return; /* or a checksum was why */
	f = connection_find(r, DSS, CHANGE_REMOVED,
			    broken	? IMPACT_BROKEN
			    : s->joined ? IMPACT_NO_SUBFLOW
					: IMPACT_DEGRADED);
	if (!f)
		return;
	f->cause = CAUSE_OPTION_STRIPPER;
	f->confidence = CONFIDENCE_LIKELY;
	if (r->mirrored && r->mirrored->peer_missed)
		f->direction = DIRECTION_FORWARD;
	snprintf(f->explain, sizeof(f->explain),
		 "The subflow from %s to %s was reset%s because MPTCP options were missing or did "
		 "not fit (reason 6, middlebox interference)%s.",
		 ip_addr_print(&s->local, local), ip_addr_print(&s->remote, remote),
		 f->direction == DIRECTION_FORWARD ? " by the target" : "",
		 broken ? ", and that was the end of the connection" : "");
}
