/* Random compositions of boxes, losses, reordering, duplication, delays and cuts, by seed. Whatever
 * they do:
 *   the stream arrives whole and in order, or the connection ends with a reason,
 *   nothing hangs, and memory is bounded,
 *   there is a fallback only where RFC 8684 §3.7 allows one.
 *
 * MBOXTRACE_RUNS seeds from MBOXTRACE_SEED on (1); one of them alone, with what its client sent and
 * received as a capture:
 *   MBOXTRACE_SEED=77 MBOXTRACE_RUNS=1 MBOXTRACE_CAPTURE=77.pcap
 * build/tests/plain/lab/connect_random_test */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/lab_plan.h"
#include "support/walk.h"

#define RUNS 300
#define MEMORY_MAX                                                                                 \
	((size_t)2 * (4 + 6 + 12) << 20) /* buffers of both ends, and what subflows keep */

/* What a box may do to a connection. */
enum harm {
	HARMLESS = 0,
	NO_MPTCP = 1, /* a fallback is allowed */
	MAY_END = 2,  /* so is an end before all was said */
	CHANGES = 4,  /* the content, if nobody checks */
	/* Both together: a lie about what arrived makes one end fall back, and the other never
	 * hears of it, whose data sent again then looks like new data. No end could know. */
	EARLY = 8,
	VANISHES = 16,
};

static const struct {
	const char *name, *params;
	unsigned harm;
} boxes[] = {
    {"split", "pieces=2", HARMLESS},
    /* Pieces without options look as if these had vanished, if they come first. */
    {"split", "pieces=3 options=first", NO_MPTCP},
    {"split", "pieces=2 options=last", NO_MPTCP},
    {"coalesce", "keep=first", NO_MPTCP | MAY_END},
    {"coalesce", "keep=last", NO_MPTCP | MAY_END},
    {"coalesce", "keep=all", NO_MPTCP | MAY_END},
    {"early_ack", "", NO_MPTCP | MAY_END | EARLY},
    {"early_ack", "direction=reverse", NO_MPTCP | MAY_END | EARLY},
    {"early_ack", "lose=30", NO_MPTCP | MAY_END | EARLY},
    {"hold_holes", "", HARMLESS},
    {"rexmit", "", HARMLESS},
    {"clamp_ack", "", HARMLESS},
    {"window", "max=20000", HARMLESS},
    {"state", "idle_ms=300000", HARMLESS},
    {"nat", "outside=192.0.2.99 ports=rewrite", HARMLESS},
    {"seq_shift", "direction=both", HARMLESS},
    {"mss_clamp", "max=900", HARMLESS},
    {"strip", "subtype=mp_capable", NO_MPTCP},
    {"strip", "subtype=mp_capable direction=reverse segments=synack", NO_MPTCP},
    {"strip", "kind=mptcp direction=both segments=nonsyn", NO_MPTCP | MAY_END},
    {"strip", "kind=mptcp direction=both segments=nonsyn how=eol", NO_MPTCP | MAY_END},
    {"strip", "kind=mptcp direction=both after_octets=30000", NO_MPTCP | MAY_END | VANISHES},
    {"strip", "kind=mptcp direction=both after_ms=400 how=nop", NO_MPTCP | MAY_END | VANISHES},
    {"strip", "subtype=mp_join direction=both", HARMLESS},
    {"strip", "subtype=add_addr direction=both", HARMLESS},
    {"strip", "kind=timestamp direction=both", HARMLESS},
    {"strip", "kind=sack direction=both", HARMLESS},
    {"drop", "subtype=mp_capable segments=syn", NO_MPTCP},
    {"drop", "subtype=mp_join", HARMLESS},
    {"reset", "subtype=mp_join", HARMLESS},
    {"mirror", "mode=edit", NO_MPTCP | MAY_END},
    {"lb", "backends=3", HARMLESS},
    {"syn_proxy", "", NO_MPTCP},
    /* A join that is under way when a checksum fails may take the connection with it. */
    {"payload", "at=20000", NO_MPTCP | MAY_END | CHANGES},
    {"payload", "mode=insert at=9000 octets=5", NO_MPTCP | MAY_END | CHANGES},
    {"payload", "mode=delete at=9000 octets=5 direction=reverse", NO_MPTCP | MAY_END | CHANGES},
    {"terminate", "client=v1 target=v1", NO_MPTCP | MAY_END},
};

struct random_run {
	uint64_t seed;
	struct rng rng;
	struct lab_plan plan;
	struct lab_run_spec spec;
	struct lab_run run;
	unsigned harm;
	bool cut;
};

static bool chance(struct random_run *r, double p)
{
	return rng_chance(&r->rng, p);
}

static void random_link(struct random_run *r, struct lab_link *link)
{
	*link = (struct lab_link){
	    .delay_ns = (int64_t)rng_below(&r->rng, 40000) * 1000,
	    .rate_bps = 2000000 + rng_below(&r->rng, 50000000),
	    .queue_packets = 20 + rng_below(&r->rng, 100),
	};
	if (chance(r, 0.5))
		link->jitter_ns = (int64_t)rng_below(&r->rng, 3000) * 1000;
	if (chance(r, 0.5))
		link->loss = rng_below(&r->rng, 50) / 1000.0;
	if (chance(r, 0.3))
		link->reorder = rng_below(&r->rng, 100) / 1000.0;
	if (chance(r, 0.3))
		link->duplicate = rng_below(&r->rng, 50) / 1000.0;
	if (!chance(r, 0.15))
		return;
	r->cut = true;
	link->down_count = 1;
	link->down[0].from_ns = (int64_t)rng_below(&r->rng, 2000) * NS_PER_MS;
	link->down[0].to_ns =
	    link->down[0].from_ns + (int64_t)rng_below(&r->rng, 20000) * NS_PER_MS;
}

static void random_box(struct random_run *r)
{
	size_t i = rng_below(&r->rng, sizeof(boxes) / sizeof(boxes[0]));
	struct lab_plan_box *b = &r->plan.box[r->plan.box_count++];

	b->name = boxes[i].name;
	snprintf(b->params, sizeof(b->params), "%s", boxes[i].params);
	b->path = (int)rng_below(&r->rng, r->plan.paths + 1) - 1;
	r->harm |= boxes[i].harm;
}

static const char *pick_pm(struct random_run *r)
{
	static const char *const pms[] = {"fullmesh", "ndiffports", "backup", "single-path",
					  "none"};

	return pms[rng_below(&r->rng, 5)];
}

static const char *pick_scheduler(struct random_run *r)
{
	static const char *const schedulers[] = {"lowest-rtt", "round-robin", "redundant", "blest"};

	return schedulers[rng_below(&r->rng, 4)];
}

static void random_ends(struct random_run *r)
{
	struct lab_serve *serve = &r->plan.serve;
	struct conn_config *client = &r->spec.conn;

	serve->service = (int)rng_below(&r->rng, 4);
	serve->octets = rng_below(&r->rng, 200000);
	serve->in_seed = r->spec.out_seed = 3;
	serve->out_seed = r->spec.in_seed = strcmp(lab_app_name(serve->service), "echo") ? 5 : 3;
	serve->add_addr = r->plan.targets > 1;
	serve->cookies = chance(r, 0.1);
	r->spec.octets = rng_below(&r->rng, 200000);
	client->version = serve->conn.version = chance(r, 0.8);
	client->checksum = chance(r, 0.5);
	serve->conn.checksum = chance(r, 0.2);
	client->pm = pick_pm(r);
	client->scheduler = pick_scheduler(r);
	serve->conn.scheduler = pick_scheduler(r);
	if (chance(r, 0.3))
		client->receive_buffer = serve->conn.receive_buffer = 30000;
	if (chance(r, 0.2))
		client->send_buffer = serve->conn.send_buffer = 20000;
}

static void random_setup(struct random_run *r, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	r->seed = seed;
	rng_seed(&r->rng, seed);
	lab_plan_defaults(&r->plan);
	lab_run_defaults(&r->spec);
	r->spec.seed = seed;
	r->spec.capture = getenv("MBOXTRACE_CAPTURE");
	r->plan.family = chance(r, 0.2) ? 6 : 4;
	r->plan.paths = 1 + rng_below(&r->rng, 3);
	r->plan.targets = 1 + chance(r, 0.2);
	for (unsigned i = 0; i < r->plan.paths; i++)
		random_link(r, &r->plan.link[i]);
	for (unsigned i = rng_below(&r->rng, 4); i; i--)
		random_box(r);
	if (r->harm & EARLY && r->harm & VANISHES)
		r->harm |= CHANGES;
	random_ends(r);
}

/* Could somebody else than a box have done it? Lossy paths may lose every SYN, or more than a
 * connection bears. */
static bool is_lossy(const struct random_run *r)
{
	for (unsigned i = 0; i < r->plan.paths; i++) {
		const struct lab_link *link = &r->plan.link[i];

		if (link->loss > 0 || link->down_count)
			return true;
		/* Data that overtakes the third ACK belongs to nobody yet (RFC 4987 §3.6). */
		if (r->plan.serve.cookies && (link->jitter_ns || link->reorder > 0))
			return true;
	}
	return false;
}

static const char *wrong_end(const struct conn_info *info)
{
	if (info->outcome == OUTCOME_NONE)
		return "ended without an outcome";
	if (info->outcome == OUTCOME_FALLBACK && (!info->fallback_stage || !info->fallback_reason))
		return "fell back without a reason";
	return NULL;
}

static bool fell_back(const struct lab_run *run)
{
	return run->client.outcome == OUTCOME_FALLBACK ||
	       (run->accepted && run->server.outcome == OUTCOME_FALLBACK);
}

/* What of the invariants is broken; NULL: nothing. */
static const char *broken(const struct random_run *r)
{
	const struct lab_run *run = &r->run;
	const char *wrong = NULL;
	bool failed = run->client.outcome >= OUTCOME_REFUSED ||
		      (run->accepted && run->server.outcome >= OUTCOME_REFUSED);

	if (!run->client_closed || (run->accepted && !run->server_closed))
		return "hangs";
	if (run->unsendable)
		return "packets are too long";
	if ((run->hung_up || run->server_hung_up) && !(r->harm & MAY_END) && !is_lossy(r))
		return "stalls";
	if ((wrong = wrong_end(&run->client)) ||
	    (run->accepted && (wrong = wrong_end(&run->server))))
		return wrong;
	if (!(r->harm & CHANGES) && !lab_run_in_order(run))
		return "the stream is not in order";
	if (!(r->harm & CHANGES) && !failed && !lab_run_whole(run))
		return "the stream is not whole, and nobody says so";
	if (failed && !(r->harm & MAY_END) && !is_lossy(r))
		return "ended early for no reason";
	if (fell_back(run) && !(r->harm & NO_MPTCP) && !is_lossy(r))
		return "fell back for no reason";
	if (run->memory_max > MEMORY_MAX)
		return "memory is not bounded";
	return NULL;
}

static void complain(const struct random_run *r, const char *what)
{
	char text[2048];

	print_message("seed %llu: %s: %u paths, %u targets, IPv%u, v%u, pm %s, %s",
		      (unsigned long long)r->seed, what, r->plan.paths, r->plan.targets,
		      r->plan.family, r->spec.conn.version, r->spec.conn.pm,
		      lab_app_name(r->plan.serve.service));
	for (size_t i = 0; i < r->plan.box_count; i++)
		print_message("; %d: %s %s", r->plan.box[i].path, r->plan.box[i].name,
			      r->plan.box[i].params);
	print_message("; %s", lab_run_describe(&r->run, text, sizeof(text)));
	print_message("  again: MBOXTRACE_SEED=%llu MBOXTRACE_RUNS=1 MBOXTRACE_CAPTURE=%llu.pcap "
		      "build/tests/plain/lab/connect_random_test\n",
		      (unsigned long long)r->seed, (unsigned long long)r->seed);
}

static void random_compositions(void **state)
{
	unsigned runs = walk_runs(RUNS), bad = 0, whole = 0, fallbacks = 0, ended = 0;
	static struct random_run r;

	(void)state;
	for (unsigned i = 0; i < runs; i++) {
		struct lab *lab;
		const char *what;

		random_setup(&r, walk_first_seed() + i);
		lab = lab_plan_build(&r.plan, r.seed);
		lab_run(&r.run, lab, &r.spec);
		lab_free(lab);
		what = broken(&r);
		if (what)
			complain(&r, what);
		bad += what != NULL;
		whole += lab_run_whole(&r.run);
		fallbacks += fell_back(&r.run);
		ended += r.run.client.outcome >= OUTCOME_REFUSED;
	}
	print_message("%u runs: %u whole, %u fell back, %u ended early with a reason, %u bad\n",
		      runs, whole, fallbacks, ended, bad);
	assert_int_equal(bad, 0);
}

/* One seed gives one run, to the last octet and nanosecond. */
static void runs_repeat(void **state)
{
	static struct random_run r;
	struct lab_run first;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		for (unsigned n = 0; n < 2; n++) {
			struct lab *lab;

			random_setup(&r, seed);
			r.spec.capture = NULL;
			lab = lab_plan_build(&r.plan, seed);
			lab_run(&r.run, lab, &r.spec);
			lab_free(lab);
			if (!n)
				first = r.run;
		}
		assert_int_equal(first.lasted_ns, r.run.lasted_ns);
		assert_int_equal(first.packets, r.run.packets);
		assert_int_equal(first.client_app.in.hash, r.run.client_app.in.hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_compositions),
	    cmocka_unit_test(runs_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
