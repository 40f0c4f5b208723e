/* Random connections over random paths with random boxes and cuts: whatever the boxes do to the
 * options, no octet of the stream is lost, repeated or changed; a connection that cannot go on
 * ends, with a reason, on both sides. Repeat one by MBOXTRACE_SEED=<its seed> MBOXTRACE_RUNS=1. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "packet/mptcp_option.h"

#include "support/option_box.h"
#include "support/seed.h"

#define RUNS	 400
#define BOXES	 2
#define PATIENCE (5000 * NS_PER_S)

static const char *const schedulers[] = {"lowest-rtt", "round-robin", "redundant", "blest"};
static const char *const managers[] = {"fullmesh", "ndiffports", "backup", "single-path", "none"};

static void random_config(struct duo *p, struct rng *r)
{
	uint8_t version = (uint8_t)rng_below(r, 2);
	bool payload_checked = rng_chance(r, 0.4);

	for (int s = 0; s < 2; s++) {
		struct conn_config *c = &p->config[s];

		c->version = version;
		c->keepalive_ns = 60 * NS_PER_S; /* a RST may be lost (RFC 9293 §3.5.1) */
		c->checksum = payload_checked;
		c->scheduler = schedulers[rng_below(r, 4)];
		c->pm = managers[rng_below(r, 5)];
		c->receive_buffer = (size_t)16384 << rng_below(r, 8);
		c->tcp.mss = (uint16_t)(500 + rng_below(r, 960));
		c->tcp.sack = rng_chance(r, 0.8);
		c->tcp.timestamps = rng_chance(r, 0.8);
		c->no_join_here = rng_chance(r, 0.1);
	}
	if (rng_chance(r, 0.05))
		p->config[CLIENT].version = 255;
	if (rng_chance(r, 0.05))
		p->config[SERVER].version ^= 1;
	p->cookies = rng_chance(r, 0.2);
}

static void random_path(struct duo_path *path, struct rng *r)
{
	path->delay_ns = (int64_t)(1 + rng_below(r, 100)) * NS_PER_MS;
	path->loss = rng_chance(r, 0.5) ? 0.001 * rng_below(r, 60) : 0;
	path->jitter_ns = rng_chance(r, 0.3) ? (int64_t)rng_below(r, 20) * NS_PER_MS : 0;
	path->duplicate = rng_chance(r, 0.2) ? 0.02 : 0;
	if (rng_chance(r, 0.5)) {
		path->rate = 100000 + rng_below(r, 2000000);
		path->queue = 20000 + rng_below(r, 100000);
	}
	if (rng_chance(r, 0.2)) {
		path->cut_from_ns = NS_PER_S + (int64_t)rng_below(r, 3000) * NS_PER_MS;
		path->cut_to_ns = path->cut_from_ns + (int64_t)rng_below(r, 40000) * NS_PER_MS;
	}
}

/* Octets are changed only where checksums are in use. */
static void random_box(struct option_box *box, struct rng *r, bool checksum)
{
	static const unsigned segments[] = {ON_SYN, ON_SYN_ACK, ON_REST, ON_DATA, ON_ACK, ON_ALL};
	static const enum box_action actions[] = {BOX_NOP,    BOX_EOL,	 BOX_CUT,   BOX_DROP,
						  BOX_MIRROR, BOX_SPLIT, BOX_FLAGS, BOX_EDIT};

	box->action = actions[rng_below(r, checksum ? 8 : 7)];
	box->from = (int)rng_below(r, 3) - 1;
	box->path = rng_below(r, 3);
	box->segments = box->action == BOX_MIRROR ? ON_SYN | ON_SYN_ACK : segments[rng_below(r, 6)];
	box->subtypes = rng_chance(r, 0.5) ? 0 : 1u << rng_below(r, 9);
	box->after = rng_chance(r, 0.5) ? 0 : rng_below(r, 60);
	box->times = rng_chance(r, 0.5) ? 0 : 1 + rng_below(r, 5);
	if (box->action == BOX_DROP && box->segments & ON_REST && !box->times)
		box->times = 20;
	box->value = (uint8_t)(1u << rng_below(r, 8));
	/* What says how long a mapping is, or which one it is, is as good as payload. */
	if (box->action == BOX_FLAGS)
		box->subtypes = 1u << MPTCP_CAPABLE;
	if (box->action == BOX_EDIT)
		box->times = 1;
}

static bool is_end(enum conn_outcome outcome)
{
	return outcome == OUTCOME_MPTCP || outcome == OUTCOME_FALLBACK;
}

static bool fell_back(const struct duo *p, int side)
{
	struct conn_info info = duo_info(p, side);

	return info.outcome == OUTCOME_FALLBACK || info.fallback_stage != FALLBACK_NONE;
}

static const char *judge(const struct duo *p, bool edited)
{
	if (p->spins)
		return "spins";
	for (int s = 0; s < 2; s++) {
		const struct duo_side *one = &p->side[s];

		if (!one->conn)
			return s == SERVER && is_end(conn_outcome(p->side[CLIENT].conn))
				   ? "no server"
				   : NULL;
		if (!one->closed)
			return "hangs";
		if (one->corrupt && !(edited && fell_back(p, s)))
			return "corrupt";
		if (one->received > p->side[!s].to_send)
			return "too much";
		if (is_end(conn_outcome(one->conn)) && one->received != p->side[!s].to_send)
			return "ended early";
		if (conn_outcome(one->conn) == OUTCOME_NONE)
			return "no outcome";
	}
	return NULL;
}

static void report(const struct duo *p, uint64_t seed, const char *what)
{
	const struct option_box *box = p->context;

	fprintf(stderr, "%s: MBOXTRACE_SEED=%llu MBOXTRACE_RUNS=1\n", what,
		(unsigned long long)seed);
	for (; box->segments; box++)
		fprintf(stderr,
			"  box %d from %d path %u on %u subtypes %x after %u times %u value %x\n",
			box->action, box->from, box->path, box->segments, box->subtypes, box->after,
			box->times, box->value);
	for (int s = 0; s < 2; s++) {
		const struct duo_side *one = &p->side[s];
		struct conn_info info = {0};

		if (one->conn)
			conn_info(one->conn, &info);
		fprintf(
		    stderr,
		    "  side %d: sent %llu of %llu, received %llu%s%s, state %d, %s, %s: %s, %zu "
		    "subflows\n",
		    s, (unsigned long long)one->sent, (unsigned long long)one->to_send,
		    (unsigned long long)one->received, one->corrupt ? ", corrupt" : "",
		    one->closed ? ", closed" : "", one->conn ? (int)conn_state(one->conn) : -1,
		    conn_outcome_name(info.outcome), fallback_stage_name(info.fallback_stage),
		    fallback_reason_text(info.fallback_reason), info.subflow_count);
	}
}

static bool run(uint64_t seed)
{
	struct option_box box[BOXES + 1] = {0};
	const char *what;
	bool edited = false;
	struct duo p;
	struct rng r;

	rng_seed(&r, seed);
	duo_init(&p, seed);
	duo_addresses(&p, 1 + rng_below(&r, 3), 1 + rng_below(&r, 2));
	random_config(&p, &r);
	for (unsigned i = 0; i < DUO_PATHS; i++)
		random_path(&p.path[i], &r);
	for (unsigned i = rng_below(&r, BOXES + 1); i-- > 0;) {
		random_box(&box[i], &r, p.config[SERVER].checksum);
		edited = edited || box[i].action == BOX_EDIT;
	}
	p.side[CLIENT].to_send = rng_below(&r, 1u << rng_below(&r, 20));
	p.side[SERVER].to_send = rng_below(&r, 1u << rng_below(&r, 20));
	p.hook = option_box;
	p.context = box;
	duo_start(&p);
	duo_run(&p, PATIENCE);
	what = judge(&p, edited);
	if (what)
		report(&p, seed, what);
	duo_fini(&p);
	return !what;
}

/* Each corrupted the stream once: one end had fallen back for want of options, and the other, that
 * did not know, sent octets again under new subflow sequence numbers. */
static void test_once_corrupt(void **state)
{
	static const uint64_t seeds[] = {3089754245790129611u, 11755293651751473572u,
					 8121572744814223976u, 10474463973234700730u,
					 15123686037802023549u};

	(void)state;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		assert_true(run(seeds[i]));
}

static void test_random(void **state)
{
	const char *runs = getenv("MBOXTRACE_RUNS");
	struct rng r = test_rng("mptcp_conn_random_boxes");
	unsigned failed = 0, count = runs ? (unsigned)atoi(runs) : RUNS;

	(void)state;
	if (count == 1)
		failed = !run(r.state);
	for (unsigned i = 0; i < count && count > 1 && failed < 8; i++)
		failed += !run(rng_u64(&r));
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_once_corrupt),
					   cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
