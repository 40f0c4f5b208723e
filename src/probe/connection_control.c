/* What befell a connection and not the same without MPTCP right after it. */
#include "probe/connection_parts.h"

/* What a connection came to whose like without MPTCP fared better: before it came about, the first
 * that fits of the SYN's option, and after that of those behind it. */
static const struct contrast {
	bool established;
	enum conn_outcome outcome;
	struct sign sign;
} contrasts[] = {
    {false,
     OUTCOME_TIMEOUT,
     {MP_CAPABLE, CHANGE_DROPPED, DIRECTION_END_TO_END, CAUSE_BLACKHOLE, CONFIDENCE_LIKELY,
      "The connection with MPTCP was not answered, the same without MPTCP right after it was."}},
    {false,
     OUTCOME_REFUSED,
     {MP_CAPABLE, CHANGE_RESET, DIRECTION_END_TO_END, CAUSE_RESETTER, CONFIDENCE_LIKELY,
      "The connection with MPTCP was refused with a reset, the same without MPTCP right after it "
      "was not."}},
    {false,
     OUTCOME_RESET,
     {MP_CAPABLE, CHANGE_RESET, DIRECTION_END_TO_END, CAUSE_RESETTER, CONFIDENCE_LIKELY,
      "The connection with MPTCP was reset, the same without MPTCP right after it was not."}},
    {true,
     OUTCOME_TIMEOUT,
     {DSS, CHANGE_DROPPED, DIRECTION_END_TO_END, CAUSE_NONE, CONFIDENCE_LIKELY,
      "The connection with MPTCP came about and then stood still, the same without MPTCP right "
      "after it did not: DSS options behind the SYN do not arrive, or the segments that carry "
      "them do not."}},
    {true,
     OUTCOME_RESET,
     {DSS, CHANGE_RESET, DIRECTION_END_TO_END, CAUSE_RESETTER, CONFIDENCE_LIKELY,
      "The connection with MPTCP came about and was then reset, the same without MPTCP right "
      "after it was not."}},
};

/* Of a RST for missing options it is known that no firewall made it up. */
static const struct sign *contrast_of(const struct connection_result *r)
{
	if (connection_interfered(&r->info))
		return NULL;
	for (size_t i = 0; i < sizeof(contrasts) / sizeof(*contrasts); i++)
		if (contrasts[i].established == r->established &&
		    contrasts[i].outcome == r->info.outcome)
			return &contrasts[i].sign;
	return NULL;
}

#define GIVEN_UP 2 /* timeouts */

/* Silence may be loss; and so may a reset by a peer that gave up what it did not hear of. */
static bool is_doubtful(const struct connection_result *r)
{
	if (r->info.outcome == OUTCOME_TIMEOUT)
		return connection_may_be_loss(r);
	return r->established && r->info.outcome == OUTCOME_RESET && r->info.subflow_count &&
	       r->info.subflow[0].stats.timeouts >= GIVEN_UP;
}

/* The same again without MPTCP fared better; a fallback says it all by itself. Of a peer that sent
 * its options to the end it may be the fault. */
void connection_find_control(struct connection_result *r)
{
	const struct sign *sign = contrast_of(r);
	struct finding *f;

	if (!r->had_control || !r->control_good || !sign || r->info.stalled ||
	    r->info.fallback_stage != FALLBACK_NONE)
		return;
	f = connection_find_sign(r, sign, IMPACT_BROKEN);
	if (f && is_doubtful(r))
		connection_doubt(r, f);
}
