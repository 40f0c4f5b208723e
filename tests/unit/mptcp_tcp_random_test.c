/* Random links: the stream arrives whole, nothing hangs, memory is bounded. */
#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_all.h"
#include "support/seed.h"
#include "support/tcp_pair.h"

#define RUNS	   1000u
#define MEMORY_MAX (6u << 20)

static double chance(struct rng *r, double most)
{
	return rng_chance(r, 0.5) ? 0 : most * rng_below(r, 1000) / 1000;
}

static void random_link(struct tcp_pair_link *l, struct rng *r)
{
	l->delay_ns = (1 + rng_below(r, 100)) * NS_PER_MS;
	l->jitter_ns = rng_chance(r, 0.5) ? 0 : rng_below(r, 60) * NS_PER_MS;
	l->loss = chance(r, 0.15);
	l->duplicate = chance(r, 0.1);
	l->rate = rng_chance(r, 0.5) ? 0 : 100000 + rng_below(r, 5000000);
	l->queue = rng_chance(r, 0.5) ? 0 : 8000 + rng_below(r, 200000);
}

static void random_end(struct tcp_pair *pair, unsigned i, struct rng *r)
{
	struct tcp_pair_end *e = &pair->end[i];
	struct tcp_config *c = &pair->config[i];

	c->sack = rng_chance(r, 0.8);
	c->timestamps = rng_chance(r, 0.8);
	c->ecn = rng_chance(r, 0.5);
	c->mss = (uint16_t)(300 + rng_below(r, 1200));
	c->wscale = (uint8_t)rng_below(r, 15);
	c->retries = 40;
	c->syn_retries = 40;
	if (rng_chance(r, 0.3))
		c->isn = 0u - rng_below(r, 100000);
	if (rng_chance(r, 0.3))
		c->ts_offset = 0u - rng_below(r, 5000);
	e->buffer = 3000 + rng_below(r, rng_chance(r, 0.5) ? 20000 : 1 << 20);
	e->option_octets = rng_chance(r, 0.5) ? 0 : 2 + rng_below(r, 27);
	e->piece_max = rng_chance(r, 0.7) ? 0 : 1 + rng_below(r, 2000);
	e->to_send = rng_below(r, rng_chance(r, 0.3) ? 400000 : 60000);
	e->shut_when_sent = true;
}

/* A path whose MTU shrinks at some time, with and without telling. */
static bool narrow(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		   const struct packet *p)
{
	uint32_t mtu = p->ip.version == 4 ? 700 : 1280;

	(void)octets;
	if (pair->packets[0] + pair->packets[1] < pair->counter || len <= mtu)
		return true;
	if (pair->counter & 1)
		tcp_receive_too_big(&pair->end[from].tcp, p->tcp.seq, mtu);
	return false;
}

static void describe(const struct tcp_pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct tcp_pair_end *e = &pair->end[i];
		const struct tcp *t = &e->tcp;

		print_error(
		    "end %u: %s, sent %llu of %llu, received %llu, corrupt %d, una %u nxt %u "
		    "end %u, window %u, cwnd %u, recovery %d, timeouts %u, mss %u\n",
		    i, tcp_state_name(t->state), (unsigned long long)e->pushed,
		    (unsigned long long)e->to_send, (unsigned long long)e->received, e->corrupt,
		    t->snd_una - t->iss, t->snd_nxt - t->iss, t->snd_end - t->iss, t->snd_wnd,
		    t->flow.cwnd, t->recovery, t->timeouts, t->mss);
	}
}

/* Readers who stop and go on as they please, and do not say so. */
static bool moody(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		  const struct packet *p)
{
	struct tcp_pair_end *e = &pair->end[from];

	(void)octets;
	(void)len;
	(void)p;
	e->reads = rng_chance(&pair->rng, 0.9);
	if (e->reads || rng_chance(&pair->rng, 0.5))
		e->unread = 0;
	return true;
}

static void run_once(uint64_t seed)
{
	struct tcp_pair *pair = calloc(1, sizeof(*pair));
	struct rng r;

	rng_seed(&r, seed);
	pair_init(pair, seed);
	random_link(&pair->link, &r);
	random_end(pair, 0, &r);
	random_end(pair, 1, &r);
	if (rng_chance(&r, 0.2)) {
		pair->filter = narrow;
		pair->counter = rng_below(&r, 500);
	}
	if (rng_chance(&r, 0.2))
		pair->filter = moody;
	if (rng_chance(&r, 0.1))
		pair_ipv6(pair);
	if (rng_chance(&r, 0.1))
		pair_open_both(pair);
	else
		pair_open(pair);
	if (!pair_settle(pair, 7200 * NS_PER_S) || !pair_whole(pair)) {
		print_error("MBOXTRACE_RUNS=1 MBOXTRACE_SEED=%llu\n", (unsigned long long)seed);
		describe(pair);
		fail();
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_true(tcp_memory(&pair->end[i].tcp) < MEMORY_MAX);
		assert_int_equal(pair->end[i].events[TCP_EVENT_FIN], 1);
		assert_int_equal(pair->end[i].events[TCP_EVENT_FAILED], 0);
		assert_int_equal(pair->end[i].events[TCP_EVENT_RESET], 0);
	}
	pair_fini(pair);
	free(pair);
}

/* A failed run is repeated alone by the seed that it prints. MBOXTRACE_RUNS: how many. */
static void random_runs(void **state)
{
	const char *given = getenv("MBOXTRACE_RUNS");
	struct rng r = test_rng("tcp_random");
	uint64_t seed = r.state;

	(void)state;
	for (unsigned i = 0; i < (given ? (unsigned)atoi(given) : RUNS); i++)
		run_once(seed + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
