#include "support/tcp_pair.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

struct in_flight {
	unsigned to;
	size_t len;
	uint8_t octets[];
};

void pair_init(struct tcp_pair *pair, uint64_t seed)
{
	memset(pair, 0, sizeof(*pair));
	pair->seed = seed;
	rng_seed(&pair->rng, seed);
	pair->trace = getenv("MBOXTRACE_TRACE") != NULL;
	pair->link.delay_ns = 10 * NS_PER_MS;
	pair->now_ns = NS_PER_S;
	for (unsigned i = 0; i < 2; i++) {
		struct tcp_config *c = &pair->config[i];

		tcp_config_defaults(c);
		ip_addr_parse(&c->local, i ? "203.0.113.80" : "192.0.2.7");
		ip_addr_parse(&c->remote, i ? "192.0.2.7" : "203.0.113.80");
		c->local_port = i ? 443 : 45000;
		c->remote_port = i ? 45000 : 443;
		c->isn = rng_u32(&pair->rng);
		c->ts_offset = rng_u32(&pair->rng);
		c->cc = &pair_cc;
		c->group = &pair->end[i].group;
		pair->end[i].pair = pair;
		pair->end[i].buffer = 1 << 20;
		pair->end[i].reads = true;
	}
}

void pair_ipv6(struct tcp_pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		ip_addr_parse(&pair->config[i].local, i ? "2001:db8:80::80" : "2001:db8::7");
		ip_addr_parse(&pair->config[i].remote, i ? "2001:db8::7" : "2001:db8:80::80");
	}
}

void pair_fini(struct tcp_pair *pair)
{
	for (void *f; (f = heap_pop(&pair->wire));)
		free(f);
	heap_fini(&pair->wire);
	tcp_fini(&pair->end[0].tcp);
	tcp_fini(&pair->end[1].tcp);
}

static void put_on_wire(struct tcp_pair *pair, unsigned to, const uint8_t *octets, size_t len,
			int64_t at_ns)
{
	struct in_flight *f = malloc(sizeof(*f) + len);

	f->to = to;
	f->len = len;
	memcpy(f->octets, octets, len);
	heap_push(&pair->wire, at_ns, f);
}

/* When it leaves the queue of the link; negative: the queue is full. */
static int64_t departure(struct tcp_pair *pair, unsigned from, size_t len)
{
	const struct tcp_pair_link *l = &pair->link;
	int64_t start =
	    pair->idle_at_ns[from] > pair->now_ns ? pair->idle_at_ns[from] : pair->now_ns;
	int64_t waiting = start - pair->now_ns;

	if (l->rate == 0)
		return pair->now_ns;
	if (l->queue && (uint64_t)waiting * l->rate / NS_PER_S > l->queue)
		return -1;
	pair->idle_at_ns[from] = start + (int64_t)(len * NS_PER_S / l->rate);
	return pair->idle_at_ns[from];
}

/* "  1033.214 0>1 flags 010 seq 2897 ack 1 win 65535 len 1448 | sack 1 {…} | cwnd 14480" */
static void print_packet(const struct tcp_pair *pair, unsigned from, const struct packet *p)
{
	const struct tcp *t = &pair->end[from].tcp;
	struct buf text = {0};

	for (unsigned i = 0; i < p->tcp.options.count; i++)
		if (p->tcp.options.item[i].kind == TCP_OPT_SACK)
			tcp_option_print(&text, &p->tcp.options.item[i]);
	printf("%10.3f %u>%u flags %03x seq %u ack %u win %u len %zu | %s | cwnd %u %s\n",
	       (double)pair->now_ns / 1e6, from, !from, p->tcp.flags, p->tcp.seq - t->iss,
	       p->tcp.ack - pair->end[!from].tcp.iss, p->tcp.window, p->payload.len,
	       buf_text(&text), t->flow.cwnd, tcp_state_name(t->state));
	buf_fini(&text);
}

static void transport(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len)
{
	const struct tcp_pair_link *l = &pair->link;
	struct packet p;
	int64_t at;

	assert(packet_parse(&p, span_of(octets, len)) == 0);
	if (pair->filter && !pair->filter(pair, from, octets, len, &p))
		return;
	if (pair->trace)
		print_packet(pair, from, &p);
	at = departure(pair, from, len);
	if (at < 0 || rng_chance(&pair->rng, l->loss))
		return;
	for (int copies = 1 + rng_chance(&pair->rng, l->duplicate); copies; copies--)
		put_on_wire(pair, !from, octets, len,
			    at + l->delay_ns +
				(l->jitter_ns
				     ? (int64_t)rng_below(&pair->rng, (uint32_t)l->jitter_ns)
				     : 0));
}

/* All that is due now. */
static void pump(struct tcp_pair *pair, unsigned i)
{
	struct tcp_pair_end *e = &pair->end[i];
	size_t len;

	if (!e->tcp.owner)
		return;
	for (;;) {
		pair_feed(e);
		if (!tcp_send(&e->tcp, pair->now_ns, e->last, sizeof(e->last), &len))
			break;
		e->last_len = len;
		pair->packets[i]++;
		transport(pair, i, e->last, e->last_len);
	}
	if (tcp_expiry_ns(&e->tcp) <= pair->now_ns) {
		fprintf(stderr, "end %u would spin, seed %llu\n", i,
			(unsigned long long)pair->seed);
		abort();
	}
}

static void hand_over(struct tcp_pair *pair, unsigned to, const uint8_t *octets, size_t len)
{
	struct tcp_pair_end *e = &pair->end[to];
	struct packet p;

	assert(packet_parse(&p, span_of(octets, len)) == 0);
	if (e->tcp.owner) {
		tcp_receive(&e->tcp, pair->now_ns, &p);
	} else if ((p.tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		tcp_init_passive(&e->tcp, &pair->config[to], &pair_owner, &p, pair->now_ns);
	}
}

static int64_t next_event(const struct tcp_pair *pair)
{
	const struct heap_entry *wire = heap_peek(&pair->wire);
	int64_t next = wire ? wire->time_ns : TIME_NEVER;

	for (unsigned i = 0; i < 2; i++)
		if (pair->end[i].tcp.owner && tcp_expiry_ns(&pair->end[i].tcp) < next)
			next = tcp_expiry_ns(&pair->end[i].tcp);
	return next;
}

static void arrive_all(struct tcp_pair *pair)
{
	const struct heap_entry *wire;

	while ((wire = heap_peek(&pair->wire)) && wire->time_ns <= pair->now_ns) {
		struct in_flight *f = heap_pop(&pair->wire);

		hand_over(pair, f->to, f->octets, f->len);
		pump(pair, f->to);
		free(f);
	}
}

void pair_run(struct tcp_pair *pair, int64_t for_ns)
{
	int64_t end = pair->now_ns + for_ns, next;

	do {
		arrive_all(pair);
		pump(pair, 0);
		pump(pair, 1);
		next = next_event(pair);
		if (next <= end && next > pair->now_ns)
			pair->now_ns = next;
	} while (next <= end);
	pair->now_ns = end;
}

static bool busy(const struct tcp_pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct tcp_pair_end *e = &pair->end[i];

		if (e->tcp.state == TCP_CLOSED || e->tcp.state == TCP_TIME_WAIT)
			continue;
		if (e->pushed != e->to_send || e->tcp.snd_una != e->tcp.snd_end ||
		    e->tcp.state < TCP_ESTABLISHED)
			return true;
		if (e->shut_when_sent && e->tcp.state == TCP_ESTABLISHED)
			return true;
	}
	return heap_peek(&pair->wire) != NULL;
}

bool pair_settle(struct tcp_pair *pair, int64_t for_ns)
{
	int64_t end = pair->now_ns + for_ns;

	pair_run(pair, 0);
	while (pair->now_ns < end && busy(pair)) {
		int64_t next = next_event(pair);

		if (next == TIME_NEVER)
			break;
		pair_run(pair, next > pair->now_ns ? next - pair->now_ns : 0);
	}
	return !busy(pair);
}

void pair_open(struct tcp_pair *pair)
{
	tcp_init_active(&pair->end[0].tcp, &pair->config[0], &pair_owner, pair->now_ns);
	pump(pair, 0);
}

void pair_open_both(struct tcp_pair *pair)
{
	tcp_init_active(&pair->end[1].tcp, &pair->config[1], &pair_owner, pair->now_ns);
	pair_open(pair);
	pump(pair, 1);
}

void pair_connect(struct tcp_pair *pair)
{
	pair_open(pair);
	pair_run(pair, 3 * pair->link.delay_ns + 1);
}

void pair_read(struct tcp_pair_end *end, uint32_t octets)
{
	end->unread -= octets < end->unread ? octets : end->unread;
	tcp_window_opened(&end->tcp);
}

void pair_inject(struct tcp_pair *pair, unsigned to, const uint8_t *octets, size_t len)
{
	hand_over(pair, to, octets, len);
	pump(pair, to);
}

void pair_forge(struct tcp_pair *pair, unsigned to, unsigned flags, uint32_t seq, uint32_t ack,
		struct span payload)
{
	const struct tcp_config *c = &pair->config[!to];
	uint8_t out[PAIR_PACKET_MAX];
	struct packet p = {.ip = {.version = c->local.family,
				  .proto = IP_PROTO_TCP,
				  .ttl = 64,
				  .src = c->local,
				  .dst = c->remote},
			   .tcp = {.src_port = c->local_port,
				   .dst_port = c->remote_port,
				   .seq = seq,
				   .ack = ack,
				   .flags = (uint16_t)flags,
				   .window = 1000},
			   .payload = payload};
	int len = packet_build(&p, PACKET_FIX_ALL, out, sizeof(out));

	assert(len > 0);
	pair_inject(pair, to, out, (size_t)len);
}

bool pair_whole(const struct tcp_pair *pair)
{
	for (unsigned i = 0; i < 2; i++)
		if (pair->end[i].corrupt || pair->end[!i].received != pair->end[i].to_send)
			return false;
	return true;
}
