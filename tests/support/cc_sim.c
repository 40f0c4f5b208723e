#include "support/cc_sim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/time.h"

#define RING	    65536
#define DUP_THRESH  3
#define RTO_MIN_NS  (200 * NS_PER_MS)
#define BACKOFF_MAX 6

void cc_sim_init(struct cc_sim *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	rng_seed(&s->rng, seed);
}

void cc_sim_fini(struct cc_sim *s)
{
	for (unsigned i = 0; i < s->flows; i++)
		free(s->flow[i].ring);
}

unsigned cc_sim_link(struct cc_sim *s, double bits_per_s, unsigned queue_packets)
{
	struct cc_sim_link *link = &s->link[s->links];

	link->octet_ns = 8e9 / bits_per_s;
	link->queue_ns = link->octet_ns * CC_SIM_WIRE * queue_packets;
	return s->links++;
}

unsigned cc_sim_conn(struct cc_sim *s, const char *cc)
{
	s->conn[s->conns].cc = cc_find(cc);
	return s->conns++;
}

unsigned cc_sim_flow(struct cc_sim *s, unsigned conn, unsigned link, int64_t rtt_ns)
{
	struct cc_sim_flow *f = &s->flow[s->flows];

	f->conn = &s->conn[conn];
	f->link = &s->link[link];
	f->rtt_ns = rtt_ns;
	f->start_ns = f->progress_ns = rng_below(&s->rng, (uint32_t)NS_PER_S);
	f->ring = calloc(RING, sizeof(*f->ring));
	assert(f->ring);
	f->cc.mss = CC_SIM_MSS;
	f->cc.srtt_ns = f->cc.min_rtt_ns = f->cc.latest_rtt_ns = rtt_ns; /* of the handshake */
	f->conn->cc->init(&f->cc, f->start_ns);
	f->conn->group.flow[f->conn->group.count++] = &f->cc;
	return s->flows++;
}

static struct cc_sim_packet *at(struct cc_sim_flow *f, uint64_t seq)
{
	return &f->ring[seq % RING];
}

/* When the packet has left the link; TIME_NEVER if it finds the queue full. */
static int64_t enqueue(struct cc_sim_link *link, int64_t now_ns)
{
	int64_t start = link->busy_until_ns > now_ns ? link->busy_until_ns : now_ns;

	if ((double)(start - now_ns) > link->queue_ns)
		return TIME_NEVER;
	link->busy_until_ns = start + (int64_t)(link->octet_ns * CC_SIM_WIRE);
	return link->busy_until_ns;
}

/* A host's jitter, at most the time of a packet on the link, so that flows do not march in step;
 * ACKs stay in order. */
static void send_packet(struct cc_sim *s, struct cc_sim_flow *f)
{
	struct cc_sim_packet *p = at(f, f->next);
	int64_t left = enqueue(f->link, s->now_ns), earliest = 0;

	assert(f->next - f->una < RING);
	p->sent_ns = s->now_ns;
	p->acked = false;
	p->acked_ns = TIME_NEVER;
	if (left != TIME_NEVER) {
		p->acked_ns = left + f->rtt_ns +
			      rng_below(&s->rng, (uint32_t)(f->link->octet_ns * CC_SIM_WIRE));
		for (uint64_t seq = f->next; seq-- > f->cursor && !earliest;)
			if (at(f, seq)->acked_ns != TIME_NEVER)
				earliest = at(f, seq)->acked_ns;
		if (p->acked_ns < earliest)
			p->acked_ns = earliest;
	}
	f->next++;
	f->pipe++;
}

static void send_window(struct cc_sim *s, struct cc_sim_flow *f)
{
	if (s->now_ns < f->start_ns)
		return;
	f->cc.established = true;
	while ((f->pipe + 1) * CC_SIM_MSS <= f->cc.cwnd)
		send_packet(s, f);
}

static void measure(struct cc_flow *f, int64_t rtt_ns)
{
	f->latest_rtt_ns = rtt_ns;
	f->srtt_ns += (rtt_ns - f->srtt_ns) / 8;
	if (rtt_ns < f->min_rtt_ns)
		f->min_rtt_ns = rtt_ns;
}

static void detect_losses(struct cc_sim *s, struct cc_sim_flow *f, uint64_t seq)
{
	for (; f->una <= seq; f->una++) {
		if (at(f, f->una)->acked)
			continue;
		if (seq - f->una < DUP_THRESH)
			return;
		f->pipe--;
		if (f->una < f->recover)
			continue;
		f->losses++;
		f->recover = f->next;
		f->conn->cc->lost(&f->conn->group, &f->cc, s->now_ns);
	}
}

static void take_ack(struct cc_sim *s, struct cc_sim_flow *f)
{
	struct cc_sim_packet *p = at(f, f->cursor);

	f->cc.in_flight = (uint32_t)f->pipe * CC_SIM_MSS;
	f->pipe--;
	f->conn->delivered++;
	f->backoff = 0;
	f->progress_ns = s->now_ns;
	p->acked = true;
	measure(&f->cc, s->now_ns - p->sent_ns);
	detect_losses(s, f, f->cursor);
	if (f->cursor >= f->recover)
		f->conn->cc->acked(&f->conn->group, &f->cc, CC_SIM_MSS, s->now_ns);
	f->cursor++;
}

static void take_timeout(struct cc_sim *s, struct cc_sim_flow *f)
{
	f->cc.in_flight = (uint32_t)f->pipe * CC_SIM_MSS;
	f->timeouts++;
	f->backoff += f->backoff < BACKOFF_MAX;
	f->progress_ns = s->now_ns;
	f->una = f->cursor = f->recover = f->next;
	f->pipe = 0;
	f->conn->cc->timeout(&f->conn->group, &f->cc, s->now_ns);
}

static int64_t expiry(struct cc_sim_flow *f)
{
	int64_t rto = 2 * f->cc.srtt_ns > RTO_MIN_NS ? 2 * f->cc.srtt_ns : RTO_MIN_NS;

	if (!f->cc.established)
		return f->start_ns;
	while (f->cursor < f->next && at(f, f->cursor)->acked_ns == TIME_NEVER)
		f->cursor++;
	if (f->cursor < f->next)
		return at(f, f->cursor)->acked_ns;
	return f->progress_ns + (rto << f->backoff);
}

static void act(struct cc_sim *s, struct cc_sim_flow *f)
{
	if (f->cc.established && f->cursor < f->next)
		take_ack(s, f);
	else if (f->cc.established)
		take_timeout(s, f);
	send_window(s, f);
}

void cc_sim_run(struct cc_sim *s, int64_t until_ns)
{
	for (;;) {
		struct cc_sim_flow *first = &s->flow[0];

		for (unsigned i = 1; i < s->flows; i++)
			if (expiry(&s->flow[i]) < expiry(first))
				first = &s->flow[i];
		if (expiry(first) > until_ns)
			break;
		s->now_ns = expiry(first);
		act(s, first);
	}
	s->now_ns = until_ns;
}

void cc_sim_reset(struct cc_sim *s)
{
	s->since_ns = s->now_ns;
	for (unsigned i = 0; i < s->conns; i++)
		s->conn[i].delivered = 0;
}

double cc_sim_rate(const struct cc_sim *s, unsigned conn)
{
	return (double)s->conn[conn].delivered * CC_SIM_WIRE * 8e9 /
	       (double)(s->now_ns - s->since_ns);
}
