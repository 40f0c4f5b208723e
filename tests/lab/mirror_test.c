/* Mirrored connections: what boxes do is told, in the direction in which they do it and nothing
 * else; a path without boxes stays clean, however lossy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/connection.h"
#include "probe/drive.h"
#include "support/cmocka_all.h"
#include "support/lab_plan.h"
#include "support/seed.h"

struct run {
	struct net *net;
	struct endpoint *endpoint;
	struct conn *conn;
	bool closed;
	int64_t until_ns;
	struct mirror_client mirror;
	struct mirrored mirrored;
	struct connection_result result;
};

static void on_event(void *context, const struct endpoint_event *event)
{
	struct run *r = context;

	r->result.established |= event->kind == EVENT_ESTABLISHED;
	r->closed |= event->kind == EVENT_CLOSED;
}

static int64_t on_pump(void *context, int64_t now_ns)
{
	struct run *r = context;
	int64_t due_ns = mirror_client_pump(&r->mirror, r->conn, now_ns);

	return due_ns < r->until_ns ? due_ns : r->until_ns;
}

static bool on_finished(void *context)
{
	const struct run *r = context;

	return r->closed || net_now_ns(r->net) >= r->until_ns;
}

static bool on_packet(void *context, bool sent, int64_t time_ns, struct span octets)
{
	struct run *r = context;

	if (sent && mirror_client_loses(&r->mirror, octets))
		return false;
	mirror_client_note(&r->mirror, sent ? MIRROR_SENT : MIRROR_ARRIVED, time_ns, octets);
	return true;
}

static void open_run(struct run *r, struct lab *lab, uint64_t seed, uint8_t version)
{
	struct endpoint_config config = {.seed = seed};
	struct conn_config conn;
	struct ip_addr client[LAB_ADDRS_MAX], target[LAB_ADDRS_MAX];

	conn_config_defaults(&conn);
	conn.limits = (struct pm_limits){0};
	conn.version = version;
	lab_client_addrs(lab, client);
	lab_target_addrs(lab, target);
	conn.local[0] = (struct pm_addr){.addr = client[0]};
	conn.local_count = 1;
	r->net = lab_net(lab);
	r->until_ns = net_now_ns(r->net) + 100 * NS_PER_S;
	r->endpoint = endpoint_new(&config, NULL);
	r->conn = endpoint_connect(r->endpoint, &target[0], lab_target(lab)->port, &conn,
				   net_now_ns(r->net), NULL);
	assert_non_null(r->conn);
	assert_true(mirror_client_init(&r->mirror));
}

static struct run *run_plan(struct lab_plan *plan, uint64_t seed, uint8_t version)
{
	struct run *r = calloc(1, sizeof(*r));
	struct drive drive = {.context = r,
			      .event = on_event,
			      .pump = on_pump,
			      .finished = on_finished,
			      .packet = on_packet};
	struct error err = {0};
	struct lab *lab;

	while (strcmp(lab_app_name(plan->serve.service), "mirror") != 0)
		plan->serve.service++;
	lab = lab_plan_build(plan, seed + 1);
	open_run(r, lab, seed, version);
	drive.endpoint = r->endpoint;
	drive.net = r->net;
	assert_int_equal(drive_run(&drive, &err), 0);
	mirror_client_pump(&r->mirror, r->conn, net_now_ns(r->net)); /* what came last */
	conn_info(r->conn, &r->result.info);
	mirrored_compare(&r->mirrored, &r->mirror, &r->result.info);
	r->result.mirrored = &r->mirrored;
	connection_conclude(&r->result);
	endpoint_free(r->endpoint);
	net_close(r->net);
	lab_free(lab);
	return r;
}

static void close_run(struct run *r)
{
	mirror_client_fini(&r->mirror);
	free(r);
}

/* "forward tcp.options.mptcp.dss removed\n…" */
static void describe(const struct run *r, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < r->result.finding_count && len < cap; i++) {
		const struct finding *f = &r->result.findings[i];

		len += (size_t)snprintf(out + len, cap - len, "%s %s %s\n",
					direction_name(f->direction), f->field,
					change_kind_name(f->change));
	}
}

struct row {
	const char *name, *box, *params;
	const char *expected;
};

static const struct row rows[] = {
    {"DSS towards the target", "strip", "kind=mptcp segments=nonsyn",
     "forward tcp.options.mptcp.mp_capable removed\n"
     "forward tcp.options.mptcp.dss removed\n"},
    {"on the way back", "strip", "subtype=dss direction=reverse",
     "reverse tcp.options.mptcp.dss removed\n"},
    {"NOPs", "strip", "subtype=dss direction=reverse how=nop",
     "reverse tcp.options.mptcp.dss blanked\n"},
    {"EOL", "strip", "subtype=dss direction=reverse how=eol",
     "reverse tcp.options.mptcp.dss truncated\n"},
    {"timestamps", "strip", "kind=timestamp segments=syn",
     "forward tcp.options.timestamp removed\n"},
    {"MP_CAPABLE of the SYN", "strip", "subtype=mp_capable segments=syn",
     "forward tcp.options.mptcp.mp_capable removed\n"},
    {"split", "split", "pieces=2 direction=forward", "forward tcp.payload split\n"},
    {"split on the way back", "split", "pieces=2 direction=reverse", "reverse tcp.payload split\n"},
    {"merged", "coalesce", "keep=first direction=forward", "forward tcp.payload coalesced\n"},
    {"substituted", "payload", "at=3000", "forward tcp.payload rewritten\n"},
    {"substituted on the way back", "payload", "at=1000 direction=reverse",
     "reverse tcp.payload rewritten\n"},
    {"sequence numbers", "seq_shift", "direction=forward", "forward tcp.seq rewritten\n"},
    {"sequence numbers on the way back", "seq_shift", "direction=reverse",
     "reverse tcp.seq rewritten\n"},
    {"NAT", "nat", "outside=192.0.2.99", "forward ip.src rewritten\n"},
};

static void boxes(void **state)
{
	char found[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_plan plan;
		struct run *r;

		lab_plan_defaults(&plan);
		plan.box_count = 1;
		plan.box[0].name = rows[i].box;
		snprintf(plan.box[0].params, sizeof(plan.box[0].params), "%s", rows[i].params);
		r = run_plan(&plan, 1 + i, 1);
		describe(r, found, sizeof(found));
		if (strcmp(found, rows[i].expected) != 0 ||
		    r->result.verdict != VERDICT_INTERFERENCE)
			fail_msg("%s: %s, %s\n%s instead of\n%s", rows[i].name,
				 verdict_name(r->result.verdict), r->result.reason, found,
				 rows[i].expected);
		close_run(r);
	}
}

static void random_link(struct rng *rng, struct lab_link *link)
{
	link->delay_ns = (int64_t)rng_below(rng, 30000) * NS_PER_US;
	link->jitter_ns = (int64_t)rng_below(rng, 3000) * NS_PER_US;
	link->loss = rng_below(rng, 40) / 1000.0;
	link->reorder = rng_below(rng, 50) / 1000.0;
	link->duplicate = rng_below(rng, 50) / 1000.0;
}

/* Loss may keep a mirror from telling all, not more than that. */
static void clean_paths_stay_clean(void **state)
{
	struct rng rng = test_rng("clean mirrored paths");
	unsigned clean = 0;
	char found[4096];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		uint64_t seed = rng_u64(&rng);
		struct lab_plan plan;
		struct run *r;

		lab_plan_defaults(&plan);
		plan.family = i & 1 ? 6 : 4;
		if (i & 2)
			random_link(&rng, &plan.link[0]);
		plan.serve.cookies = i & 4;
		r = run_plan(&plan, seed, i % 5 ? 1 : i % 10 ? 0 : 255);
		describe(r, found, sizeof(found));
		for (size_t n = 0; n < r->result.finding_count; n++)
			if (r->result.findings[n].cause != CAUSE_TARGET &&
			    r->result.info.version <= 1 && !(i & 2))
				fail_msg("run %u: %s", i, found);
		if (r->mirrored.finding_count || (!(i & 2) && !mirrored_covers(&r->mirrored)))
			fail_msg(
			    "run %u (IPv%u, v%u): %s %s (%u %u forward, %u %u reverse, whole %u)",
			    i, plan.family, r->result.info.version, found, r->result.reason,
			    r->mirrored.forward.compared, r->mirrored.forward.segments,
			    r->mirrored.reverse.compared, r->mirrored.reverse.segments,
			    r->mirrored.whole);
		clean += mirrored_covers(&r->mirrored);
		close_run(r);
	}
	assert_true(clean > 270);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(boxes),
	    cmocka_unit_test(clean_paths_stay_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
