/* Random compositions of boxes, losses, reordering, duplication, delays and cuts, by seed. Whatever
 * they do:
 *   what arrives is a beginning of what was sent, and all of it, or the connection ends with a
 *   reason,
 *   nothing hangs, and memory is bounded,
 *   a connection ends early, or falls back, only for a reason that RFC 8684 gives for what a box
 *   of this composition does, or (SYNs alone) for what a lossy path may do.
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
#define DEADLINE_NS                                                                                \
	(7200 * NS_PER_S)	     /* where a box lets a segment or two of each subflow through */
#define LASTS_NS    (600 * NS_PER_S) /* anywhere else */
#define PATIENCE_NS (200 * NS_PER_S) /* no octet moves */
/* A RST may be lost (RFC 9293 §3.5.1): who has nothing to say must ask (RFC 1122 §4.2.3.6). */
#define KEEPALIVE_NS (60 * NS_PER_S)
#define INSERTED_MAX (3 * 5) /* octets, of all boxes */
#define MEMORY_MAX                                                                                 \
	((size_t)2 * (4 + 6 + 12) << 20) /* buffers of both ends, and what subflows keep */

/* What RFC 8684 lets a connection do in answer to a box. */
enum leave {
	NOTHING = 0,
	/* §3.7: "SHOULD fall back to regular TCP if either of the SYN messages does not have the
	 * MPTCP options" */
	FALLS_BY_SYN = 1,
	/* §3.7: "If, however, an ACK is received for data (not just for the SYN) without a DSS
	 * option containing a Data ACK, the sender determines that the path is not MPTCP capable.
	 * [...] the implementation MUST drop out of MPTCP mode"; §3.1 says so of the third ACK, §6
	 * of proxies that acknowledge early. */
	FALLS_BY_SILENCE = 2,
	/* §3.7: "an infinite mapping can be applied to the subflow without the need to close it",
	 * once "a single subflow [...] fails with a checksum error"; with several "the affected
	 * subflow MUST be immediately closed with an RST", if need be one after the other. */
	FALLS_BY_CHECKSUM = 4,
	/* §3.7: "If a subflow breaks during operation, e.g., if it is rerouted and MPTCP options
	 * are no longer permitted [...] the subflow SHOULD be treated as broken and closed with an
	 * RST"; the same where data is not contiguous and cannot be mapped infinitely, and for what
	 * cannot be delivered because its mapping is gone (§3.3.1). */
	BREAKS = 8,
	/* §3.7: "if checksum usage has not been negotiated, this fallback mechanism cannot be
	 * used"; and after an infinite mapping "data can be altered by a middlebox without
	 * affecting MPTCP" */
	CHANGES = 16,
	/* What was acknowledged and did not arrive is lost to TCP (RFC 9293 §3.10.7.4: "segments on
	 * the retransmission queue that are thereby entirely acknowledged are removed"), and to
	 * whoever fell back (§3.7: "it MUST only use subflow ACKs to clear its send buffer"): both
	 * ends live, and wait. An application has to end it; or, where segments are sent behind
	 * that hole for which the receiver has no room, TCP gives up in its time (RFC 1122
	 * §4.2.3.5: R2). */
	STALLS = 32,
	/* An ACK in the peer's name makes that of things which the peer cannot use: of segments
	 * that were merged, so that their keys and mappings never come again; of stamps that a box
	 * has mirrored, beside which the peer's own look old (RFC 7323 §5.3: "it is not
	 * acceptable"). */
	LIES = 64,
	SPOILS = 128,
	/* It has connections of its own, whose reasons nobody here sees, and keeps none alive: the
	 * one whose other end went by a RST that was lost stays half open (RFC 9293 §3.5.1). */
	TERMINATES = 256,
};

static const struct {
	const char *name, *params;
	unsigned leave;
} boxes[] = {
    {"split", "pieces=2", NOTHING},
    /* Pieces without options look as if these had vanished, if they come first. */
    {"split", "pieces=3 options=first", FALLS_BY_SILENCE},
    {"split", "pieces=2 options=last", FALLS_BY_SILENCE},
    {"coalesce", "keep=first", FALLS_BY_SILENCE | BREAKS | SPOILS},
    {"coalesce", "keep=last", FALLS_BY_SILENCE | BREAKS | SPOILS},
    {"coalesce", "keep=all", FALLS_BY_SILENCE | BREAKS | SPOILS},
    {"early_ack", "", FALLS_BY_SILENCE | BREAKS | LIES},
    {"early_ack", "direction=reverse", FALLS_BY_SILENCE | BREAKS | LIES},
    {"early_ack", "lose=30", FALLS_BY_SILENCE | BREAKS | LIES | STALLS},
    {"hold_holes", "", NOTHING},
    {"rexmit", "", NOTHING},
    {"clamp_ack", "", NOTHING},
    {"window", "max=20000", NOTHING},
    {"state", "idle_ms=300000", NOTHING},
    {"nat", "outside=192.0.2.99 ports=rewrite", NOTHING},
    {"seq_shift", "direction=both", NOTHING},
    {"mss_clamp", "max=900", NOTHING},
    {"strip", "subtype=mp_capable", FALLS_BY_SYN},
    {"strip", "subtype=mp_capable direction=reverse segments=synack", FALLS_BY_SYN},
    {"strip", "kind=mptcp direction=both segments=nonsyn", FALLS_BY_SILENCE | BREAKS},
    {"strip", "kind=mptcp direction=both segments=nonsyn how=eol", FALLS_BY_SILENCE | BREAKS},
    {"strip", "kind=mptcp direction=both after_octets=30000", FALLS_BY_SILENCE | BREAKS},
    {"strip", "kind=mptcp direction=both after_ms=400 how=nop", /* SYNs may come later, too */
     FALLS_BY_SYN | FALLS_BY_SILENCE | BREAKS},
    {"strip", "subtype=mp_join direction=both", NOTHING},
    {"strip", "subtype=add_addr direction=both", NOTHING},
    {"strip", "kind=timestamp direction=both", NOTHING},
    {"strip", "kind=sack direction=both", NOTHING},
    {"drop", "subtype=mp_capable segments=syn", FALLS_BY_SYN},
    {"drop", "subtype=mp_join", NOTHING},
    {"reset", "subtype=mp_join", NOTHING},
    {"mirror", "mode=edit", FALLS_BY_SYN | SPOILS},
    {"lb", "backends=3", NOTHING},
    {"syn_proxy", "", FALLS_BY_SYN},
    {"payload", "at=20000", FALLS_BY_CHECKSUM | BREAKS | CHANGES},
    {"payload", "mode=insert at=9000 octets=5", FALLS_BY_CHECKSUM | BREAKS | CHANGES},
    {"payload", "mode=delete at=9000 octets=5 direction=reverse",
     FALLS_BY_CHECKSUM | BREAKS | CHANGES},
    {"terminate", "client=v1 target=v1", FALLS_BY_SYN | TERMINATES},
};

struct random_run {
	uint64_t seed;
	struct rng rng;
	struct lab_plan plan;
	struct lab_run_spec spec;
	struct lab_run run;
	unsigned leave;
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
	r->leave |= boxes[i].leave;
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
	client->keepalive_ns = serve->conn.keepalive_ns = KEEPALIVE_NS;
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
	r->spec.deadline_ns = DEADLINE_NS;
	r->spec.patience_ns = PATIENCE_NS;
	r->plan.family = chance(r, 0.2) ? 6 : 4;
	r->plan.paths = 1 + rng_below(&r->rng, 3);
	r->plan.targets = 1 + chance(r, 0.2);
	for (unsigned i = 0; i < r->plan.paths; i++)
		random_link(r, &r->plan.link[i]);
	for (unsigned i = rng_below(&r->rng, 4); i; i--)
		random_box(r);
	if ((r->leave & LIES && r->leave & SPOILS) || (r->leave & TERMINATES && r->leave & BREAKS))
		r->leave |= STALLS;
	random_ends(r);
}

/* May SYNs be lost? */
static bool is_lossy(const struct random_run *r)
{
	for (unsigned i = 0; i < r->plan.paths; i++)
		if (r->plan.link[i].loss > 0 || r->plan.link[i].down_count)
			return true;
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

/* What allows a fallback; 0: nothing does. */
static unsigned needed(const struct conn_info *info)
{
	switch (info->fallback_reason) {
	case FALLBACK_BECAUSE_NO_CAPABLE:
	case FALLBACK_BECAUSE_MIRRORED:
	case FALLBACK_BECAUSE_VERSION: /* a proxy's; §3.1: "the receiver SHOULD fall back" */
	case FALLBACK_BECAUSE_SYN_LOST: return FALLS_BY_SYN;
	case FALLBACK_BECAUSE_NO_KEYS: return FALLS_BY_SYN | FALLS_BY_SILENCE;
	case FALLBACK_BECAUSE_NO_DSS: /* v0: the third ACK need not say anything */
		return FALLS_BY_SILENCE | (info->version ? 0 : FALLS_BY_SYN);
	case FALLBACK_BECAUSE_CHECKSUM:
	case FALLBACK_BECAUSE_MP_FAIL: return FALLS_BY_CHECKSUM;
	case FALLBACK_BECAUSE_INFINITE: return FALLS_BY_SILENCE | FALLS_BY_CHECKSUM;
	default: return 0;
	}
}

static bool may_fall_back(const struct random_run *r, const struct conn_info *info)
{
	unsigned leave = r->leave;

	/* v0 (RFC 6824 §3.1) brings the key with the third ACK alone: behind a cookie, one that is
	 * lost or late leaves TCP (RFC 8041 §3.11). */
	if (r->plan.serve.cookies && !info->version)
		leave |= FALLS_BY_SILENCE;
	/* §3.1: "a sender will eventually fall back to single-path TCP (i.e., without the
	 * MP_CAPABLE option)" if SYNs with it are not answered. */
	if (is_lossy(r) && r->run.client.fallback_reason == FALLBACK_BECAUSE_SYN_LOST)
		leave |= FALLS_BY_SYN;
	return !info->fallback_reason || (needed(info) & leave);
}

static bool was_reset_for(const struct conn_info *info, int reason)
{
	for (size_t i = 0; i < info->subflow_count; i++)
		if (info->subflow[i].reset_reason == reason)
			return true;
	return false;
}

/* Not by time, and not without a word: MP_TCPRST 6 (§3.6) is "middlebox interference". */
static const char *wrong_early_end(const struct random_run *r)
{
	const struct lab_run *run = &r->run;

	if (r->leave & STALLS)
		return NULL;
	if (run->hung_up || run->server_hung_up)
		return "stalls";
	if (!(r->leave & BREAKS))
		return "ended early for no reason";
	if (!(r->leave & TERMINATES) && !was_reset_for(&run->client, 6) &&
	    !was_reset_for(&run->server, 6))
		return "ended early, and nobody says why";
	return NULL;
}

/* Where the first box that changes octets does so. Boxes count the octets of a flow: of the stream
 * that an end reads, if it has one subflow, and on that nothing had to be sent again as new. */
static uint64_t changed_from(const struct random_run *r, const struct conn_info *reader)
{
	uint64_t from = LAB_STREAM_RIGHT;

	for (size_t i = 0; i < r->plan.box_count; i++) {
		const struct lab_plan_box *b = &r->plan.box[i];
		const char *at = strstr(b->params, "at=");

		if (!strcmp(b->name, "payload") && strtoull(at + 3, NULL, 10) < from)
			from = strtoull(at + 3, NULL, 10);
	}
	return reader->subflow_count > 1 || r->leave & SPOILS ? 0 : from;
}

/* No end may take more harm than boxes did. With checksums none does, unless both agreed to do
 * without. */
static bool is_changed_only(const struct random_run *r, const struct conn_info *reader,
			    const struct lab_stream *in, const struct lab_stream *out)
{
	const struct lab_run *run = &r->run;

	if (in->octets > out->octets + INSERTED_MAX)
		return false;
	if (in->wrong_at == LAB_STREAM_RIGHT || r->leave & TERMINATES)
		return true;
	if (reader->checksum && !run->client.fallback_reason && !run->server.fallback_reason)
		return false;
	return in->wrong_at >= changed_from(r, reader);
}

static const char *wrong_changes(const struct random_run *r, bool failed)
{
	const struct lab_app *c = &r->run.client_app, *s = &r->run.server_app;

	if (!is_changed_only(r, &r->run.client, &c->in, &s->out) ||
	    !is_changed_only(r, &r->run.server, &s->in, &c->out))
		return "the stream is not in order, and no box did it";
	if (!failed && (c->in.octets + INSERTED_MAX < s->out.octets ||
			s->in.octets + INSERTED_MAX < c->out.octets))
		return "the stream is not whole, and no box did it";
	return NULL;
}

static const char *wrong_content(const struct random_run *r, bool failed)
{
	if (r->leave & CHANGES)
		return wrong_changes(r, failed);
	if (!lab_run_in_order(&r->run))
		return "the stream is not in order";
	if (!failed && !lab_run_whole(&r->run))
		return "the stream is not whole, and nobody says so";
	return NULL;
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
	if ((wrong = wrong_content(r, failed)))
		return wrong;
	if ((wrong = wrong_end(&run->client)) ||
	    (run->accepted && (wrong = wrong_end(&run->server))))
		return wrong;
	if (failed && (wrong = wrong_early_end(r)))
		return wrong;
	if (!may_fall_back(r, &run->client) || (run->accepted && !may_fall_back(r, &run->server)))
		return "fell back for no reason";
	if (run->lasted_ns > LASTS_NS && !(r->leave & (BREAKS | STALLS)))
		return "takes too long";
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
