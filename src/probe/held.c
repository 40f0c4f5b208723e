/* What a resumed trace asks: segments of a connection, and SYNs that join it. */
#include <string.h>

#include "probe/engine.h"
#include "probe/held.h"
#include "util/octets.h"

#define DECIDED 0.0001

void trace_resume(struct trace *t)
{
	t->phase = PHASE_INSIDE;
	t->closing = 0; /* what is asked again, is closed again */
	t->rounds++;
}

/* Only hops that spoke before are worth asking: silence of others says nothing. */
static bool is_voiced(const struct trace *t, unsigned ttl)
{
	const struct trace_reply *r = observe_hop(t, (uint8_t)ttl);

	return r && r->kind == REPLY_TIME_EXCEEDED;
}

static bool is_missing(const struct trace *t, int probe, unsigned ttl)
{
	return is_voiced(t, ttl) && !t->series[probe].tied && !observe_at(t, probe, (uint8_t)ttl);
}

void trace_ask_hops(struct trace *t, int probe, int64_t now_ns)
{
	for (unsigned ttl = t->result.config.first_ttl; ttl < t->result.path_length; ttl++)
		if (probe >= 0 && is_missing(t, probe, ttl))
			schedule_want(t, probe, (uint8_t)ttl, t->result.config.queries, now_ns);
}

void trace_ask_anew(struct trace *t, int probe, int64_t now_ns)
{
	for (unsigned ttl = t->result.config.first_ttl; ttl < t->result.path_length; ttl++)
		if (probe >= 0 && is_voiced(t, ttl) &&
		    !(t->series[probe].serial && observe_at(t, probe, (uint8_t)ttl)))
			schedule_want(t, probe, (uint8_t)ttl, t->result.config.queries, now_ns);
}

void trace_ask_hop(struct trace *t, int probe, uint8_t ttl, int64_t now_ns)
{
	schedule_want(t, probe, ttl, 1, now_ns);
}

int trace_hold(struct trace *t, enum probe_role role, struct span segment)
{
	return series_hold(t, role, segment);
}

static void write_token(struct series *s, uint32_t token)
{
	const struct tcp_option *o;
	struct packet p;

	packet_parse(&p, span_of(s->octets, s->len));
	o = tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, 1);
	if (o && o->len == 12)
		store_u32(s->octets + (o->at - s->octets) + 4, token);
}

int trace_join(struct trace *t, enum probe_role role, uint32_t token)
{
	int probe = series_add(t, role, NULL);

	if (probe < 0)
		return -1;
	t->series[probe].inside = true;
	write_token(&t->series[probe], token);
	return probe;
}

void trace_ask_target(struct trace *t, int probe, uint8_t times, int64_t now_ns)
{
	if (probe >= 0 && t->result.path_length && !observe_answer(t, probe))
		schedule_want(t, probe, t->result.path_length, times, now_ns);
}

void trace_repeat_target(struct trace *t, int probe, int64_t now_ns)
{
	if (probe >= 0 && t->result.path_length)
		schedule_want(t, probe, t->result.path_length, 1, now_ns);
}

/* Of what was asked up to now always the same came last, and got the less from routers that ran out
 * of ICMP tokens: that cannot be compared. */
static void begin_pairs(struct trace *t)
{
	for (size_t i = 0; i < t->result.probe_count && !t->paired; i++) {
		for (unsigned ttl = 1; ttl <= t->highest; ttl++) {
			struct question *q = &t->series[i].question[ttl];

			q->unpaired = q->asked;
			q->unpaired_answers = q->answers;
		}
		t->series[i].brief = t->series[i].inside; /* it is no surprise any more */
	}
	t->paired = true;
}

bool trace_ask_silent_target(struct trace *t, int probe, uint8_t times, int64_t now_ns)
{
	int control = series_find(t, ROLE_CONTROL);

	if (probe < 0 || !t->result.path_length || observe_answer(t, probe))
		return false;
	begin_pairs(t);
	schedule_want(t, probe, t->result.path_length, times, now_ns);
	if (control >= 0)
		schedule_want(t, control, t->result.path_length, times, now_ns);
	return true;
}

static bool ask_silent(struct trace *t, int plain, unsigned ttl, int64_t when_ns)
{
	bool asked = false;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		if (!t->series[i].inside || (int)i == plain || !is_missing(t, (int)i, ttl))
			continue;
		schedule_want(t, (int)i, (uint8_t)ttl, 1, when_ns);
		asked = true;
	}
	return asked;
}

/* The control goes behind its suspects: where there is not enough for all it is the one to suffer.
 */
bool trace_ask_again(struct trace *t, int plain, int64_t when_ns)
{
	int control = series_find(t, ROLE_CONTROL);
	bool asked = false;

	begin_pairs(t);
	for (unsigned ttl = t->result.config.first_ttl; ttl < t->result.path_length; ttl++) {
		if (!ask_silent(t, plain, ttl, when_ns))
			continue;
		asked = true;
		if (plain >= 0)
			schedule_want(t, plain, (uint8_t)ttl, 1, when_ns);
		if (control >= 0)
			schedule_want(t, control, (uint8_t)ttl, 1, when_ns);
	}
	return asked;
}

static bool is_decided(const struct trace *t, int probe, int judge)
{
	uint8_t by = judge < 0 ? 0 : observe_first_silent(t, probe, judge);

	return by && observe_chance(t, probe, judge, by) < DECIDED;
}

/* All that is silent to the end of the path is so beyond doubt: if data alone are let through,
 * judged by these, else by SYNs. */
bool trace_decided(const struct trace *t)
{
	int plain = series_find(t, ROLE_DATA_PLAIN), control = series_find(t, ROLE_CONTROL);
	int judge = plain < 0 || is_decided(t, plain, control) ? control : plain;
	bool suspects = false;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		const struct series *s = &t->series[i];

		if (!s->inside || s->tied || (int)i == plain ||
		    s->top + 1u >= t->result.path_length)
			continue;
		if (!is_decided(t, (int)i, s->held ? judge : control))
			return false;
		suspects = true;
	}
	return suspects && t->paired;
}

/* The chance that `probe`, asked along with `control`, is silent behind its last hop by bad luck.
 */
double trace_silence(const struct trace *t, int probe, int control, uint8_t *by)
{
	uint32_t ours, theirs;

	*by = probe >= 0 && control >= 0 ? (uint8_t)(t->series[probe].top + 1) : 0;
	while (*by && *by < t->result.path_length && !observe_at(t, control, *by))
		++*by;
	if (!*by || *by >= t->result.path_length || t->series[probe].tied)
		return 1;
	ours = observe_asked_from(t, probe, *by);
	theirs = observe_asked_from(t, control, *by);
	return exact_test(ours, ours, theirs, theirs - observe_answers_from(t, control, *by));
}

/* Is there anything that trace_ask_again would ask? */
bool trace_is_silent(const struct trace *t)
{
	for (unsigned ttl = t->result.config.first_ttl; ttl < t->result.path_length; ttl++)
		for (size_t i = 0; i < t->result.probe_count; i++)
			if (t->series[i].inside && t->result.probes[i].role != ROLE_DATA_PLAIN &&
			    is_missing(t, (int)i, ttl))
				return true;
	return false;
}

bool trace_is_doubtful(const struct trace *t)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].inside && trace_is_lost(t, (int)i))
			return true;
	return false;
}

/* Did it not come to the last router that answered others? */
bool trace_is_lost(const struct trace *t, int probe)
{
	for (unsigned ttl = t->series[probe].top + 1u; ttl < t->result.path_length; ttl++)
		if (t->series[probe].question[ttl].asked)
			return !t->series[probe].tied;
	return false;
}

uint8_t trace_top(const struct trace *t, int probe)
{
	return t->series[probe].top;
}

struct span trace_octets(const struct trace *t, int probe)
{
	return span_of(t->series[probe].octets, t->series[probe].len);
}

const struct trace_reply *trace_answer(const struct trace *t, int probe)
{
	return observe_answer(t, probe);
}

bool trace_asked_target(const struct trace *t, int probe)
{
	return t->result.path_length && t->series[probe].question[t->result.path_length].asked;
}

bool trace_settled(const struct trace *t)
{
	return t->phase != PHASE_INSIDE || schedule_idle(t);
}

void trace_conclude(struct trace *t, const struct trace_inside *inside, int64_t now_ns)
{
	t->result.inside = *inside;
	t->result.end_ns = now_ns;
	conclude(t);
	t->phase = PHASE_CLOSING;
}

const char *join_answer_name(enum join_answer answer)
{
	static const char *const names[JOIN_ANSWERS] = {
	    [JOIN_UNASKED] = "unasked", [JOIN_SILENT] = "silent",     [JOIN_ACCEPTED] = "accepted",
	    [JOIN_FORGED] = "forged",	[JOIN_MIRRORED] = "mirrored", [JOIN_BARE] = "bare",
	    [JOIN_REFUSED] = "refused", [JOIN_RESET] = "reset",
	};

	return names[answer];
}
