/* Somebody on the path speaks in the target's name, or hops answer for one another. */
#include "packet/packet.h"
#include "probe/engine.h"

#define REPEATS 3

/* The nearest TTL, at or beyond `ttl`, at which a router answered an echo; 0: none. */
static const struct trace_reply *echo_beyond(const struct trace *t, uint8_t ttl, unsigned *count)
{
	const struct trace_reply *nearest = NULL;
	int echo = series_find(t, ROLE_ECHO);

	*count = 0;
	for (unsigned at = ttl; echo >= 0 && at <= t->result.config.max_ttl; at++) {
		const struct trace_reply *r = observe_quote(t, echo, (uint8_t)at);

		if (!r || r->kind != REPLY_TIME_EXCEEDED ||
		    ip_addr_equal(&r->from, &t->result.config.target))
			continue;
		++*count;
		if (!nearest)
			nearest = r;
	}
	return nearest;
}

/* A SYN proxy knows nothing of the target yet: no window, no options to speak of (RFC 4987 §3.6).
 */
static enum cause proxy_cause(const struct trace_reply *syn_ack)
{
	struct packet p;

	if (packet_parse(&p, syn_ack->answer) < 0 || !(p.have & PACKET_HAS_TCP))
		return CAUSE_SPLIT_PROXY;
	if (!p.tcp.window || !tcp_option_find(&p.tcp.options, TCP_OPT_SACK_PERM, -1))
		return CAUSE_SYN_PROXY;
	return CAUSE_SPLIT_PROXY;
}

static void blame_refusal(struct finding *f)
{
	f->change = CHANGE_RESET;
	f->cause = CAUSE_RESETTER;
	f->impact = IMPACT_BROKEN;
}

static struct finding *add_answered(struct trace *t, const struct trace_reply *syn_ack)
{
	struct finding *f = conclude_add(t, "packet", CHANGE_ANSWERED);
	uint8_t before = syn_ack->ttl - 1;

	if (!f)
		return NULL;
	while (before && !observe_at(t, syn_ack->probe, before))
		before--;
	f->direction = DIRECTION_FORWARD;
	f->basis = BASIS_REPLY;
	f->cause = proxy_cause(syn_ack);
	f->after = observe_place(t, syn_ack->probe, before);
	f->by = (struct place){true, syn_ack->ttl, syn_ack->from};
	f->impact = syn_ack->mptcp == MPTCP_V1 ? IMPACT_DEGRADED : IMPACT_FALLBACK;
	if (syn_ack->kind == REPLY_RST)
		blame_refusal(f);
	return f;
}

/* Echoes walk on where SYNs are answered. How far the answer came back, compared with an echo
 * reply, makes it certain; without one, a single hop may be a branch of another length. */
static void conclude_echo(struct trace *t, const struct trace_reply *answer)
{
	const struct trace_reply *pong = observe_answer(t, series_find(t, ROLE_ECHO));
	const struct trace_reply *beyond;
	struct finding *f;
	unsigned count;

	if (!answer)
		return;
	beyond = echo_beyond(t, answer->ttl, &count);
	if (!beyond || (pong ? pong->received_ttl == answer->received_ttl : count < 2))
		return;
	f = add_answered(t, answer);
	if (!f)
		return;
	f->by = (struct place){true, beyond->ttl, beyond->from};
	f->confidence = pong && !(answer->guessed && t->series[answer->probe].serial)
			    ? CONFIDENCE_CERTAIN
			    : CONFIDENCE_LIKELY;
}

/* Did this series walk on through routers where another one got a SYN/ACK? Source ports may lead
 * over branches of different lengths: so its own SYN/ACK must have come from elsewhere or, if it
 * had none, two routers must have spoken. */
static const struct trace_reply *walked_on(const struct trace *t, int probe,
					   const struct trace_reply *syn_ack)
{
	const struct trace_reply *own = observe_answer(t, probe);
	const struct trace_reply *beyond = observe_at(t, probe, syn_ack->ttl);

	if (!t->series[probe].walks || !beyond || beyond->kind != REPLY_TIME_EXCEEDED ||
	    ip_addr_equal(&beyond->from, &t->result.config.target))
		return NULL;
	if (own ? own->received_ttl == syn_ack->received_ttl : t->series[probe].top <= syn_ack->ttl)
		return NULL;
	return beyond;
}

/* The target cannot be at two distances. */
static void conclude_distances(struct trace *t)
{
	const struct trace_reply *near = observe_syn_ack(t), *beyond = NULL;
	struct finding *f;

	for (size_t i = 0; near && !beyond && i < t->result.probe_count; i++)
		beyond = walked_on(t, (int)i, near);
	f = beyond ? add_answered(t, near) : NULL;
	if (f)
		f->by = (struct place){true, beyond->ttl, beyond->from};
}

static bool exceeded_by_target(const struct trace *t, uint8_t ttl)
{
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->ttl == ttl && r->kind == REPLY_TIME_EXCEEDED &&
		    ip_addr_equal(&r->from, &t->result.config.target))
			return true;
	}
	return false;
}

/* Behind a destination NAT hops answer with the address they are hidden behind. */
static void conclude_dnat(struct trace *t)
{
	bool v6 = t->result.config.target.family == 6;
	uint8_t after = 0;
	struct finding *f;

	for (unsigned ttl = 1; ttl <= t->front; ttl++) {
		if (!exceeded_by_target(t, (uint8_t)ttl)) {
			after = observe_hop(t, (uint8_t)ttl) ? (uint8_t)ttl : after;
			continue;
		}
		f = conclude_add(t, v6 ? "ipv6.dst" : "ip.dst", CHANGE_REWRITTEN);
		if (!f)
			return;
		f->direction = DIRECTION_FORWARD;
		f->basis = BASIS_REPLY;
		f->cause = CAUSE_NAT;
		f->confidence = CONFIDENCE_LIKELY;
		f->after = observe_place(t, 0, after);
		f->by = (struct place){true, (uint8_t)ttl, t->result.config.target};
		return;
	}
}

static bool same_router(const struct trace *t, uint8_t ttl)
{
	const struct trace_reply *a = observe_at(t, 0, ttl), *b = observe_at(t, 0, ttl + 1);

	return a && b && a->kind == REPLY_TIME_EXCEEDED && b->kind == REPLY_TIME_EXCEEDED &&
	       ip_addr_equal(&a->from, &b->from) &&
	       !ip_addr_equal(&a->from, &t->result.config.target);
}

/* One router at many TTLs in a row: something in front of it sets the TTL. (Two in a row are a
 * known fault of routers that forward TTL 0.) */
static void conclude_ttl(struct trace *t)
{
	unsigned run = 1;

	for (unsigned ttl = 1; ttl + 1 <= t->front; ttl++) {
		struct finding *f;
		uint8_t first;

		run = same_router(t, (uint8_t)ttl) ? run + 1 : 1;
		if (run < REPEATS)
			continue;
		first = (uint8_t)(ttl + 2 - run);
		f = conclude_add(t, t->result.config.target.family == 6 ? "ipv6.hlim" : "ip.ttl",
				 CHANGE_REWRITTEN);
		if (!f)
			return;
		f->direction = DIRECTION_FORWARD;
		f->basis = BASIS_REPLY;
		f->confidence = CONFIDENCE_LIKELY;
		f->after = observe_place(t, 0, first - 1);
		f->by = observe_place(t, 0, first);
		return;
	}
}

void conclude_proxies(struct trace *t)
{
	size_t before = t->result.finding_count;

	conclude_distances(t);
	if (t->result.finding_count == before)
		conclude_echo(t, observe_syn_ack(t));
	if (t->result.finding_count == before)
		conclude_echo(t, observe_refusal(t));
	conclude_dnat(t);
	conclude_ttl(t);
}
