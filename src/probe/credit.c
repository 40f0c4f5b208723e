/* Credits what came in to the question that it answers. */
#include <stdlib.h>
#include <string.h>

#include "probe/engine.h"

static struct trace_reply *reply_room(struct trace *t)
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
static bool is_duplicate(const struct trace *t, const struct trace_reply *reply, int number)
{
	const struct sent *sent = &t->sent[number];

	if (!sent->answered)
		return false;
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->probe == sent->probe && r->ttl == sent->ttl && r->attempt == sent->attempt &&
		    r->kind == reply->kind && ip_addr_equal(&r->from, &reply->from))
			return true;
	}
	return false;
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

static bool from_target(const struct trace *t, const struct trace_reply *reply)
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
	if (from_target(t, reply) && (!probe->reached_ttl || reply->ttl < probe->reached_ttl))
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

/* Files a reply under the packet `number` that caused it. */
static void place(struct trace *t, const struct trace_reply *reply, int number, int64_t now_ns)
{
	struct trace_result *r = &t->result;
	struct sent *sent = &t->sent[number];
	struct trace_reply *filed = &r->replies[r->reply_count];

	if (is_duplicate(t, reply, number)) {
		t->duplicates |= reply->kind == REPLY_TIME_EXCEEDED; /* targets repeat theirs */
		return;
	}
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

/* The number of the only question that can have caused a reply without tokens; -1 if there are
 * several. Of a series asked singly it is the open one. */
static bool credited_elsewhere(const struct trace *t, int probe, const struct ip_addr *from)
{
	for (size_t i = 0; i < t->result.reply_count; i++)
		if (t->result.replies[i].probe == probe &&
		    ip_addr_equal(&t->result.replies[i].from, from))
			return true;
	return false;
}

static int only_open(const struct trace *t, int probe)
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
static int answered_open(const struct trace *t, int probe, const struct packet *answer)
{
	int number = only_open(t, probe);

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
static void place_orphans(struct trace *t, int probe)
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
	if (!s->orphans || s->serial || open != s->orphans || !counts_right(t, s) || !reply_room(t))
		return;
	reply = t->orphan[probe];
	reply.guessed = true;
	s->orphans = 0;
	place(t, &reply, (int)s->question[first].number, t->orphan_ns[probe]);
}

static uint8_t highest_asked(const struct trace *t, const struct series *s)
{
	uint8_t ttl = t->highest;

	while (ttl > 1 && !s->question[ttl].asked)
		ttl--;
	return ttl;
}

static void keep_orphan(struct trace *t, int probe, const struct trace_reply *reply, int64_t now_ns)
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
	place_orphans(t, probe);
}

static enum reply_kind answer_kind(const struct packet *p)
{
	if (p->tcp.flags & TCP_RST)
		return REPLY_RST;
	if (p->tcp.flags & TCP_SYN)
		return REPLY_SYN_ACK;
	return p->payload.len ? REPLY_DATA : REPLY_ACK;
}

static bool credit_answer(struct trace *t, int64_t now_ns, const struct packet *p)
{
	struct match m = match_answer(t, p);
	struct trace_reply *reply = m.probe >= 0 ? reply_room(t) : NULL;
	struct packet sent;

	if (!reply)
		return false;
	reply->from = p->ip.src;
	reply->received_ttl = p->ip.ttl;
	reply->answer = arena_copy(&t->octets, p->octets);
	reply->kind = REPLY_ECHO;
	if (p->ip.proto == IP_PROTO_TCP) {
		packet_parse(&sent, span_of(t->series[m.probe].octets, t->series[m.probe].len));
		reply->kind = answer_kind(p);
		reply->mptcp = answer_mptcp(&sent, p);
	}
	t->result.probes[m.probe].received++;
	reply->guessed = m.number < 0;
	if (m.number < 0)
		m.number = answered_open(t, m.probe, p);
	if (m.number >= 0)
		place(t, reply, m.number, now_ns);
	else if (t->series[m.probe].tcp)
		keep_orphan(t, m.probe, reply, now_ns);
	return true;
}

static void copy_extensions(struct trace *t, struct trace_reply *reply, const struct icmp_error *e)
{
	size_t max = sizeof(reply->extension) / sizeof(reply->extension[0]);

	if (e->extensions_bad)
		return;
	for (size_t i = 0; i < e->extension_count && i < max; i++) {
		reply->extension[i] = e->extension[i];
		reply->extension[i].payload = arena_copy(&t->octets, e->extension[i].payload);
		reply->extension_count++;
	}
}

static void fill_error(struct trace *t, struct trace_reply *reply, const struct packet *p,
		       const struct icmp_error *e)
{
	bool in_transit = e->kind == ICMP_KIND_TIME_EXCEEDED && e->code == 0;

	reply->kind = in_transit ? REPLY_TIME_EXCEEDED : REPLY_UNREACHABLE;
	reply->icmp_type = e->type;
	reply->icmp_code = e->code;
	reply->from = e->from;
	reply->received_ttl = p->ip.ttl;
	reply->quote = arena_copy(&t->octets, e->quote);
	copy_extensions(t, reply, e);
}

/* All octets of a connection's segment are its own in IPv6: there the router tells the TTL, if the
 * walk met it once, from as far away. */
static int number_by_router(const struct trace *t, int probe, const struct packet *p)
{
	uint8_t at = 0;

	if (!t->series[probe].held || t->series[probe].serial)
		return -1;
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (t->series[r->probe].inside || r->kind != REPLY_TIME_EXCEEDED ||
		    !ip_addr_equal(&r->from, &p->ip.src) || r->ttl == at)
			continue;
		if (at || r->received_ttl != p->ip.ttl)
			return -1;
		at = r->ttl;
	}
	return at && t->series[probe].question[at].asked ? (int)t->series[probe].question[at].number
							 : -1;
}

/* They are not silent, only nameless. */
static void note_tied(struct trace *t, uint32_t tied)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		t->series[i].tied |= tied >> i & 1;
}

static void credit_error(struct trace *t, int64_t now_ns, const struct packet *p,
			 const struct icmp_error *e)
{
	uint8_t octets[PROBE_OCTETS_MAX];
	struct packet quote, sent;
	struct trace_reply *reply;
	struct match m;

	if (packet_parse(&quote, e->quote) < 0)
		return;
	m = match_quote(t, &quote);
	if (m.probe < 0) {
		note_tied(t, m.tied);
		return;
	}
	t->result.probes[m.probe].received++;
	if (m.number < 0)
		m.number = number_by_router(t, m.probe, p);
	/* Without tokens, what a router repeats cannot be told from what the next one says. */
	if (m.number < 0 && !credited_elsewhere(t, m.probe, &e->from))
		m.number = only_open(t, m.probe);
	if (m.number < 0) {
		t->series[m.probe].strays++;
		return;
	}
	reply = reply_room(t);
	if (!reply)
		return;
	fill_error(t, reply, p, e);
	series_packet(t, m.probe, t->sent[m.number].ttl, (size_t)m.number, octets);
	packet_parse(&sent, span_of(octets, t->series[m.probe].len));
	diff_packets(&reply->diff, &sent, &quote);
	place(t, reply, m.number, now_ns);
	place_orphans(t, m.probe);
}

static void note_reached(struct trace *t, uint8_t probe)
{
	uint8_t *reached = &t->result.probes[probe].reached_ttl;

	*reached = 0;
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->probe == probe && from_target(t, r) && (!*reached || r->ttl < *reached))
			*reached = r->ttl;
	}
}

static void disown(struct trace *t, size_t i)
{
	struct trace_reply r = t->result.replies[i];
	struct series *s = &t->series[r.probe];

	memmove(&t->result.replies[i], &t->result.replies[i + 1],
		(--t->result.reply_count - i) * sizeof(r));
	s->question[r.ttl].answers--;
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
	}
}

bool credit_packet(struct trace *t, int64_t now_ns, struct span octets)
{
	struct packet p;
	struct icmp_error e;

	if (packet_parse(&p, octets) < 0 || !ip_addr_equal(&p.ip.dst, &t->result.config.source))
		return false;
	if (icmp_error_parse(&e, &p) < 0)
		return credit_answer(t, now_ns, &p);
	credit_error(t, now_ns, &p, &e);
	return false;
}
