/* What the target's SYN/ACK says to MP_CAPABLE, and what a missing one can mean: the target's own
 * choice, or a box where no quote looks (middleboxes rule: an answer is no hop's diff). */
#include <string.h>

#include "packet/packet.h"
#include "probe/engine.h"

#define MP_CAPABLE_FIELD "tcp.options.mptcp.mp_capable"
#define V1_ANSWER_OCTETS 12 /* of MP_CAPABLE in a SYN/ACK */

static struct finding *add_reply_finding(struct trace *t, enum change_kind change,
					 const struct trace_reply *syn_ack)
{
	struct finding *f = conclude_add(t, MP_CAPABLE_FIELD, change);

	if (!f)
		return NULL;
	f->direction = DIRECTION_END_TO_END;
	f->basis = BASIS_REPLY;
	f->impact = IMPACT_FALLBACK;
	f->by = (struct place){true, syn_ack->ttl, syn_ack->from};
	return f;
}

/* The farthest TTL whose quote shows a probe's MP_CAPABLE as it was sent. */
static uint8_t last_intact(const struct trace *t, int probe)
{
	struct change like = {.field = MP_CAPABLE_FIELD, .option = -1};
	struct packet sent;
	uint8_t last = 0;

	packet_parse(&sent, span_of(t->series[probe].octets, t->series[probe].len));
	for (unsigned i = 0; i < sent.tcp.options.count; i++)
		if (sent.tcp.options.item[i].kind == TCP_OPT_MPTCP)
			like.option = (int8_t)i;
	for (unsigned ttl = 1; ttl <= t->highest; ttl++) {
		const struct trace_reply *r = observe_quote(t, probe, (uint8_t)ttl);

		if (r && diff_reaches(&r->diff, &like) && !diff_find(&r->diff, &like))
			last = (uint8_t)ttl;
	}
	return last;
}

/* A sham option that comes back, or our own MP_CAPABLE: nobody understood it. */
static bool sham_mirrored(const struct trace *t)
{
	const struct trace_reply *r = observe_answer(t, series_find(t, ROLE_SHAM));
	struct packet p;

	return r && r->kind == REPLY_SYN_ACK && packet_parse(&p, r->answer) == 0 &&
	       p.have & PACKET_HAS_TCP && tcp_option_find(&p.tcp.options, TCP_OPT_EXP2, -1);
}

static void conclude_mirror(struct trace *t, const struct trace_reply *r)
{
	struct finding *f = add_reply_finding(t, CHANGE_MIRRORED, r);

	if (!f)
		return;
	f->after = observe_place(t, r->probe, last_intact(t, r->probe));
	f->cause = CAUSE_MIRROR;
	f->confidence = sham_mirrored(t) ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}

static unsigned count_nops(const struct trace_reply *r)
{
	struct packet p;
	unsigned nops = 0;

	if (!r || packet_parse(&p, r->answer) < 0 || !(p.have & PACKET_HAS_TCP))
		return 0;
	for (unsigned i = 0; i < p.tcp.options.count; i++)
		nops += p.tcp.options.item[i].kind == TCP_OPT_NOP;
	return nops;
}

/* NOPs where the target's MP_CAPABLE would stand, which its answer to a plain SYN has not: it was
 * overwritten on the way back. */
static bool blanked_on_return(const struct trace *t, const struct trace_reply *r)
{
	const struct trace_reply *plain = observe_answer(t, series_find(t, ROLE_CONTROL));

	return plain && plain->kind == REPLY_SYN_ACK &&
	       count_nops(r) >= count_nops(plain) + V1_ANSWER_OCTETS;
}

static void conclude_blanked(struct trace *t, const struct trace_reply *r)
{
	struct finding *f = add_reply_finding(t, CHANGE_BLANKED, r);

	if (!f)
		return;
	observe_way_back(t, f);
	f->cause = CAUSE_OPTION_STRIPPER;
	f->confidence = CONFIDENCE_CERTAIN;
}

/* Only what nobody behind the last router can have taken away is the target's own choice; that is
 * certain if it takes v0, for then kind 30 passes. */
static void conclude_unsupported(struct trace *t, const struct trace_reply *r)
{
	const struct trace_reply *v0 = observe_answer(t, series_find(t, ROLE_V0));
	uint8_t intact = last_intact(t, r->probe);
	struct finding *f = add_reply_finding(t, CHANGE_REMOVED, r);

	if (!f)
		return;
	f->after = observe_place(t, r->probe, intact);
	f->confidence = CONFIDENCE_POSSIBLE;
	if (intact + 1 >= r->ttl) {
		f->cause = CAUSE_TARGET;
		f->confidence = CONFIDENCE_LIKELY;
	}
	if (v0 && v0->mptcp == MPTCP_V0) {
		f->cause = CAUSE_TARGET;
		f->confidence = CONFIDENCE_CERTAIN;
	}
}

/* MP_CAPABLE arrived after all: what a quote showed of it was the quote's own fault. */
static void doubt_quotes(struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		struct finding *f = &t->result.findings[i];

		if (observe_is_mp_capable(f) && observe_on_syn(t, f) && f->basis == BASIS_QUOTE &&
		    f->impact == IMPACT_FALLBACK)
			f->confidence = CONFIDENCE_POSSIBLE;
	}
}

static bool explained(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if (observe_is_mp_capable(f) || f->change == CHANGE_ANSWERED)
			return true;
	}
	return false;
}

void conclude_answers(struct trace *t)
{
	const struct trace_reply *r = observe_answer(t, series_find(t, ROLE_TEST));

	if (!r || r->kind != REPLY_SYN_ACK)
		return;
	if (r->mptcp == MPTCP_V1)
		doubt_quotes(t);
	else if (r->mptcp == MPTCP_MIRRORED || sham_mirrored(t))
		conclude_mirror(t, r);
	else if (blanked_on_return(t, r))
		conclude_blanked(t, r);
	else if (!explained(t))
		conclude_unsupported(t, r);
}
