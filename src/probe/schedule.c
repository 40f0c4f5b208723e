/* What is asked, and when: see the queues in trace.h. */
#include "probe/engine.h"

/* Silence this far behind the last router that spoke is not worth a second asking. */
#define TAIL_TTLS 5u
#define LOOKAHEAD 6u
static struct question *question_at(struct trace *t, size_t probe, unsigned ttl)
{
	return &t->series[probe].question[ttl];
}

void schedule_want(struct trace *t, int probe, uint8_t ttl, uint8_t times, int64_t not_before_ns)
{
	struct question *q = question_at(t, (size_t)probe, ttl);

	if (!times || !ttl)
		return;
	q->allowed = (uint8_t)(q->asked + times);
	q->not_before_ns = not_before_ns;
	q->state = QUESTION_WANTED;
	if (ttl > t->highest)
		t->highest = ttl;
}

void schedule_limit(struct trace *t, int probe, uint8_t ttl)
{
	struct series *s = &t->series[probe];

	if (ttl >= s->limit)
		return;
	s->limit = ttl;
	for (unsigned i = ttl + 1u; i <= t->highest; i++)
		if (s->question[i].state == QUESTION_WANTED ||
		    s->question[i].state == QUESTION_OPEN)
			s->question[i].state = QUESTION_IDLE;
}

/* The highest TTL at which a router answered any probe. */
static uint8_t highest_top(const struct trace *t)
{
	uint8_t top = 0;

	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].walks && t->series[i].top > top)
			top = t->series[i].top;
	return top;
}

/* Nobody answers the plain SYN where another probe was answered, nor were others led further: a
 * box may have answered the other, and routers behind it keep silent. */
static bool may_lie_beyond(const struct trace *t, const struct series *s)
{
	int control = series_find(t, ROLE_CONTROL);

	return control >= 0 && !t->result.probes[control].reached_ttl && s->top == highest_top(t) &&
	       s->question[t->target_ttl].state == QUESTION_SILENT;
}

/* Has another probe found the target nearer than this? Then the series need not look for it there,
 * unless routers led it on. The plain SYN is to be believed before others. */
static bool beyond_target(const struct trace *t, const struct series *s, unsigned ttl)
{
	int control = series_find(t, ROLE_CONTROL);
	uint8_t target = t->target_ttl;

	if (control >= 0 && t->result.probes[control].reached_ttl > target)
		target = t->result.probes[control].reached_ttl;
	return target && ttl > target && s->top < target && !may_lie_beyond(t, s);
}

/* Would another asking teach anything? Behind the last voice on the path hardly; and of the
 * control and the sham it is enough to know that they got further. */
static bool worth_repeating(const struct trace *t, size_t probe, unsigned ttl)
{
	const struct series *s = &t->series[probe];
	enum probe_role role = t->result.probes[probe].role;

	if (!s->walks || t->rounds)
		return true;
	if (ttl > highest_top(t) + TAIL_TTLS || beyond_target(t, s, ttl))
		return false;
	return (role != ROLE_CONTROL && role != ROLE_SHAM) || s->top <= ttl;
}

/* What was given up as lying beyond the target, but does not. */
static void resume_walk(struct trace *t, size_t probe)
{
	const struct series *s = &t->series[probe];

	for (unsigned ttl = t->target_ttl + 1u; t->target_ttl && s->walks && ttl <= t->front; ttl++)
		if (s->question[ttl].state == QUESTION_IDLE && !s->question[ttl].asked &&
		    ttl <= s->limit && !beyond_target(t, s, ttl))
			schedule_want(t, (int)probe, (uint8_t)ttl, t->result.config.queries, 0);
}

static void settle_series(struct trace *t, size_t probe, int64_t now_ns)
{
	const struct series *s = &t->series[probe];

	if (!t->rounds)
		resume_walk(t, probe);
	for (unsigned ttl = 1; ttl <= t->highest; ttl++) {
		struct question *q = question_at(t, probe, ttl);
		int64_t wait;

		if (q->state == QUESTION_WANTED && s->walks && !q->asked && !t->rounds &&
		    beyond_target(t, s, ttl))
			q->state = QUESTION_IDLE;
		if (q->state != QUESTION_OPEN)
			continue;
		wait = schedule_wait_ns(t, (int)probe, (uint8_t)ttl);
		if (now_ns - q->sent_ns < wait)
			continue;
		if (q->asked < q->allowed && worth_repeating(t, probe, ttl))
			q->state = QUESTION_WANTED;
		else
			q->state = q->answers ? QUESTION_ANSWERED : QUESTION_SILENT;
	}
}

/* The lowest TTL of the walk that still waits for something. */
static unsigned lowest_pending(const struct trace *t)
{
	for (unsigned ttl = 1; ttl <= t->front; ttl++)
		if (!schedule_hop_settled(t, (uint8_t)ttl))
			return ttl;
	return t->front + 1u;
}

static bool walk_ends(const struct trace *t, unsigned ttl)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].walks && t->series[i].limit >= ttl &&
		    !beyond_target(t, &t->series[i], ttl))
			return false;
	return true;
}

/* How far ahead to ask: a window at first, so that a path of usual length is done in one round
 * trip; then only a little beyond the last router that spoke, so that a target is not asked more
 * than needed; and a window again behind routers that stayed silent. */
static unsigned walk_reach(const struct trace *t)
{
	unsigned window = t->result.config.in_flight, top = highest_top(t);
	unsigned waited_out = lowest_pending(t) - 1u;
	unsigned reach = t->result.config.first_ttl - 1u + window;
	unsigned ahead = window < LOOKAHEAD ? window : LOOKAHEAD;

	if (waited_out > top)
		reach = reach > waited_out + window ? reach : waited_out + window;
	return reach > top + ahead ? reach : top + ahead;
}

static void walk_on(struct trace *t)
{
	const struct trace_config *c = &t->result.config;
	unsigned reach = walk_reach(t);

	while (t->front < c->max_ttl && t->front < reach && !walk_ends(t, t->front + 1u)) {
		t->front++;
		for (size_t i = 0; i < t->result.probe_count; i++)
			if (t->series[i].walks && t->series[i].limit >= t->front &&
			    !beyond_target(t, &t->series[i], t->front))
				schedule_want(t, (int)i, t->front, c->queries, 0);
	}
}

void schedule_settle(struct trace *t, int64_t now_ns)
{
	for (size_t i = 0; i < t->result.probe_count; i++) {
		settle_series(t, i, now_ns);
		schedule_orphans(t, (int)i, now_ns);
	}
	if (t->phase == PHASE_ASKING)
		walk_on(t);
	if (t->phase == PHASE_ASKING && !t->rounds && schedule_idle(t))
		schedule_guesses(t, now_ns);
}

bool schedule_hop_settled(const struct trace *t, uint8_t ttl)
{
	if (ttl > t->front)
		return false;
	for (size_t i = 0; i < t->result.probe_count; i++) {
		const struct series *s = &t->series[i];
		enum question_state state = s->question[ttl].state;

		if (s->walks && ttl <= s->limit &&
		    (state == QUESTION_WANTED || state == QUESTION_OPEN))
			return false;
	}
	return true;
}

bool schedule_beyond(const struct trace *t, unsigned ttl)
{
	return walk_ends(t, ttl);
}

static bool in_state(const struct trace *t, enum question_state state)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		for (unsigned ttl = 1; ttl <= t->highest; ttl++)
			if (t->series[i].question[ttl].state == state)
				return true;
	return false;
}

bool schedule_idle(const struct trace *t)
{
	return !in_state(t, QUESTION_WANTED) && !in_state(t, QUESTION_OPEN);
}
