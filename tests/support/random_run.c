#include "support/random_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_NS (7200 * NS_PER_S) /* a box may let a segment or two of each subflow through */
#define PATIENCE_NS                                                                                \
	(1000 * NS_PER_S) /* no octet moves: an end that is not lied to has ended by itself */
/* A RST may be lost (RFC 9293 §3.5.1): who has nothing to say must ask (RFC 1122 §4.2.3.6). */
#define KEEPALIVE_NS (60 * NS_PER_S)

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
	r->leave_first |= b->path <= 0 ? boxes[i].leave : NOTHING;
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

void random_setup(struct random_run *r, uint64_t seed)
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
