#include "probe/connection_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/icmp.h"

struct finding *connection_find(struct connection_result *r, const char *field,
				enum change_kind change, enum impact impact)
{
	struct finding *f;

	if (r->finding_count == CONNECTION_FINDINGS_MAX)
		return NULL;
	f = &r->findings[r->finding_count++];
	*f = (struct finding){.change = change,
			      .direction = DIRECTION_END_TO_END,
			      .basis = BASIS_ENDPOINT,
			      .impact = impact};
	snprintf(f->field, sizeof(f->field), "%s", field);
	return f;
}

struct finding *connection_find_sign(struct connection_result *r, const struct sign *sign,
				     enum impact impact)
{
	struct finding *f = connection_find(r, sign->field, sign->change, impact);

	if (!f)
		return NULL;
	f->direction = sign->direction;
	f->cause = sign->cause;
	f->confidence = sign->confidence;
	snprintf(f->explain, sizeof(f->explain), "%s", sign->explain);
	return f;
}

void connection_doubt(const struct connection_result *r, struct finding *f)
{
	bool lossy = r->without.lost || r->with.lost < r->with.asked;
	size_t len = strlen(f->explain);

	f->confidence = CONFIDENCE_POSSIBLE;
	snprintf(f->explain + len, sizeof(f->explain) - len, "%s",
		 lossy ? " But packets are lost on this path anyway: it may be chance."
		       : " But so little was sent that all of it may have been lost by chance.");
}

void connection_say_unreachable(const struct conn_info *info, char *text, size_t size)
{
	const struct conn_unreachable *u = &info->subflow[0].unreachable;
	const char *why = icmp_unreachable_name(u->from.family, u->code);
	char from[IP_ADDR_TEXT];
	size_t len = strlen(text);

	if (info->subflow_count && u->from.family)
		snprintf(text + len, size - len, " %s says that it cannot be reached (%s).",
			 ip_addr_print(&u->from, from), why ? why : "for no known reason");
}

/* Options are missing, and MPTCP was not given up for that: the connection stood still, or was
 * reset. */
static bool is_broken(const struct connection_result *r)
{
	return r->established && r->info.fallback_stage == FALLBACK_NONE &&
	       (r->gave_up || r->info.stalled || r->info.outcome == OUTCOME_TIMEOUT ||
		r->info.outcome == OUTCOME_RESET);
}

/* What was inferred of how the connection went gives way to what was seen, but for its impact. */
static void find_mirrored(struct connection_result *r)
{
	enum impact impact = IMPACT_NONE;
	size_t kept = 0;

	if (!r->mirrored)
		return;
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = &r->findings[i];

		if (!mirrored_tells_of(r->mirrored, f))
			r->findings[kept++] = *f;
		else if (f->impact > impact)
			impact = f->impact;
	}
	r->finding_count = kept;
	for (size_t i = 0;
	     i < r->mirrored->finding_count && r->finding_count < CONNECTION_FINDINGS_MAX; i++) {
		struct finding *f = &r->findings[r->finding_count++];

		*f = r->mirrored->findings[i];
		if (impact > f->impact && mirrored_is_serious(f))
			f->impact = impact;
		if (f->impact == IMPACT_FALLBACK && is_broken(r))
			f->impact = IMPACT_BROKEN;
		explain_impact(f);
	}
}

/* Of those of one impact the first. */
static const struct finding *worst(const struct connection_result *r, bool doubtful)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = &r->findings[i];

		if (f->cause != CAUSE_TARGET &&
		    (f->confidence == CONFIDENCE_POSSIBLE) == doubtful &&
		    (!found || f->impact > found->impact))
			found = f;
	}
	return found;
}

static void decide(struct connection_result *r, enum verdict verdict, const char *reason)
{
	r->verdict = verdict;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
}

static void decide_silence(struct connection_result *r)
{
	decide(r, VERDICT_UNREACHABLE, "The target does not answer.");
	connection_say_unreachable(&r->info, r->reason, sizeof(r->reason));
}

/* Without a finding. */
static void decide_by_outcome(struct connection_result *r)
{
	switch (r->info.outcome) {
	case OUTCOME_MPTCP: decide(r, VERDICT_CLEAN, "MPTCP works from end to end."); break;
	case OUTCOME_FALLBACK:
		decide(r, VERDICT_CLEAN,
		       r->info.client
			   ? "The connection works, without MPTCP."
			   : "The connection works, without MPTCP: the client did not ask for it.");
		break;
	case OUTCOME_REFUSED:
		decide(r, VERDICT_UNREACHABLE, "The target refuses the connection.");
		break;
	case OUTCOME_RESET: decide(r, VERDICT_INCONCLUSIVE, "The connection was reset."); break;
	case OUTCOME_TIMEOUT: decide_silence(r); break;
	case OUTCOME_NONE:
		decide(r, VERDICT_INCONCLUSIVE, "The connection did not come about in time.");
		break;
	}
}

static const char stalled[] =
    "The peer was heard to the end, but no longer acknowledged data at the level of MPTCP: the "
    "connection was given up. The peer itself may be at fault, or a box on the path.";

static void conclude_verdict(struct connection_result *r)
{
	const struct finding *sure = worst(r, false), *doubtful = worst(r, true);

	if (sure)
		decide(r, VERDICT_INTERFERENCE, sure->explain);
	else if (r->info.stalled)
		decide(r, VERDICT_INCONCLUSIVE, stalled);
	else if (r->interrupted)
		decide(r, VERDICT_INCONCLUSIVE, "Interrupted before the connection had ended.");
	else if (doubtful)
		decide(r, VERDICT_INCONCLUSIVE, doubtful->explain);
	else if (r->gave_up && r->established)
		decide(r, VERDICT_INCONCLUSIVE,
		       "The connection came about, but then nothing moved any more: given up.");
	else if (r->mirrored && r->established && mirrored_missing(r->mirrored))
		decide(r, VERDICT_INCONCLUSIVE, mirrored_missing(r->mirrored));
	else
		decide_by_outcome(r);
}

void connection_conclude(struct connection_result *r)
{
	r->finding_count = 0;
	if (!r->with.asked)
		connection_add(r, RUN_MPTCP, r, r->answered);
	connection_find_fallback(r);
	connection_find_joins(r);
	connection_find_checksums(r);
	connection_find_resets(r);
	connection_find_control(r);
	find_mirrored(r);
	qsort(r->findings, r->finding_count, sizeof(*r->findings), finding_by_weight);
	/* Only a connection that had fallen back delivers what its checksum does not fit. */
	r->intact = r->ended && r->info.fallback_reason != FALLBACK_BECAUSE_MP_FAIL &&
		    !(r->info.checksum_failures && r->info.fallback_stage != FALLBACK_NONE);
	conclude_verdict(r);
}
