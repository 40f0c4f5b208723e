/* What left one end and what arrived at the other, of one subflow: one half from our own log, the
 * other from what the peer told. */
#include "probe/mirrored_parts.h"

#include "packet/mptcp_option.h"
#include "util/octets.h"
#include "util/seq.h"

bool mirrored_parse(const struct mirror_segment *s, struct packet *p)
{
	return !packet_parse(p, span_of(s->header, s->header_len));
}

bool mirrored_stamp(const struct packet *p, uint32_t *out)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_TIMESTAMP, -1);

	if (!o || o->malformed || o->len != 10)
		return false;
	*out = load_u32(o->at + 2);
	return true;
}

uint32_t mirrored_place(const struct side *side, const struct packet *p)
{
	return p->tcp.seq - side->isn - 1;
}

bool mirrored_known(const struct mirror_octets *o, uint32_t from, uint32_t len)
{
	if (from > MIRROR_OCTETS_MAX || len > MIRROR_OCTETS_MAX - from)
		return false;
	for (uint32_t i = from; i < from + len; i++)
		if (!(o->have[i / 8] >> i % 8 & 1))
			return false;
	return true;
}

static void side_add(struct side *side, const struct mirror_segment *s, enum mirror_kind kind,
		     const struct mirror_flow *flow)
{
	struct mirror_flow its;
	struct packet p;

	if (s->kind != kind || side->count == SIDE_MAX || !mirrored_parse(s, &p))
		return;
	its = mirror_flow_of(&p, kind == MIRROR_SENT);
	if (!mirror_flow_equal(&its, flow))
		return;
	side->at[side->count++] = s;
	if (!(p.tcp.flags & TCP_SYN) || side->syn)
		return;
	side->syn = true;
	side->isn = p.tcp.seq;
	side->syn_ttl = p.ip.ttl;
}

static void from_log(struct side *side, const struct mirror_client *m, enum mirror_kind kind,
		     const struct mirror_flow *flow)
{
	for (uint64_t n = mirror_log_first(&m->log); n < m->log.count; n++)
		side_add(side, mirror_log_at(&m->log, n), kind, flow);
}

static void from_told(struct side *side, const struct mirror_client *m, enum mirror_kind kind,
		      const struct mirror_flow *flow)
{
	for (size_t i = 0; flow && i < m->told_count; i++)
		side_add(side, &m->told[i], kind, flow);
}

static void note_until(struct until *until, const struct mirror_segment *s)
{
	struct packet p;
	uint32_t stamp;

	if (s->time_ns > until->time_ns)
		until->time_ns = s->time_ns;
	if (!mirrored_parse(s, &p) || !mirrored_stamp(&p, &stamp))
		return;
	if (!until->stamped || seq_before(until->stamp, stamp))
		until->stamp = stamp;
	until->stamped = true;
}

/* Are there no octets between those that left of which nothing is known? */
static bool is_contiguous(const struct side *side)
{
	uint32_t end = 0;

	for (size_t i = 0; i < side->count; i++) {
		uint32_t from;
		struct packet p;

		if (!side->at[i]->payload_len || !mirrored_parse(side->at[i], &p))
			continue;
		from = mirrored_place(side, &p);
		if (seq_before(end, from))
			return false;
		if (seq_before(end, from + side->at[i]->payload_len))
			end = from + side->at[i]->payload_len;
	}
	return true;
}

/* The peer tells in order. What it sent behind the last of which it told is not known; if there is
 * more of a kind, behind the last of that kind. */
static void note_last(struct comparison *c, const struct mirror_client *m)
{
	const bool missing[] = {!m->finished || m->untold.pure, !m->finished || m->untold.sent};
	bool whole = m->finished && !m->untold.gaps;

	for (size_t i = 0; i < c->left.count; i++)
		for (size_t data = 0; data < 2; data++)
			if (!missing[data] || data == (c->left.at[i]->payload_len > 0))
				note_until(&c->until[data], c->left.at[i]);
	for (size_t data = 0; data < 2; data++)
		c->until[data].whole = whole && !missing[data];
	c->until[0].known = whole;
	c->until[1].known = whole || (c->left.syn && is_contiguous(&c->left));
}

bool mirrored_within(const struct comparison *c, const struct mirror_segment *s)
{
	const struct until *until = &c->until[s->payload_len > 0];
	uint32_t stamp;
	struct packet p;

	if (c->forward || !until->known)
		return until->known;
	if (until->stamped && mirrored_parse(s, &p) && mirrored_stamp(&p, &stamp))
		return seq_before(stamp, until->stamp);
	return c->delay_ns != TIME_NEVER && s->time_ns - c->delay_ns < until->time_ns;
}

void mirrored_load(struct comparison *c, const struct mirror_client *m,
		   const struct mirror_subflow *subflow, const struct mirror_flow *theirs,
		   bool forward)
{
	c->subflow = subflow;
	c->forward = forward;
	c->octets = forward ? &subflow->sent : &subflow->received;
	if (forward) {
		from_log(&c->left, m, MIRROR_SENT, &subflow->flow);
		from_told(&c->arrived, m, MIRROR_ARRIVED, theirs);
		c->until[0].known = c->until[0].whole = m->log.count <= m->log.size;
		c->until[1] = c->until[0];
	} else {
		from_told(&c->left, m, MIRROR_SENT, theirs);
		from_log(&c->arrived, m, MIRROR_ARRIVED, &subflow->flow);
		note_last(c, m);
	}
	if (c->left.syn && c->arrived.syn)
		c->shift = c->arrived.isn - c->left.isn;
}

/* --- which of the peer's subflows is which of ours --- */

static const struct mirror_segment *first_syn(const struct mirror_client *m,
					      const struct mirror_flow *flow)
{
	for (uint64_t n = mirror_log_first(&m->log); n < m->log.count; n++) {
		const struct mirror_segment *s = mirror_log_at(&m->log, n);
		struct mirror_flow its;
		struct packet p;

		if (s->kind != MIRROR_SENT || !mirrored_parse(s, &p) || !(p.tcp.flags & TCP_SYN))
			continue;
		its = mirror_flow_of(&p, true);
		if (mirror_flow_equal(&its, flow))
			return s;
	}
	return NULL;
}

static bool nonce_of(const struct packet *p, uint32_t *out)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_JOIN);
	struct mptcp_option join;

	if (!o || mptcp_option_parse(&join, o) || join.join.len != 12)
		return false;
	*out = join.join.nonce;
	return true;
}

/* A SYN that joins is known by its nonce, whatever became of its addresses and numbers. */
static bool is_joined_by(const struct mirror_segment *told, const struct packet *syn,
			 struct mirror_flow *out)
{
	uint32_t ours, theirs;
	struct packet p;

	if (told->kind != MIRROR_ARRIVED || !mirrored_parse(told, &p) || !(p.tcp.flags & TCP_SYN) ||
	    !nonce_of(&p, &theirs) || !nonce_of(syn, &ours) || ours != theirs)
		return false;
	*out = mirror_flow_of(&p, false);
	return true;
}

/* The initial one is the first that is told of. */
bool mirrored_theirs(const struct mirror_client *m, const struct mirror_subflow *subflow,
		     struct mirror_flow *out)
{
	const struct mirror_segment *syn;
	struct packet p;

	if (subflow == m->subflow) {
		if (!m->told_count || !mirrored_parse(&m->told[0], &p))
			return false;
		*out = mirror_flow_of(&p, m->told[0].kind == MIRROR_SENT);
		return true;
	}
	syn = first_syn(m, &subflow->flow);
	if (!syn || !mirrored_parse(syn, &p))
		return false;
	for (size_t i = 0; i < m->told_count; i++)
		if (is_joined_by(&m->told[i], &p, out))
			return true;
	return false;
}
