/* Random connections over random paths: the stream arrives whole and in order on both sides and
 * both ends close, nothing hangs, memory is bounded, and no fallback happens where no box asks for
 * one. A failing run is repeated by MBOXTRACE_SEED=<its seed> MBOXTRACE_RUNS=1. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/endpoint_pair.h"
#include "support/seed.h"

#define RUNS 300

static const char *const schedulers[] = {"lowest-rtt", "round-robin", "redundant", "blest"};
static const char *const managers[] = {"fullmesh", "ndiffports", "backup", "single-path", "none"};
static const char *const controls[] = {"lia", "olia", "balia", "wvegas", "cubic", "reno"};

static void random_config(struct duo *p, struct rng *r)
{
	uint8_t version = (uint8_t)rng_below(r, 2);
	size_t buffer = (size_t)16384 << rng_below(r, 8);

	for (int s = 0; s < 2; s++) {
		struct conn_config *c = &p->config[s];

		c->version = version;
		c->checksum = rng_chance(r, 0.3);
		c->scheduler = schedulers[rng_below(r, 4)];
		c->pm = managers[rng_below(r, 5)];
		c->cc = controls[rng_below(r, 6)];
		c->mss_policy = (enum mss_policy)rng_below(r, 3);
		c->receive_buffer = buffer;
		c->tcp.mss = (uint16_t)(500 + rng_below(r, 960));
		c->tcp.sack = rng_chance(r, 0.8);
		c->tcp.timestamps = rng_chance(r, 0.8);
	}
}

static void random_paths(struct duo *p, struct rng *r)
{
	for (unsigned i = 0; i < DUO_PATHS; i++) {
		struct duo_path *path = &p->path[i];

		path->delay_ns = (int64_t)(1 + rng_below(r, 100)) * NS_PER_MS;
		path->jitter_ns = rng_chance(r, 0.3) ? (int64_t)rng_below(r, 20) * NS_PER_MS : 0;
		path->loss = rng_chance(r, 0.5) ? 0.001 * rng_below(r, 50) : 0;
		path->duplicate = rng_chance(r, 0.2) ? 0.02 : 0;
		if (rng_chance(r, 0.5)) {
			path->rate = 100000 + rng_below(r, 2000000);
			path->queue = 20000 + rng_below(r, 100000);
		}
	}
}

static void report(const struct duo *p, uint64_t seed)
{
	fprintf(stderr, "failed: MBOXTRACE_SEED=%llu MBOXTRACE_RUNS=1\n", (unsigned long long)seed);
	for (int s = 0; s < 2; s++) {
		const struct duo_side *one = &p->side[s];
		struct conn_info info = {0};

		if (one->conn)
			conn_info(one->conn, &info);
		fprintf(stderr,
			"  side %d: sent %llu of %llu, received %llu of %llu%s%s, outcome %d, "
			"fallback %s: %s, %zu subflows, memory %zu\n",
			s, (unsigned long long)one->sent, (unsigned long long)one->to_send,
			(unsigned long long)one->received, (unsigned long long)p->side[!s].to_send,
			one->corrupt ? ", corrupt" : "", one->closed ? ", closed" : "",
			info.outcome, fallback_stage_name(info.fallback_stage),
			fallback_reason_text(info.fallback_reason), info.subflow_count,
			info.memory);
	}
}

static bool run(uint64_t seed)
{
	struct duo p;
	struct rng r;
	bool good;

	rng_seed(&r, seed);
	duo_init(&p, seed);
	duo_addresses(&p, 1 + rng_below(&r, 3), 1 + rng_below(&r, 2));
	random_config(&p, &r);
	random_paths(&p, &r);
	p.side[CLIENT].to_send = rng_below(&r, 1u << rng_below(&r, 20));
	p.side[SERVER].to_send = rng_below(&r, 1u << rng_below(&r, 20));
	p.side[CLIENT].write_max = rng_chance(&r, 0.2) ? 100 + rng_below(&r, 3000) : 0;
	duo_start(&p);
	duo_run(&p, 2000 * NS_PER_S);
	good = duo_complete(&p);
	for (int s = 0; good && s < 2; s++) {
		struct conn_info info = duo_info(&p, s);

		good = info.outcome == OUTCOME_MPTCP && info.fallback_stage == FALLBACK_NONE &&
		       info.memory < 4 * (p.config[s].receive_buffer + p.config[s].send_buffer);
	}
	if (!good)
		report(&p, seed);
	duo_fini(&p);
	return good;
}

static void test_random(void **state)
{
	const char *runs = getenv("MBOXTRACE_RUNS");
	struct rng r = test_rng("mptcp_conn_random");
	unsigned failed = 0, count = runs ? (unsigned)atoi(runs) : RUNS;

	(void)state;
	if (count == 1)
		failed = !run(r.state);
	for (unsigned i = 0; i < count && count > 1 && failed < 5; i++)
		failed += !run(rng_u64(&r));
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
