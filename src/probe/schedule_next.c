/* Which question is asked next, and when there is something to do again. */
#include "probe/engine.h"

static bool series_busy(const struct trace *t, const struct series *s)
{
	for (unsigned ttl = 1; ttl <= t->highest; ttl++)
		if (s->question[ttl].state == QUESTION_OPEN)
			return true;
	return false;
}

/* Walks ask many hops at once; what answers a single question must not be mistaken. */
static bool asks_singly(const struct series *s)
{
	return s->serial || (!s->walks && s->tcp && !s->inside);
}

static bool may_ask(const struct trace *t, size_t probe, unsigned ttl, int64_t now_ns)
{
	const struct series *s = &t->series[probe];
	const struct question *q = &s->question[ttl];

	return q->state == QUESTION_WANTED && q->not_before_ns <= now_ns &&
	       !(asks_singly(s) && series_busy(t, s));
}

/* The lowest TTL first; among its probes one at random, so that whatever favours the first or
 * the last of a burst favours none of them; but segments of a connection in their order. */
static bool next_of(struct trace *t, bool walks, int64_t now_ns, int *probe, uint8_t *ttl)
{
	for (unsigned at = 1; at <= t->highest; at++) {
		uint32_t ready = 0;

		for (size_t i = 0; i < t->result.probe_count; i++)
			if (t->series[i].walks == walks && may_ask(t, i, at, now_ns) &&
			    (t->phase == PHASE_INSIDE ? !ready++
						      : rng_below(&t->rng, ++ready) == 0))
				*probe = (int)i;
		if (ready) {
			*ttl = (uint8_t)at;
			return true;
		}
	}
	return false;
}

bool schedule_next(struct trace *t, int64_t now_ns, int *probe, uint8_t *ttl)
{
	return next_of(t, false, now_ns, probe, ttl) || next_of(t, true, now_ns, probe, ttl);
}

static int64_t question_expiry(const struct trace *t, size_t probe, unsigned ttl)
{
	const struct series *s = &t->series[probe];
	const struct question *q = &s->question[ttl];

	if (q->state == QUESTION_OPEN)
		return q->sent_ns + schedule_wait_ns(t, (int)probe, (uint8_t)ttl);
	if (q->state == QUESTION_WANTED && !(asks_singly(s) && series_busy(t, s)))
		return q->not_before_ns > t->next_send_ns ? q->not_before_ns : t->next_send_ns;
	return TIME_NEVER;
}

int64_t schedule_expiry_ns(const struct trace *t)
{
	int64_t expiry = TIME_NEVER;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		for (unsigned ttl = 1; ttl <= t->highest; ttl++) {
			int64_t at = question_expiry(t, i, ttl);

			if (at < expiry)
				expiry = at;
		}
	}
	return expiry;
}
