/* Replies that bear no token: which question can they answer, if any? Where that was guessed, it
 * may have to be taken back. */
#include <string.h>

#include "probe/engine.h"

int credit_open(const struct trace *t, int probe)
{
	const struct series *s = &t->series[probe];
	int number = -1;

	for (unsigned ttl = 1; ttl <= t->highest; ttl++) {
		if (s->question[ttl].state != QUESTION_OPEN)
			continue;
		if (number >= 0)
			return -1;
		number = (int)s->question[ttl].number;
	}
	return s->serial || ((!s->walks || t->rounds) && !s->inside) ? number : -1;
}

/* What acknowledges the common sequence number of its series does not answer a packet that had one
 * of its own: it comes late, or twice. */
int credit_answered(const struct trace *t, int probe, const struct packet *answer)
{
	int number = credit_open(t, probe);

	return number >= 0 && t->sent[number].own_isn && answer->tcp.flags & TCP_ACK ? -1 : number;
}

/* Did every packet of this series so far bring just one reply? */
static bool counts_right(const struct trace *t, const struct series *s)
{
	for (unsigned ttl = t->result.config.first_ttl; ttl <= s->top; ttl++)
		if (s->question[ttl].answers != s->question[ttl].asked)
			return false;
	return !s->strays && !t->duplicates;
}

/* Answers without tokens: once there are as many of them as questions are open beyond the last
 * router that spoke, they answer these one by one, the nearest first. Where packets get lost or
 * come twice such counting deceives: there schedule.c has the hops asked again one at a time. */
void credit_orphans(struct trace *t, int probe)
{
	struct series *s = &t->series[probe];
	struct trace_reply reply;
	unsigned open = 0, first = 0;

	for (unsigned ttl = t->highest; ttl > s->top; ttl--) {
		if (s->question[ttl].asked && !s->question[ttl].answers) {
			open += s->question[ttl].asked;
			first = ttl;
		}
	}
	if (!s->orphans || s->serial || open != s->orphans || !counts_right(t, s) ||
	    !credit_room(t))
		return;
	reply = t->orphan[probe];
	reply.guessed = true;
	s->orphans = 0;
	credit_file(t, &reply, (int)s->question[first].number, t->orphan_ns[probe]);
}

static uint8_t highest_asked(const struct trace *t, const struct series *s)
{
	uint8_t ttl = t->highest;

	while (ttl > 1 && !s->question[ttl].asked)
		ttl--;
	return ttl;
}

void credit_orphan(struct trace *t, int probe, const struct trace_reply *reply, int64_t now_ns)
{
	struct series *s = &t->series[probe];

	s->half_open |= reply->kind == REPLY_SYN_ACK;
	if (!s->nameless) {
		s->nameless = true;
		t->orphan[probe] = *reply;
		t->orphan[probe].probe = (uint8_t)probe;
		t->orphan_ns[probe] = now_ns;
	}
	if (s->serial)
		return;
	s->orphans++;
	schedule_limit(t, probe, highest_asked(t, s));
	credit_orphans(t, probe);
}

static void note_reached(struct trace *t, uint8_t probe)
{
	uint8_t *reached = &t->result.probes[probe].reached_ttl;

	*reached = 0;
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->probe == probe && credit_from_target(t, r) &&
		    (!*reached || r->ttl < *reached))
			*reached = r->ttl;
	}
}

static void forget(struct trace *t, size_t i)
{
	struct trace_reply r = t->result.replies[i];

	memmove(&t->result.replies[i], &t->result.replies[i + 1],
		(--t->result.reply_count - i) * sizeof(r));
	t->series[r.probe].question[r.ttl].answers--;
}

static void disown(struct trace *t, size_t i)
{
	struct trace_reply r = t->result.replies[i];
	struct series *s = &t->series[r.probe];

	forget(t, i);
	if (!s->nameless)
		t->orphan[r.probe] = r;
	s->nameless = true;
	note_reached(t, r.probe);
}

/* It lies farther away, if anywhere: further than the guess had the series asked. */
void credit_retract(struct trace *t, int probe)
{
	struct series *s = &t->series[probe];

	for (size_t i = t->result.reply_count; i-- > 0;)
		if (t->result.replies[i].probe == probe && t->result.replies[i].guessed)
			disown(t, i);
	s->limit = highest_asked(t, s);
	t->target_ttl = 0;
	for (size_t i = 0; i < t->result.probe_count; i++) {
		uint8_t ttl = t->result.probes[i].reached_ttl;

		if (t->series[i].walks && ttl && (!t->target_ttl || ttl < t->target_ttl))
			t->target_ttl = ttl;
	}
}

void credit_disown(struct trace *t)
{
	for (size_t i = t->result.reply_count; i-- > 0;) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->guessed && r->ttl <= t->series[r->probe].top)
			disown(t, i);
		else if (r->weak && credit_refuted(t, &r->from))
			forget(t, i);
	}
}
