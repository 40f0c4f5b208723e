/* What a resumed trace asks: segments of a connection, and SYNs that join it. */
#include <string.h>

#include "probe/engine.h"
#include "util/octets.h"

#define UNLUCKY_PAUSE_NS (1100 * NS_PER_MS) /* kernels give an ICMP token back every second */

void trace_resume(struct trace *t)
{
	t->phase = PHASE_INSIDE;
	t->rounds++;
}

/* Only hops that spoke before are worth asking: silence of others says nothing. */
static bool worth_asking(const struct trace *t, uint8_t ttl)
{
	const struct trace_reply *r = observe_hop(t, ttl);

	return r && r->kind == REPLY_TIME_EXCEEDED;
}

static void ask_hops(struct trace *t, int probe, uint8_t times, int64_t when_ns)
{
	for (unsigned ttl = t->result.config.first_ttl; ttl < t->result.path_length; ttl++)
		if (worth_asking(t, (uint8_t)ttl) && !observe_at(t, probe, (uint8_t)ttl))
			schedule_want(t, probe, (uint8_t)ttl, times, when_ns);
}

int trace_hold(struct trace *t, enum probe_role role, struct span segment, int64_t now_ns)
{
	int probe = series_hold(t, role, segment);

	if (probe >= 0)
		ask_hops(t, probe, t->result.config.queries, now_ns);
	return probe;
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

int trace_join(struct trace *t, enum probe_role role, uint32_t token, int64_t now_ns)
{
	int probe = series_add(t, role, NULL);

	if (probe < 0)
		return -1;
	t->series[probe].inside = true;
	write_token(&t->series[probe], token);
	ask_hops(t, probe, t->result.config.queries, now_ns);
	return probe;
}

void trace_ask_target(struct trace *t, int probe, uint8_t times, int64_t now_ns)
{
	if (probe >= 0 && t->result.path_length && !observe_answer(t, probe))
		schedule_want(t, probe, t->result.path_length, times, now_ns);
}

/* A hop that answered SYNs may be out of ICMP tokens by now. */
bool trace_ask_again(struct trace *t, int64_t now_ns)
{
	for (size_t i = 0; i < t->result.probe_count; i++)
		if (t->series[i].inside)
			ask_hops(t, (int)i, 1, now_ns + UNLUCKY_PAUSE_NS);
	return !schedule_idle(t);
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
