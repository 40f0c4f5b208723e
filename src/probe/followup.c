/* What the walk leaves open is asked in follow-ups: a table, each row once, in this order. */
#include "probe/engine.h"

#define SAMPLES		 5		    /* askings of each probe before loss is ruled out */
#define UNLUCKY_PAUSE_NS (1100 * NS_PER_MS) /* kernels give an ICMP token back every second */
#define ECHO_TTLS	 3
#define ECHO_ASKINGS	 2

static bool want_if_new(struct trace *t, int probe, uint8_t ttl, uint8_t times, int64_t when_ns)
{
	if (probe < 0 || ttl > t->result.config.max_ttl || observe_at(t, probe, ttl))
		return false;
	schedule_want(t, probe, ttl, times, when_ns);
	return true;
}

/* The finding that says what befell MP_CAPABLE, if a router behind the box spoke. */
static const struct finding *located_capable(const struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if (observe_is_mp_capable(f) && f->by.known && f->by.ttl &&
		    f->direction == DIRECTION_FORWARD && f->by.ttl < t->result.path_length)
			return f;
	}
	return NULL;
}

/* A target that does not take v1 may still take v0. */
static bool ask_v0(struct trace *t, int64_t now_ns)
{
	const struct trace_reply *r = observe_answer(t, series_find(t, ROLE_TEST));

	if (!r || r->kind != REPLY_SYN_ACK || r->mptcp != MPTCP_NONE)
		return false;
	return want_if_new(t, series_add(t, ROLE_V0, NULL), r->ttl, t->result.config.queries,
			   now_ns);
}

/* A target that answers without MPTCP is asked what it got. */
static bool ask_witness(struct trace *t, int64_t now_ns)
{
	const struct trace_reply *r = observe_answer(t, series_find(t, ROLE_TEST));

	if (!r || r->kind != REPLY_SYN_ACK || r->mptcp != MPTCP_NONE || located_capable(t))
		return false;
	return want_if_new(t, series_add(t, ROLE_WITNESS, NULL), r->ttl, 1, now_ns);
}

/* No TCP proxy answers an echo: if echoes walk further than SYNs, somebody else said SYN/ACK. If an
 * echo came back from as far as the SYN/ACK did, there is nothing to ask. */
static bool ask_echo(struct trace *t, int64_t now_ns)
{
	int echo = series_find(t, ROLE_ECHO);
	const struct trace_reply *pong = observe_answer(t, echo);
	const struct trace_reply *syn_ack = observe_syn_ack(t);
	bool asked = false;

	if (!syn_ack)
		syn_ack = observe_refusal(t);
	if (echo < 0 || !syn_ack || (pong && pong->received_ttl == syn_ack->received_ttl))
		return false;
	for (unsigned i = 0; i < ECHO_TTLS; i++)
		asked |= want_if_new(t, echo, (uint8_t)(syn_ack->ttl + i), ECHO_ASKINGS, now_ns);
	return asked;
}

/* Enough askings from `ttl` to `last` together, the missing ones of `ttl`. */
static bool want_samples(struct trace *t, int probe, uint8_t ttl, uint8_t last, int64_t now_ns)
{
	uint32_t asked = 0;

	for (unsigned i = ttl; i <= last; i++)
		asked += t->series[probe].question[i].asked;

	if (asked >= SAMPLES)
		return false;
	schedule_want(t, probe, ttl, (uint8_t)(SAMPLES - asked), now_ns);
	return true;
}

/* The nearest hop that answered `other` but not `probe`. */
static uint8_t first_missing(const struct trace *t, int probe, int other)
{
	for (unsigned ttl = t->series[probe].top + 1u; ttl <= t->series[other].limit; ttl++)
		if (observe_at(t, other, (uint8_t)ttl) && !observe_at(t, probe, (uint8_t)ttl))
			return (uint8_t)ttl;
	return 0;
}

/* Probes fared differently: often enough to rule loss out? */
static bool ask_samples(struct trace *t, int64_t now_ns)
{
	static const enum probe_role suspects[] = {ROLE_TEST, ROLE_SHAM};
	int control = series_find(t, ROLE_CONTROL);
	uint8_t end = control < 0 ? 0 : t->result.probes[control].reached_ttl;
	bool asked = false;

	for (size_t i = 0; end && i < 2; i++) {
		int probe = series_find(t, suspects[i]);
		uint8_t missing;

		if (probe < 0 || observe_fate(t, probe) == observe_fate(t, control))
			continue;
		asked |= want_samples(t, probe, end, t->series[probe].limit, now_ns);
		asked |= want_samples(t, control, end, t->series[control].limit, now_ns);
		missing = first_missing(t, probe, control);
		if (missing && missing < end) {
			asked |= want_if_new(t, probe, missing, SAMPLES - 1, now_ns);
			asked |= !t->series[control].strays &&
				 want_samples(t, control, missing, missing, now_ns);
		}
	}
	return asked;
}

/* MP_CAPABLE only, or all of MPTCP? An MP_JOIN to the hops that tell. */
static bool ask_join(struct trace *t, int64_t now_ns)
{
	const struct finding *f = located_capable(t);
	uint8_t queries = t->result.config.queries;
	int join = f ? series_add(t, ROLE_JOIN, NULL) : -1;

	if (join < 0)
		return false;
	want_if_new(t, join, f->after.ttl, queries, now_ns);
	if (f->basis == BASIS_CONTROL && queries < JOIN_ASKINGS)
		queries = JOIN_ASKINGS;
	return want_if_new(t, join, f->by.ttl, queries, now_ns);
}

/* The hops inside an interval that said nothing may only have been out of ICMP tokens. */
static bool ask_between(struct trace *t, int64_t when_ns)
{
	bool asked = false;

	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if (!f->by.known || f->direction != DIRECTION_FORWARD || f->basis != BASIS_QUOTE)
			continue;
		for (unsigned ttl = f->after.ttl + 1u; ttl < f->by.ttl; ttl++)
			asked |= want_if_new(t, observe_bearer(t, f), (uint8_t)ttl, 1, when_ns);
	}
	return asked;
}

static bool ask_unlucky(struct trace *t, int64_t now_ns)
{
	return ask_between(t, now_ns + UNLUCKY_PAUSE_NS);
}

/* Nobody answered: is it the marks? */
static bool ask_unmarked(struct trace *t, int64_t now_ns)
{
	if (t->result.reached || t->result.config.user_probe || t->result.config.further)
		return false;
	for (size_t i = 0; i < t->result.probe_count; i++)
		if (observe_fate(t, (int)i) == FATE_UNREACHABLE)
			return false;
	return want_if_new(t, series_add(t, ROLE_UNMARKED, NULL), t->result.config.max_ttl,
			   t->result.config.queries, now_ns);
}

static const struct {
	bool (*ask)(struct trace *t, int64_t now_ns); /* false: nothing to ask */
	bool eager; /* need not wait until everything else is settled */
} followups[] = {
    {ask_v0, true},    {ask_witness, true},  {ask_echo, true},	   {ask_samples, false},
    {ask_join, false}, {ask_between, false}, {ask_unlucky, false}, {ask_unmarked, false},
};

#define FOLLOWUPS (sizeof(followups) / sizeof(followups[0]))

void followup_start(struct trace *t)
{
	want_if_new(t, series_find(t, ROLE_ECHO), t->result.config.max_ttl, 1, 0);
}

static bool followup_run(struct trace *t, size_t row, int64_t now_ns)
{
	unsigned bit = 1u << row;

	if (t->followups_done & bit || !followups[row].ask(t, now_ns))
		return false;
	t->followups_done |= bit;
	return true;
}

void followup_eager(struct trace *t, int64_t now_ns)
{
	for (size_t i = 0; i < FOLLOWUPS; i++)
		if (followups[i].eager)
			followup_run(t, i, now_ns);
}

bool followup_ask(struct trace *t, int64_t now_ns)
{
	conclude(t);
	for (size_t i = 0; i < FOLLOWUPS; i++) {
		if (followup_run(t, i, now_ns)) {
			t->rounds++;
			return true;
		}
	}
	return false;
}
