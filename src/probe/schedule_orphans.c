/* Answers that bear none of our tokens: where counting them does not tell which question they
 * answer, or may deceive, the hops are asked again, one at a time. */
#include "probe/engine.h"

static bool waits_for_something(const struct trace *t, const struct series *s)
{
	for (unsigned ttl = 1; ttl <= t->highest; ttl++)
		if (s->question[ttl].state == QUESTION_OPEN ||
		    s->question[ttl].state == QUESTION_WANTED)
			return true;
	return false;
}

/* Asks what is unanswered from `first` on, once what is late or comes twice has come. */
static void ask_singly(struct trace *t, int probe, unsigned first, unsigned last, int64_t now_ns)
{
	struct series *s = &t->series[probe];

	s->serial = true;
	for (unsigned ttl = first; ttl <= last; ttl++)
		if (s->question[ttl].asked && !s->question[ttl].answers)
			schedule_want(t, probe, (uint8_t)ttl, t->result.config.queries,
				      now_ns + t->longest_rtt_ns);
}

void schedule_orphans(struct trace *t, int probe, int64_t now_ns)
{
	const struct series *s = &t->series[probe];

	if (s->serial || !(s->orphans || s->strays) || waits_for_something(t, s))
		return;
	ask_singly(t, probe, s->strays ? 1 : s->top + 1u, s->limit, now_ns);
}

static const struct trace_reply *guess_of(const struct trace *t, int probe)
{
	const struct trace_reply *r = observe_answer(t, probe);

	return r && r->guessed && r->kind == REPLY_RST && t->series[probe].walks ? r : NULL;
}

/* What got lost may have been made up for by what came twice: hardly so for all walks alike. */
static bool others_agree(const struct trace *t, int probe, uint8_t ttl)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].walks && (int)i != probe && t->result.probes[i].reached_ttl != ttl)
			return false;
	return true;
}

/* The farthest that any other walk had to go, and a hop more. */
static unsigned end_of_others(const struct trace *t, int probe)
{
	unsigned end = 0;

	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].walks && (int)i != probe && t->result.probes[i].reached_ttl > end)
			end = t->result.probes[i].reached_ttl;
	return end ? end + 1 : t->series[probe].limit;
}

/* A guess that stands alone is asked for again by itself; if nothing comes, it was wrong. */
static void check_guess(struct trace *t, int probe, uint8_t ttl, int64_t now_ns)
{
	struct series *s = &t->series[probe];
	unsigned end;

	if (!s->serial) {
		s->serial = true;
		schedule_want(t, probe, ttl, t->result.config.queries, now_ns + t->longest_rtt_ns);
		return;
	}
	credit_retract(t, probe);
	end = end_of_others(t, probe);
	ask_singly(t, probe, ttl + 1u, end < s->limit ? end : s->limit, now_ns);
}

void schedule_guesses(struct trace *t, int64_t now_ns)
{
	for (size_t i = 0; i < t->result.probe_count; i++) {
		const struct trace_reply *r = guess_of(t, (int)i);

		if (r && !t->series[i].keeps_seq && !others_agree(t, (int)i, r->ttl))
			check_guess(t, (int)i, r->ttl, now_ns);
	}
}
