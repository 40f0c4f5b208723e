/* What of a connection's course is a sign of something on the path: why it fell back, and what came
 * in answer to its joins. */
#include <stdio.h>
#include <string.h>

#include "probe/connection_parts.h"

#define MP_JOIN "tcp.options.mptcp.mp_join"

/* By the reason of the fallback. A row without a field is no sign of anything: the peer's (or our
 * own) choice, which is a note if it has words. */
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

void connection_find_fallback(struct connection_result *r)
{
	const struct sign *sign = sign_of(&r->info);
	struct finding *f;

	if (r->info.fallback_stage == FALLBACK_NONE || !sign)
		return;
	f = connection_find_sign(r, sign, IMPACT_FALLBACK);
	if (!f)
		return;
	if (r->info.fallback_reason == FALLBACK_BECAUSE_SYN_LOST)
		connection_say_unreachable(&r->info, f->explain, sizeof(f->explain));
	if (r->info.fallback_reason == FALLBACK_BECAUSE_SYN_LOST && connection_may_be_loss(r))
		connection_doubt(r, f);
	if (r->info.fallback_reason == FALLBACK_BECAUSE_CHECKSUM)
		connection_excuse(&r->info, f);
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
	struct finding *f = connection_find_sign(r, &join_signs[s->answer], IMPACT_NO_SUBFLOW);
	char local[IP_ADDR_TEXT], remote[IP_ADDR_TEXT];
	size_t len;

	if (!f)
		return;
	len = strlen(f->explain);
	snprintf(f->explain + len, sizeof(f->explain) - len, " from %s to %s.",
		 ip_addr_print(&s->local, local), ip_addr_print(&s->remote, remote));
}

/* Of each kind the first: more were tried. */
void connection_find_joins(struct connection_result *r)
{
	unsigned seen = 1u << ANSWER_NONE;

	for (size_t i = 0; i < r->info.subflow_count; i++) {
		const struct conn_subflow_info *s = &r->info.subflow[i];

		if (!(seen >> s->answer & 1))
			find_join(r, s);
		seen |= 1u << s->answer;
	}
}
