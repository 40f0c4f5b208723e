#include "probe/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/icmp.h"

#define MP_CAPABLE "tcp.options.mptcp.mp_capable"
#define MP_JOIN	   "tcp.options.mptcp.mp_join"
#define DSS	   "tcp.options.mptcp.dss"

/* What a fallback betrays, by its reason. A row without a field is no sign of anything: the peer's
 * (or our own) choice, which is a note if it has words. */
struct sign {
	const char *field;
	enum change_kind change;
	enum direction direction;
	enum cause cause;
	enum confidence confidence;
	const char *explain;
};

static const struct sign signs[] = {
    [FALLBACK_BECAUSE_NO_CAPABLE] =
	{MP_CAPABLE, CHANGE_REMOVED, DIRECTION_END_TO_END, CAUSE_TARGET, CONFIDENCE_POSSIBLE,
	 "The target answered without MP_CAPABLE: most likely it does not speak this version of "
	 "MPTCP; a box that removes the option looks the same from here (a trace tells them "
	 "apart)."},
    [FALLBACK_BECAUSE_MIRRORED] =
	{MP_CAPABLE, CHANGE_MIRRORED, DIRECTION_END_TO_END, CAUSE_MIRROR, CONFIDENCE_CERTAIN,
	 "The MP_CAPABLE option came back as it was sent: a box or the server echoes options that "
	 "it does not know; MPTCP falls back to plain TCP."},
    [FALLBACK_BECAUSE_VERSION] =
	{MP_CAPABLE, CHANGE_REWRITTEN, DIRECTION_END_TO_END, CAUSE_TARGET, CONFIDENCE_POSSIBLE,
	 "The target answered with a version of MPTCP that was not asked for."},
    [FALLBACK_BECAUSE_FLAGS] =
	{MP_CAPABLE, CHANGE_REWRITTEN, DIRECTION_END_TO_END, CAUSE_NONE, CONFIDENCE_POSSIBLE,
	 "The flags of MP_CAPABLE were not those of a version 1 or 0 peer, or changed during the "
	 "handshake; MPTCP falls back to plain TCP."},
    [FALLBACK_BECAUSE_CHECKSUM_REFUSED] =
	{MP_CAPABLE, CHANGE_REMOVED, DIRECTION_END_TO_END, CAUSE_TARGET, CONFIDENCE_CERTAIN,
	 "The target demands checksums, which were refused (--no-checksum)."},
    [FALLBACK_BECAUSE_SYN_LOST] =
	{MP_CAPABLE, CHANGE_DROPPED, DIRECTION_END_TO_END, CAUSE_BLACKHOLE, CONFIDENCE_LIKELY,
	 "SYNs with MP_CAPABLE were not answered, a plain SYN was: something on the path drops "
	 "them, or their answers; MPTCP falls back to plain TCP, after a delay."},
    [FALLBACK_BECAUSE_NO_KEYS] =
	{MP_CAPABLE, CHANGE_REMOVED, DIRECTION_END_TO_END, CAUSE_OPTION_STRIPPER, CONFIDENCE_LIKELY,
	 "MPTCP was agreed on, but the segments behind the SYN come without its options; MPTCP "
	 "falls back to plain TCP."},
    [FALLBACK_BECAUSE_NO_DSS] =
	{DSS, CHANGE_REMOVED, DIRECTION_END_TO_END, CAUSE_OPTION_STRIPPER, CONFIDENCE_LIKELY,
	 "MPTCP was agreed on, but data or acknowledgements come without DSS: something on the "
	 "path removes MPTCP options behind the SYN, in one direction or both, or answers in the "
	 "peer's name; MPTCP falls back to plain TCP."},
    [FALLBACK_BECAUSE_CHECKSUM] =
	{"tcp.payload", CHANGE_REWRITTEN, DIRECTION_REVERSE, CAUSE_ALG, CONFIDENCE_CERTAIN,
	 "A checksum of the stream does not fit what arrived: something on the path changes the "
	 "data; MPTCP falls back to plain TCP."},
    [FALLBACK_BECAUSE_MP_FAIL] =
	{"tcp.payload", CHANGE_REWRITTEN, DIRECTION_FORWARD, CAUSE_ALG, CONFIDENCE_LIKELY,
	 "The peer reports that a checksum of the stream did not fit (MP_FAIL): something on the "
	 "path changes the data; MPTCP falls back to plain TCP."},
    [FALLBACK_BECAUSE_INFINITE] =
	{DSS, CHANGE_REMOVED, DIRECTION_FORWARD, CAUSE_NONE, CONFIDENCE_POSSIBLE,
	 "The peer gave MPTCP up in mid-stream (an infinite mapping): it may have missed options "
	 "that were sent."},
};

/* A server cannot know that a client spoke MPTCP before it has seen an option. */
static bool is_silent_choice(const struct conn_info *info)
{
	return !info->client && (info->fallback_reason == FALLBACK_BECAUSE_NO_CAPABLE ||
				 info->fallback_reason == FALLBACK_BECAUSE_CHECKSUM_REFUSED ||
				 info->fallback_reason == FALLBACK_BECAUSE_VERSION);
}

static const struct sign *sign_of(const struct conn_info *info)
{
	size_t reason = info->fallback_reason;

	if (is_silent_choice(info) || reason >= sizeof(signs) / sizeof(*signs) ||
	    !signs[reason].field)
		return NULL;
	return &signs[reason];
}

static struct finding *add(struct connection_result *r, const char *field, enum change_kind change,
			   enum impact impact)
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

static void describe(struct finding *f, const struct sign *sign)
{
	f->direction = sign->direction;
	f->cause = sign->cause;
	f->confidence = sign->confidence;
	snprintf(f->explain, sizeof(f->explain), "%s", sign->explain);
}

static void doubt(const struct connection_result *r, struct finding *f)
{
	bool lossy = r->without.lost || r->with.lost < r->with.asked;
	size_t len = strlen(f->explain);

	f->confidence = CONFIDENCE_POSSIBLE;
	snprintf(f->explain + len, sizeof(f->explain) - len, "%s",
		 lossy ? " But packets are lost on this path anyway: it may be chance."
		       : " But so little was sent that all of it may have been lost by chance.");
}

/* Who said so of the first SYNs, if anybody did. */
static void say_unreachable(const struct conn_info *info, char *text, size_t size)
{
	const struct conn_unreachable *u = &info->subflow[0].unreachable;
	const char *why = icmp_unreachable_name(u->from.family, u->code);
	char from[IP_ADDR_TEXT];
	size_t len = strlen(text);

	if (info->subflow_count && u->from.family)
		snprintf(text + len, size - len, " %s says that it cannot be reached (%s).",
			 ip_addr_print(&u->from, from), why ? why : "for no known reason");
}

/* Nothing on the path makes checksums of data fit that way. */
static void excuse(const struct conn_info *info, struct finding *f)
{
	if (!info->swapped_checksum)
		return;
	f->cause = CAUSE_TARGET;
	snprintf(f->explain, sizeof(f->explain),
		 "The target's checksums of the stream would fit with their two octets swapped: it "
		 "computes them wrongly, as Linux 5.14 to 5.17 does; MPTCP with checksums fails "
		 "with it.");
}

static void find_fallback(struct connection_result *r)
{
	const struct sign *sign = sign_of(&r->info);
	struct finding *f;

	if (r->info.fallback_stage == FALLBACK_NONE || !sign)
		return;
	f = add(r, sign->field, sign->change, IMPACT_FALLBACK);
	if (!f)
		return;
	describe(f, sign);
	if (r->info.fallback_reason == FALLBACK_BECAUSE_SYN_LOST)
		say_unreachable(&r->info, f->explain, sizeof(f->explain));
	if (r->info.fallback_reason == FALLBACK_BECAUSE_SYN_LOST && connection_may_be_loss(r))
		doubt(r, f);
	if (r->info.fallback_reason == FALLBACK_BECAUSE_CHECKSUM)
		excuse(&r->info, f);
}

/* What came in answer to a SYN with MP_JOIN, and was none. */
static const struct sign join_signs[] = {
    [ANSWER_WITHOUT] =
	{MP_JOIN, CHANGE_REMOVED, DIRECTION_END_TO_END, CAUSE_OPTION_STRIPPER, CONFIDENCE_LIKELY,
	 "A SYN with MP_JOIN was answered without it: the option is removed on the way "
	 "there or back, or a server that does not know the connection has answered, "
	 "behind a load balancer; there is no further MPTCP subflow"},
    [ANSWER_COPIED] = {MP_JOIN, CHANGE_MIRRORED, DIRECTION_END_TO_END, CAUSE_MIRROR,
		       CONFIDENCE_CERTAIN,
		       "The MP_JOIN option came back as it was sent: a box echoes options that it "
		       "does not know; there is no further MPTCP subflow"},
    [ANSWER_FOREIGN] =
	{MP_JOIN, CHANGE_ANSWERED, DIRECTION_END_TO_END, CAUSE_SPLIT_PROXY, CONFIDENCE_LIKELY,
	 "A SYN with MP_JOIN was answered by somebody who does not know the keys of the "
	 "connection, or MP_JOIN was rewritten; there is no further MPTCP subflow"},
};

static void find_join(struct connection_result *r, const struct conn_subflow_info *s)
{
	const struct sign *sign = &join_signs[s->answer];
	struct finding *f = add(r, sign->field, sign->change, IMPACT_NO_SUBFLOW);
	char local[IP_ADDR_TEXT], remote[IP_ADDR_TEXT];
	size_t len;

	if (!f)
		return;
	describe(f, sign);
	len = strlen(f->explain);
	snprintf(f->explain + len, sizeof(f->explain) - len, " from %s to %s.",
		 ip_addr_print(&s->local, local), ip_addr_print(&s->remote, remote));
}

/* Of each kind the first: more were tried. */
static void find_joins(struct connection_result *r)
{
	unsigned seen = 1u << ANSWER_NONE;

	for (size_t i = 0; i < r->info.subflow_count; i++) {
		const struct conn_subflow_info *s = &r->info.subflow[i];

		if (!(seen >> s->answer & 1))
			find_join(r, s);
		seen |= 1u << s->answer;
	}
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
	struct finding *f;

	if (!peer_failed(&r->info) || r->info.fallback_stage != FALLBACK_NONE)
		return;
	f = add(r, "tcp.payload", CHANGE_REWRITTEN, IMPACT_DEGRADED);
	if (!f)
		return;
	f->direction = DIRECTION_FORWARD;
	f->cause = CAUSE_ALG;
	f->confidence = CONFIDENCE_LIKELY;
	snprintf(
	    f->explain, sizeof(f->explain),
	    "The peer reports that checksums of the stream did not fit (MP_FAIL): something on "
	    "the path of one subflow changes the data; that subflow is closed.");
}

/* Checksums failed on a connection that could go on without the subflow. */
static void find_checksums(struct connection_result *r)
{
	bool alone = r->info.subflow_count < 2, broken = r->info.outcome == OUTCOME_RESET;
	struct finding *f;

	if (!r->info.checksum_failures || r->info.fallback_stage != FALLBACK_NONE)
		return;
	f = add(r, "tcp.payload", CHANGE_REWRITTEN,
		broken	? IMPACT_BROKEN
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
	excuse(&r->info, f);
}

#define REASON_MIDDLEBOX 6

/* A subflow that was reset with the reason "middlebox interference" (RFC 8684 §3.6); NULL: none. */
static const struct conn_subflow_info *interfered(const struct conn_info *info)
{
	for (size_t i = 0; i < info->subflow_count; i++)
		if (info->subflow[i].close == SUBFLOW_RST &&
		    info->subflow[i].reset_reason == REASON_MIDDLEBOX && !info->subflow[i].misfit)
			return &info->subflow[i];
	return NULL;
}

static void find_resets(struct connection_result *r)
{
	const struct conn_subflow_info *s = interfered(&r->info);
	bool broken = r->info.outcome == OUTCOME_RESET;
	char local[IP_ADDR_TEXT], remote[IP_ADDR_TEXT];
	struct finding *f;

	if (!s || (r->info.checksum_failures && r->info.fallback_stage == FALLBACK_NONE))
		return; /* or a checksum was why */
	f = add(r, DSS, CHANGE_REMOVED,
		broken	    ? IMPACT_BROKEN
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
	if (interfered(&r->info))
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
static void find_control(struct connection_result *r)
{
	const struct sign *sign = contrast_of(r);
	struct finding *f;

	if (!r->had_control || !r->control_good || !sign || r->info.stalled ||
	    r->info.fallback_stage != FALLBACK_NONE)
		return;
	f = add(r, sign->field, sign->change, IMPACT_BROKEN);
	if (!f)
		return;
	describe(f, sign);
	if (is_doubtful(r))
		doubt(r, f);
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
	say_unreachable(&r->info, r->reason, sizeof(r->reason));
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
	find_fallback(r);
	find_joins(r);
	find_checksums(r);
	find_peers_checksums(r);
	find_resets(r);
	find_control(r);
	find_mirrored(r);
	qsort(r->findings, r->finding_count, sizeof(*r->findings), finding_by_weight);
	/* Only a connection that had fallen back delivers what its checksum does not fit. */
	r->intact = r->ended && r->info.fallback_reason != FALLBACK_BECAUSE_MP_FAIL &&
		    !(r->info.checksum_failures && r->info.fallback_stage != FALLBACK_NONE);
	conclude_verdict(r);
}
