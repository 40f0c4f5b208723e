/* Credits what came in to the question that it answers. */
#include <string.h>

#include "probe/engine.h"

static bool credited_elsewhere(const struct trace *t, int probe, const struct ip_addr *from)
{
	for (size_t i = 0; i < t->result.reply_count; i++)
		if (t->result.replies[i].probe == probe &&
		    ip_addr_equal(&t->result.replies[i].from, from))
			return true;
	return false;
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
	struct trace_reply *reply = m.probe >= 0 ? credit_room(t) : NULL;
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
		m.number = credit_answered(t, m.probe, p);
	if (m.number >= 0)
		credit_file(t, reply, m.number, now_ns);
	else if (t->series[m.probe].tcp)
		credit_orphan(t, m.probe, reply, now_ns);
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

/* Without tokens, what a router repeats cannot be told from what the next one says. */
static int number_of_error(const struct trace *t, const struct match *m, const struct packet *p,
			   const struct icmp_error *e)
{
	int number = m->number >= 0 ? m->number : number_by_router(t, m->probe, p);

	if (number < 0 && !credited_elsewhere(t, m->probe, &e->from))
		number = credit_open(t, m->probe);
	return number;
}

/* They are not silent, only nameless. */
static void note_tied(struct trace *t, uint32_t tied)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		t->series[i].tied |= tied >> i & 1;
}

static void diff_quote(const struct trace *t, struct diff *diff, const struct match *m,
		       const struct packet *quote)
{
	uint8_t octets[PROBE_OCTETS_MAX];
	struct packet sent;

	series_packet(t, m->probe, t->sent[m->number].ttl, (size_t)m->number, octets);
	packet_parse(&sent, span_of(octets, t->series[m->probe].len));
	diff_packets(diff, &sent, quote);
}

/* A router behind whatever rewrites all but the IP ID sees it rewritten in each of ours. */
bool credit_refuted(const struct trace *t, const struct ip_addr *from)
{
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->kind == REPLY_TIME_EXCEEDED && !r->weak && t->series[r->probe].tcp &&
		    ip_addr_equal(&r->from, from))
			return true;
	}
	return false;
}

static void credit_quote(struct trace *t, int64_t now_ns, const struct packet *p,
			 const struct icmp_error *e, const struct packet *quote, struct match m)
{
	struct trace_reply *reply;

	t->result.probes[m.probe].received++;
	m.number = number_of_error(t, &m, p, e);
	if (m.number < 0) {
		t->series[m.probe].strays++;
		return;
	}
	reply = credit_room(t);
	if (!reply)
		return;
	fill_error(t, reply, p, e);
	reply->weak = m.weak;
	diff_quote(t, &reply->diff, &m, quote);
	credit_file(t, reply, m.number, now_ns);
	credit_orphans(t, m.probe);
}

static void credit_error(struct trace *t, int64_t now_ns, const struct packet *p,
			 const struct icmp_error *e)
{
	struct packet quote;
	struct match m;

	if (packet_parse(&quote, e->quote) < 0)
		return;
	m = match_quote(t, &quote);
	if (m.probe < 0)
		note_tied(t, m.tied);
	else if (!m.weak || !credit_refuted(t, &e->from))
		credit_quote(t, now_ns, p, e, &quote, m);
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
