/* Files replies under the packets that caused them, and notes what they tell about the path. */
#include <stdlib.h>
#include <string.h>

#include "probe/engine.h"

struct trace_reply *credit_room(struct trace *t)
{
	struct trace_result *r = &t->result;

	if (r->reply_count == t->reply_cap) {
		size_t cap = t->reply_cap ? 2 * t->reply_cap : 128;
		struct trace_reply *replies = realloc(r->replies, cap * sizeof(*replies));

		if (!replies) {
			t->oom = true;
			return NULL;
		}
		r->replies = replies;
		t->reply_cap = cap;
	}
	r->replies[r->reply_count] = (struct trace_reply){0};
	return &r->replies[r->reply_count];
}

/* Networks duplicate packets, and targets repeat their SYN/ACKs. */
static struct trace_reply *find_duplicate(const struct trace *t, const struct trace_reply *reply,
					  int number)
{
	const struct sent *sent = &t->sent[number];

	if (!sent->answered)
		return NULL;
	for (size_t i = 0; i < t->result.reply_count; i++) {
		struct trace_reply *r = &t->result.replies[i];

		if (r->probe == sent->probe && r->ttl == sent->ttl && r->attempt == sent->attempt &&
		    r->kind == reply->kind && ip_addr_equal(&r->from, &reply->from))
			return r;
	}
	return NULL;
}

/* What came first was another's. */
static void replace(struct trace_reply *old, const struct trace_reply *reply)
{
	old->quote = reply->quote;
	old->diff = reply->diff;
	old->weak = false;
}

static void note_rtt(struct trace *t, uint8_t ttl, int64_t rtt_ns)
{
	if (rtt_ns > t->longest_rtt_ns)
		t->longest_rtt_ns = rtt_ns;
	if (rtt_ns > t->hop_rtt_ns[ttl])
		t->hop_rtt_ns[ttl] = rtt_ns;
}

/* A late reply answers its question even after that was given up. */
static void note_answered(struct trace *t, const struct trace_reply *reply)
{
	struct question *q = &t->series[reply->probe].question[reply->ttl];

	q->answers++;
	if (t->rounds && q->asked < q->allowed && !t->series[reply->probe].inside) {
		q->state = QUESTION_WANTED;
		return;
	}
	q->state = QUESTION_ANSWERED;
	q->allowed = q->asked;
}

bool credit_from_target(const struct trace *t, const struct trace_reply *reply)
{
	return reply->kind != REPLY_TIME_EXCEEDED &&
	       ip_addr_equal(&reply->from, &t->result.config.target);
}

static void note_progress(struct trace *t, const struct trace_reply *reply)
{
	struct series *s = &t->series[reply->probe];
	struct trace_probe *probe = &t->result.probes[reply->probe];

	if (reply->kind == REPLY_TIME_EXCEEDED) {
		if (reply->ttl > s->top)
			s->top = reply->ttl;
		return;
	}
	s->half_open |= reply->kind == REPLY_SYN_ACK;
	if (credit_from_target(t, reply) &&
	    (!probe->reached_ttl || reply->ttl < probe->reached_ttl))
		probe->reached_ttl = reply->ttl;
	schedule_limit(t, reply->probe, reply->ttl);
	if (!s->walks || !probe->reached_ttl)
		return;
	t->result.reached = true;
	if (!t->target_ttl || probe->reached_ttl < t->target_ttl)
		t->target_ttl = probe->reached_ttl;
}

/* A packet with a sequence number of its own brought what had been guessed. */
static void confirm(struct trace *t, const struct trace_reply *reply)
{
	for (size_t i = 0; i < t->result.reply_count; i++) {
		struct trace_reply *r = &t->result.replies[i];

		if (r->probe == reply->probe && r->ttl == reply->ttl && r->kind == reply->kind)
			r->guessed = false;
	}
}

/* Did it come before? */
static bool note_repeated(struct trace *t, const struct trace_reply *reply, int number)
{
	struct trace_reply *old = find_duplicate(t, reply, number);

	if (!old)
		return false;
	if (old->weak && !reply->weak)
		replace(old, reply);
	else
		t->duplicates |= reply->kind == REPLY_TIME_EXCEEDED; /* targets repeat theirs */
	return true;
}

/* Files a reply under the packet `number` that caused it. */
void credit_file(struct trace *t, const struct trace_reply *reply, int number, int64_t now_ns)
{
	struct trace_result *r = &t->result;
	struct sent *sent = &t->sent[number];
	struct trace_reply *filed = &r->replies[r->reply_count];

	if (note_repeated(t, reply, number))
		return;
	if (filed != reply)
		*filed = *reply;
	filed->probe = sent->probe;
	filed->ttl = sent->ttl;
	filed->attempt = sent->attempt;
	filed->rtt_ns = now_ns > sent->time_ns ? now_ns - sent->time_ns : 0;
	r->reply_count++;
	sent->answered = true;
	note_rtt(t, filed->ttl, filed->rtt_ns);
	if (t->series[filed->probe].walks && filed->ttl > t->farthest)
		t->farthest = filed->ttl;
	if (!filed->guessed)
		confirm(t, filed);
	note_answered(t, filed);
	note_progress(t, filed);
	if (t->events.reply)
		t->events.reply(t->events.context, r, filed);
}
