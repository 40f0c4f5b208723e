/* Loss, or something that drops what has MPTCP? A connection that got no answer is opened again,
 * and with none of MPTCP's options often enough for Fisher's test to tell. */
#include "probe/connection.h"
#include "probe/engine.h"

#define CHANCE	   0.001
#define ASKED_MAX  24
#define LOST_MAX   5
#define PEER_TRIES 3 /* of a peer from which nothing comes, in the time that it was given */

static const struct conn_subflow_info *initial(const struct conn_info *info)
{
	for (size_t i = 0; i < info->subflow_count; i++)
		if (!info->subflow[i].joined)
			return &info->subflow[i];
	return NULL;
}

static bool is_syn_lost(const struct connection_result *r)
{
	return r->info.fallback_stage != FALLBACK_NONE &&
	       r->info.fallback_reason == FALLBACK_BECAUSE_SYN_LOST;
}

static bool is_silent(const struct connection_result *r)
{
	return is_syn_lost(r) || (r->info.outcome == OUTCOME_TIMEOUT && !r->info.stalled);
}

static void count(struct connection_trials *t, uint64_t asked, uint64_t lost)
{
	t->asked += (uint32_t)asked;
	t->lost += (uint32_t)(lost < asked ? lost : asked);
}

/* SYNs with MP_CAPABLE, and those that went without it in the end. */
static void count_syns(struct connection_result *r, const struct connection_result *run)
{
	const struct conn_subflow_info *s = initial(&run->info);
	uint64_t plain = s ? s->plain_syns : 0, with = s ? s->stats.syns - plain : 0;
	bool lost = is_syn_lost(run);

	count(&r->with, with, with - (run->established && !lost && with));
	count(&r->without, plain, plain - (lost && plain));
}

/* Segments behind the SYN, or those that the peer should have sent. */
static void count_silence(struct connection_result *r, const struct connection_result *run)
{
	const struct conn_subflow_info *s = initial(&run->info);
	unsigned tries = s && s->in_vain ? s->in_vain + 1 : PEER_TRIES;

	if (is_silent(run) && run->established)
		count(&r->with, tries, tries);
	else
		count(&r->with, 1, 0);
}

/* Data of a connection without MPTCP. An acknowledgement is lost as easily as what it is for, but
 * the next one makes up for it. */
static void count_data(struct connection_result *r, const struct conn_subflow_info *s)
{
	uint64_t again = s->stats.retransmitted_segments;

	if (r->mirrored && again)
		again--; /* a mirror's client loses one segment on purpose */
	if (s->mss)
		count(&r->without, (s->stats.sent_octets + s->mss - 1) / s->mss + again, 2 * again);
}

static void add_mptcp(struct connection_result *r, const struct connection_result *run)
{
	if (!is_silent(r))
		return;
	if (r->established && !is_syn_lost(r)) {
		count_silence(r, run);
		return;
	}
	count_syns(r, run);
	if (is_syn_lost(run) && initial(&run->info))
		count_data(r, initial(&run->info));
}

void connection_add(struct connection_result *r, enum connection_run kind,
		    const struct connection_result *run, bool answered)
{
	const struct conn_subflow_info *s = initial(&run->info);

	if (kind == RUN_MPTCP) {
		r->repeated = run != r;
		add_mptcp(r, run);
		return;
	}
	if (kind == RUN_PLAIN) {
		r->had_control = true;
		r->control_good = run->established && (!r->established || answered);
	}
	if (s)
		count(&r->without, s->stats.syns, s->stats.syns - run->established);
}

bool connection_may_be_loss(const struct connection_result *r)
{
	return exact_test(r->with.asked, r->with.lost, r->without.asked, r->without.lost) >= CHANCE;
}

static bool is_clear(const struct connection_result *r)
{
	return r->with.lost < r->with.asked || r->without.lost > LOST_MAX ||
	       r->without.asked >= ASKED_MAX || !connection_may_be_loss(r);
}

enum connection_run connection_next(const struct connection_result *r)
{
	enum conn_outcome outcome = r->info.outcome;

	if (r->interrupted || (!is_syn_lost(r) && outcome != OUTCOME_REFUSED &&
			       outcome != OUTCOME_RESET && outcome != OUTCOME_TIMEOUT))
		return RUN_NONE;
	if (!is_syn_lost(r) && !r->had_control)
		return RUN_PLAIN;
	if (!is_silent(r) || (!is_syn_lost(r) && !r->control_good) || is_clear(r))
		return RUN_NONE;
	return r->repeated ? RUN_PLAIN_SYN : RUN_MPTCP;
}
