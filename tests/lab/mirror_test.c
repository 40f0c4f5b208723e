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
#include "support/walk.h"

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
	conn.version = version;
	conn.scheduler = "round-robin";
	conn.local_count = lab_client_addrs(lab, client);
	lab_target_addrs(lab, target);
	for (size_t i = 0; i < conn.local_count; i++)
		conn.local[i] = (struct pm_addr){.addr = client[i], .id = (uint8_t)i};
	r->net = lab_net(lab);
	r->until_ns = net_now_ns(r->net) + 100 * NS_PER_S;
	r->endpoint = endpoint_new(&config, NULL);
	r->conn = endpoint_connect(r->endpoint, &target[0], lab_target(lab)->port, &conn,
				   net_now_ns(r->net), NULL);
	assert_non_null(r->conn);
	assert_true(mirror_client_init(&r->mirror));
	r->mirror.wanted = (unsigned)conn.local_count;
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

/* "forward tcp.options.mptcp.dss removed\n1: reverse …": the second of joined subflow 1. */
static void describe(const struct run *r, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < r->result.finding_count && len < cap; i++) {
		const struct finding *f = &r->result.findings[i];

		if (f->subflow)
			len += (size_t)snprintf(out + len, cap - len, "%u: ", f->subflow);
		len += (size_t)snprintf(out + len, cap - len, "%s %s %s\n",
					direction_name(f->direction), f->field,
					change_kind_name(f->change));
	}
}

struct row {
	const char *name, *box, *params;
	/* What is found of a box that works towards the target, and on the way back; NULL: the
	 * latter is not tested. A dot stands for the box's own direction, a comma for the other. */
	const char *forward, *reverse;
};

#define DSS	   "tcp.options.mptcp.dss "
#define CAPABLE	   "tcp.options.mptcp.mp_capable "
#define BOTH(text) text, text

static const struct row rows[] = {
    {"MPTCP behind the SYN", "strip", "kind=mptcp segments=nonsyn",
     ". " CAPABLE "removed\n. " DSS "removed\n", ". " DSS "removed\n"},
    {"DSS alone", "strip", "subtype=dss", BOTH(". " DSS "removed\n")},
    {"NOPs", "strip", "kind=mptcp segments=nonsyn how=nop",
     ". " CAPABLE "blanked\n. " DSS "blanked\n", ". " DSS "blanked\n"},
    {"EOL", "strip", "kind=mptcp segments=nonsyn how=eol",
     ". " CAPABLE "truncated\n. " DSS "truncated\n", ". " DSS "truncated\n"},
    {"cut off", "strip", "kind=mptcp segments=nonsyn how=cut",
     ". " CAPABLE "removed\n. " DSS "removed\n", ". " DSS "removed\n"},
    {"timestamps", "strip", "kind=timestamp segments=handshake",
     BOTH(". tcp.options.timestamp removed\n")},
    {"MP_CAPABLE of SYN, SYN/ACK", "strip", "subtype=mp_capable segments=handshake",
     BOTH(". " CAPABLE "removed\n")},
    {"split", "split", "pieces=2", BOTH(". tcp.payload split\n")},
    {"merged", "coalesce", "keep=first hold_us=5000", BOTH(". tcp.payload coalesced\n")},
    {"edited", "payload", "at=1000", BOTH(". tcp.payload rewritten\n")},
    {"sequence numbers", "seq_shift", "", BOTH(". tcp.seq rewritten\n")},
    {"SACK untranslated", "seq_shift", "sack=false",
     BOTH(", tcp.options.sack rewritten\n. tcp.seq rewritten\n")},
    {"early ACKs", "early_ack", "", BOTH(". tcp.ack answered\n")},
    {"held holes", "hold_holes", "", BOTH(". packet reordered\n")},
    {"window", "window", "max=20000", BOTH(". tcp.window_size_value rewritten\n")},
    {"DSCP", "set", "field=ip.dsfield.dscp value=10", BOTH(". ip.dsfield.dscp rewritten\n")},
    {"ECN", "set", "field=ip.dsfield.ecn value=2", BOTH(". ip.dsfield.ecn rewritten\n")},
    {"MSS", "mss_clamp", "max=1200", BOTH(". tcp.options.mss_val rewritten\n")},
    {"ADD_ADDR", "strip", "subtype=add_addr", NULL, ". tcp.options.mptcp.add_addr removed\n"},
    {"MP_CAPABLE dropped", "drop", "subtype=mp_capable", "end-to-end " CAPABLE "dropped\n", NULL},
    {"NAT", "nat", "", ". ip.src rewritten\n", NULL},
};

/* "forward tcp.payload split\n" of ". tcp.payload split\n"; fields of IPv4 are called otherwise. */
static void expand(const char *text, bool reverse, uint8_t family, char *out, size_t cap)
{
	static const char *const renamed[][2] = {{"ip.dsfield", "ipv6.tclass"},
						 {"ip.src", "ipv6.src"}};
	size_t len = 0;

	out[0] = '\0';
	for (const char *at = text; *at && len < cap; at++) {
		bool begins = at == text || at[-1] == '\n';
		const char *put = NULL;

		if (begins && (*at == '.' || *at == ','))
			put = (*at == '.') != reverse ? "forward" : "reverse";
		for (size_t i = 0; family == 6 && i < 2 && !put; i++)
			if (!strncmp(at, renamed[i][0], strlen(renamed[i][0]))) {
				put = renamed[i][1];
				at += strlen(renamed[i][0]) - 1;
			}
		if (put)
			len += (size_t)snprintf(out + len, cap - len, "%s", put);
		else
			len += (size_t)snprintf(out + len, cap - len, "%c", *at);
	}
}

static void add_box(struct lab_plan *plan, const struct row *row, bool reverse, unsigned after)
{
	struct lab_plan_box *box = &plan->box[plan->box_count];

	plan->after[plan->box_count++] = after;
	box->name = row->box;
	if (!strcmp(row->box, "nat"))
		snprintf(box->params, sizeof(box->params), "outside=%s",
			 plan->family == 6 ? "2001:db8:9::99" : "192.0.2.99");
	else
		snprintf(box->params, sizeof(box->params), "%s direction=%s", row->params,
			 reverse ? "reverse" : "forward");
}

/* IPv6 has no ID by which two ACKs are told apart that differ in ADD_ADDR only. */
static bool is_ambiguous(const struct row *row, uint8_t family)
{
	return family == 6 && !strcmp(row->name, "ADD_ADDR");
}

static void check_row(const struct row *row, bool reverse, uint8_t family, int64_t delay_ns)
{
	char found[4096], expected[1024];
	struct lab_plan plan;
	struct run *r;

	lab_plan_defaults(&plan);
	plan.family = family;
	plan.targets = 2;
	plan.link[0].delay_ns = delay_ns;
	plan.serve.add_addr = !strncmp(row->name, "ADD_ADDR", 8);
	add_box(&plan, row, reverse, 0);
	r = run_plan(&plan, 1 + (uint64_t)(row - rows), 1);
	describe(r, found, sizeof(found));
	expand(reverse ? row->reverse : row->forward, reverse, family, expected, sizeof(expected));
	if (strcmp(found, expected) != 0 || r->result.verdict != VERDICT_INTERFERENCE)
		fail_msg("%s, IPv%u, %s: %s, %s\n%s instead of\n%s", row->name, family,
			 reverse ? "back" : "forth", verdict_name(r->result.verdict),
			 r->result.reason, found, expected);
	close_run(r);
}

static void check_rows(int64_t delay_ns)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (uint8_t family = 4; family <= 6; family += 2) {
			if (rows[i].forward)
				check_row(&rows[i], false, family, delay_ns);
			if (rows[i].reverse && !is_ambiguous(&rows[i], family))
				check_row(&rows[i], true, family, delay_ns);
		}
}

static void boxes(void **state)
{
	(void)state;
	check_rows(10 * NS_PER_MS);
}

/* What boxes hold back is late by many round trips. */
static void boxes_nearby(void **state)
{
	(void)state;
	check_rows(100 * NS_PER_US);
}

/* --- the walk back --- */

#define ROUTERS 6
#define BEHIND	2 /* so many of them, as the client counts, stands the box */

/* What quotes cannot show: they are of the first data, announcement and SYN/ACK, and cut. */
static bool is_quotable(const struct finding *f)
{
	static const char *const others[] = {"tcp.ack", "packet", "tcp.options.sack"};

	if (!strcmp(f->field, "tcp.payload") && f->change != CHANGE_SPLIT)
		return false;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(f->field, others[i]))
			return false;
	return f->direction == DIRECTION_REVERSE;
}

static struct run *run_back(const struct row *row, uint8_t family, bool walk)
{
	struct lab_plan plan;

	lab_plan_defaults(&plan);
	plan.family = family;
	plan.routers = ROUTERS;
	plan.targets = 2;
	plan.serve.walk_back = walk;
	plan.serve.add_addr = !strncmp(row->name, "ADD_ADDR", 8);
	add_box(&plan, row, true, BEHIND);
	return run_plan(&plan, 1 + (uint64_t)(row - rows), 1);
}

/* From the target: routers 6, 5, 4 and 3, the box, routers 2 and 1. */
static void check_back(const struct row *row, uint8_t family)
{
	struct run *r = run_back(row, family, true);
	char found[4096], expected[1024];

	describe(r, found, sizeof(found));
	expand(row->reverse, true, family, expected, sizeof(expected));
	if (strcmp(found, expected) != 0)
		fail_msg("%s: %s instead of\n%s", row->name, found, expected);
	for (size_t i = 0; i < r->result.finding_count; i++) {
		const struct finding *f = &r->result.findings[i];

		if (is_quotable(f) &&
		    (f->after.ttl != ROUTERS - BEHIND || f->by.ttl != ROUTERS - BEHIND + 1))
			fail_msg("%s, IPv%u: %u to %u: %s", row->name, family, f->after.ttl,
				 f->by.ttl, f->explain);
		if (!is_quotable(f) && f->after.ttl)
			fail_msg("%s, IPv%u: no quote shows it: %s", row->name, family, f->explain);
	}
	close_run(r);
}

static void walked_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (uint8_t family = 4; family <= 6 && rows[i].reverse; family += 2)
			check_back(&rows[i], family);
}

/* Takes effect while the way back is walked: where copies were as they left does not say where the
 * others are changed. */
static void check_late(unsigned octets, uint8_t family)
{
	char params[64];
	const struct row row = {"late", "strip", params, NULL, ". tcp.options.timestamp removed\n"};
	const struct finding *f;
	struct run *r;

	snprintf(params, sizeof(params), "kind=timestamp after_octets=%u", octets);
	r = run_back(&row, family, true);
	f = r->result.findings;
	if (r->result.finding_count != 1 || strcmp(f->field, "tcp.options.timestamp") != 0 ||
	    f->after.ttl > ROUTERS - BEHIND || (f->by.known && f->by.ttl <= ROUTERS - BEHIND))
		fail_msg("IPv%u, %u octets: %s", family, octets, f->explain);
	close_run(r);
}

static void late_changes(void **state)
{
	(void)state;
	for (unsigned octets = 500; octets < 6000; octets += 500)
		for (uint8_t family = 4; family <= 6; family += 2)
			check_late(octets, family);
}

/* Of two paths the box stands on the second, which joins, unless it stands on both. */
static const struct joined_row {
	const char *name, *box, *params;
	int path;
	const char *expected;
} joined_rows[] = {
    {"nothing", NULL, "", 1, ""},
    {"DSS towards the target", "strip", "subtype=dss direction=forward", 1,
     "1: forward " DSS "removed\n"},
    {"DSS on the way back", "strip", "subtype=dss direction=reverse", 1,
     "1: reverse " DSS "removed\n"},
    {"NOPs", "strip", "subtype=dss direction=forward how=nop", 1, "1: forward " DSS "blanked\n"},
    {"MP_JOIN removed", "strip", "subtype=mp_join segments=syn", 1,
     "1: forward tcp.options.mptcp.mp_join removed\n"},
    {"MP_JOIN removed on the way back", "strip",
     "subtype=mp_join segments=synack direction=reverse", 1,
     "1: reverse tcp.options.mptcp.mp_join removed\n"},
    {"MP_JOIN removed from the third ACK", "strip", "subtype=mp_join segments=nonsyn", 1,
     "1: forward tcp.options.mptcp.mp_join removed\n"},
    {"MP_JOIN dropped", "drop", "subtype=mp_join direction=forward", 1,
     "1: forward tcp.options.mptcp.mp_join dropped\n"},
    {"MP_JOIN dropped on the way back", "drop", "subtype=mp_join direction=reverse", 1,
     "1: reverse tcp.options.mptcp.mp_join dropped\n"},
    {"MP_JOIN reset", "reset", "subtype=mp_join direction=forward", 1,
     "1: forward tcp.options.mptcp.mp_join reset\n"},
    {"split", "split", "pieces=2 direction=forward", 1, "1: forward tcp.payload split\n"},
    {"sequence numbers", "seq_shift", "direction=forward", 1, "1: forward tcp.seq rewritten\n"},
    {"DSCP on both", "set", "field=ip.dsfield.dscp value=10 direction=forward", LAB_PLAN_ALL,
     "forward ip.dsfield.dscp rewritten\n"},
};

static struct run *run_joined(const struct joined_row *row, uint8_t family)
{
	struct lab_plan plan;

	lab_plan_defaults(&plan);
	plan.family = family;
	plan.paths = 2;
	plan.serve.conn.scheduler = "round-robin";
	plan.box_count = row->box ? 1 : 0;
	plan.box[0].path = row->path;
	plan.box[0].name = row->box;
	snprintf(plan.box[0].params, sizeof(plan.box[0].params), "%s", row->params);
	return run_plan(&plan, 1 + (uint64_t)(row - joined_rows), 1);
}

static void joined_subflows(void **state)
{
	char found[4096], expected[1024];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(joined_rows) / sizeof(*joined_rows); i++) {
		const struct joined_row *row = &joined_rows[i / 2];
		struct run *r = run_joined(row, i % 2 ? 6 : 4);
		const char *in = r->result.finding_count ? r->result.findings[0].explain : "";

		describe(r, found, sizeof(found));
		expand(row->expected, false, i % 2 ? 6 : 4, expected, sizeof(expected));
		if (strcmp(found, expected) != 0)
			fail_msg("%s: %s, %s\n%s instead of\n%s\n", row->name,
				 verdict_name(r->result.verdict), r->result.reason, found,
				 row->expected);
		if (row->box && !strstr(in, i % 2 ? "2001:db8:3::7" : "192.0.3.7"))
			fail_msg("%s: %s\n", row->name, in);
		close_run(r);
	}
}

static void random_link(struct rng *rng, struct lab_link *link)
{
	link->delay_ns = (int64_t)rng_below(rng, 30000) * NS_PER_US;
	link->jitter_ns = (int64_t)rng_below(rng, 3000) * NS_PER_US;
	link->loss = rng_below(rng, 60) / 1000.0;
	link->reorder = rng_below(rng, 100) / 1000.0;
	link->duplicate = rng_below(rng, 50) / 1000.0;
}

static bool random_plan(struct rng *rng, unsigned i, struct lab_plan *plan)
{
	bool lossy = i & 2;

	lab_plan_defaults(plan);
	plan->family = i & 1 ? 6 : 4;
	plan->serve.cookies = i & 4;
	plan->paths = i & 8 ? 2 : 1;
	plan->serve.conn.scheduler = i & 8 ? "round-robin" : NULL;
	plan->serve.walk_back = i & 16;
	plan->routers = 1 + rng_below(rng, 8);
	for (unsigned p = 0; lossy && p < plan->paths; p++)
		random_link(rng, &plan->link[p]);
	return lossy;
}

static void check_clean(const struct run *r, unsigned i, bool lossy)
{
	const struct mirrored *m = &r->mirrored;
	bool mptcp = r->result.info.version <= 1;
	char found[4096];

	describe(r, found, sizeof(found));
	for (size_t n = 0; n < r->result.finding_count; n++)
		if (r->result.findings[n].cause != CAUSE_TARGET && mptcp && !lossy)
			fail_msg("run %u: %s", i, found);
	if (m->finding_count || (!lossy && !mirrored_covers(m)))
		fail_msg("run %u (version %u): %s %s (%u %u forward, %u %u reverse, whole %u)", i,
			 r->result.info.version, found, r->result.reason, m->forward.compared,
			 m->forward.segments, m->reverse.compared, m->reverse.segments, m->whole);
}

/* Loss may keep a mirror from telling all, not more than that. */
static void clean_paths_stay_clean(void **state)
{
	struct rng rng = test_rng("clean mirrored paths");
	unsigned clean = 0, joined = 0, runs = walk_runs(300);

	(void)state;
	for (unsigned i = 0; i < runs; i++) {
		uint64_t seed = rng_u64(&rng);
		struct lab_plan plan;
		bool lossy = random_plan(&rng, i, &plan);
		struct run *r = run_plan(&plan, seed, i % 5 ? 1 : i % 10 ? 0 : 255);

		check_clean(r, i, lossy);
		clean += mirrored_covers(&r->mirrored);
		joined += r->mirrored.subflows > 1;
		close_run(r);
	}
	print_message("%u runs, %u whole, %u with a joined subflow\n", runs, clean, joined);
	assert_true(clean > runs * 8 / 10 && joined > runs / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(boxes),	       cmocka_unit_test(boxes_nearby),
	    cmocka_unit_test(walked_back),     cmocka_unit_test(late_changes),
	    cmocka_unit_test(joined_subflows), cmocka_unit_test(clean_paths_stay_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
