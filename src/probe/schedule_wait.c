/* How long a reply is waited for. */
#include "probe/engine.h"

/* Of a path that answers in microseconds, what the busiest router may still need. */
#define WAIT_FLOOR_NS	 (3 * NS_PER_MS)
#define PATIENT_FLOOR_NS (500 * NS_PER_MS)
/* Of what is asked once or twice only, and whose silence would pass for an answer. */
#define BRIEF_FLOOR_NS (30 * NS_PER_MS)
#define BRIEF_FACTOR   1.5

/* The second asking is given more time than the first; later ones no more than that. */
static double backoff(const struct question *q)
{
	return q->asked > 1 ? 2 : 1;
}

/* Another probe was answered in the target's name here or before, the plain SYN not yet: is it
 * loss, or did a box answer that one? Then the routers behind it, and the target, may be far. */
static bool lags_behind(const struct trace *t, const struct series *s, const struct question *q)
{
	int control = series_find(t, ROLE_CONTROL);

	return s->walks && t->target_ttl && control >= 0 &&
	       !t->result.probes[control].reached_ttl && q->asked >= q->allowed;
}

/* A wait that adapts: to what this hop took before (HERE); to the longest round trip (NEAR), once
 * somebody farther away has answered; and with more patience where nobody has yet, where probes
 * fare differently, or where a late reply would be credited to the next question. */
int64_t schedule_wait_ns(const struct trace *t, int probe, uint8_t ttl)
{
	const struct trace_config *c = &t->result.config;
	const struct series *s = &t->series[probe];
	int64_t here = t->hop_rtt_ns[ttl], near = t->longest_rtt_ns;
	bool behind = ttl >= t->target_ttl && lags_behind(t, s, &s->question[ttl]);
	bool patient = s->serial || s->expected || behind || (ttl > t->farthest && !t->target_ttl);
	int64_t floor = patient ? PATIENT_FLOOR_NS : WAIT_FLOOR_NS;
	double wait = 0;

	if (s->brief && near)
		return (int64_t)(BRIEF_FACTOR * (double)near) + BRIEF_FLOOR_NS;
	if (here && c->wait_here > 0 && !s->serial && !behind)
		wait = c->wait_here * (double)here;
	else if (near && c->wait_near > 0)
		wait = c->wait_near * (double)near;
	wait = wait > 0 ? backoff(&s->question[ttl]) * (wait + (double)floor) : 0;
	return wait > 0 && wait < (double)c->wait_max_ns ? (int64_t)wait : c->wait_max_ns;
}
