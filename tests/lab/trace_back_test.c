/* What happens to the target's data on their way back, seen from inside a connection alone. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/walk.h"

/* The target sends so many octets, or echoes the request (0). */
static struct walk_spec spec_of(unsigned octets, const char *box, const char *params)
{
	return (struct walk_spec){.connect = true,
				  .target_mptcp = LAB_MPTCP_V1,
				  .service = octets ? "send" : "echo",
				  .octets = octets,
				  .box = box,
				  .params = params};
}

#define ANY ((enum impact) - 1) /* it depends on what the ends got first */

static const struct row {
	unsigned octets;
	const char *box, *params, *field;
	enum change_kind change;
	enum impact impact;
} rows[] = {
    {0, "payload", "direction=reverse", "tcp.payload", CHANGE_REWRITTEN, IMPACT_FALLBACK},
    {3000, "payload", "direction=reverse at=2500 octets=5", "tcp.payload", CHANGE_REWRITTEN, ANY},
    {3000, "payload", "direction=reverse at=100 mode=insert octets=7", "tcp.payload",
     CHANGE_REWRITTEN, ANY},
    {3000, "payload", "direction=reverse at=100 mode=delete octets=7", "tcp.payload",
     CHANGE_REWRITTEN, ANY},
    {0, "split", "direction=reverse", "tcp.payload", CHANGE_SPLIT, IMPACT_NONE},
    {3000, "split", "direction=reverse pieces=3", "tcp.payload", CHANGE_SPLIT, IMPACT_NONE},
    {3000, "split", "direction=reverse options=first", "tcp.payload", CHANGE_SPLIT, IMPACT_NONE},
    {3000, "split", "direction=reverse options=last", "tcp.payload", CHANGE_SPLIT, ANY},
    {3000, "coalesce", "direction=reverse", "tcp.payload", CHANGE_COALESCED, IMPACT_DEGRADED},
    {3000, "coalesce", "direction=reverse keep=last", "tcp.payload", CHANGE_COALESCED, ANY},
    {3000, "coalesce", "direction=reverse keep=all", "tcp.payload", CHANGE_COALESCED,
     IMPACT_DEGRADED},
    {0, "early_ack", "direction=reverse", "tcp.ack", CHANGE_ANSWERED, ANY},
    {3000, "early_ack", "direction=reverse", "tcp.ack", CHANGE_ANSWERED, ANY},
};

/* From the target, which is hop 0 of the way back, to this host. */
static void check_place(const struct walk *w, const struct finding *f)
{
	const struct trace_config *c = &w->result->config;

	walk_check(w, f->direction == DIRECTION_REVERSE && f->basis == BASIS_ENDPOINT, "direction");
	walk_check(w, f->after.known && !f->after.ttl && ip_addr_equal(&f->after.addr, &c->target),
		   "after");
	walk_check(
	    w, f->by.known && f->by.ttl == w->routers + 1 && ip_addr_equal(&f->by.addr, &c->source),
	    "by");
}

static void check_row(const struct walk *w)
{
	const struct row *row = w->row;
	const struct finding *f = walk_finding(w, row->field);

	walk_check(w, f && f->change == row->change, row->params);
	check_place(w, f);
	walk_check(w,
		   (row->impact == ANY || f->impact == row->impact) &&
		       f->confidence != CONFIDENCE_POSSIBLE,
		   "impact");
	walk_check(w, w->result->finding_count == 1, "nothing else");
	walk_check(w, w->result->verdict == VERDICT_INTERFERENCE, "verdict");
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct walk_spec spec = spec_of(rows[i].octets, rows[i].box, rows[i].params);

		spec.row = &rows[i];
		walk_all(walk_runs(40), &spec, check_row);
	}
}

/* What no TTL bears out is no number. */
static void check_no_number(const struct walk *w)
{
	const struct finding *f = walk_finding(w, "tcp.payload");

	walk_check(w, f && f->after.known && !f->after.ttl && !f->by.known, "by nobody");
}

static void test_no_number(void **state)
{
	struct walk_spec spec = spec_of(0, "payload", "direction=reverse");

	(void)state;
	spec.boxes[0] = (struct walk_box){"ttl_set", "value=100 direction=reverse"};
	walk_all(walk_runs(20), &spec, check_no_number);
}

/* What a first window holds, or an echo is long. */
static unsigned least(unsigned octets)
{
	return octets > 3400 ? 3400 : octets ? octets : 37;
}

/* Whatever is sent, and whatever is lost, delayed or doubled on a path without boxes. */
static void run_clean(struct walk_spec spec, unsigned runs)
{
	uint64_t first = walk_first_seed();
	struct walk w;

	for (uint64_t seed = first; seed < first + runs; seed++) {
		spec.octets = seed % 4 * 1700;
		spec.service = spec.octets ? "send" : "echo";
		walk_run(&w, seed, &spec);
		walk_check(&w, w.result->verdict != VERDICT_INTERFERENCE, "nothing found");
		walk_check(&w, spec.lossy || w.result->verdict == VERDICT_CLEAN, "clean");
		walk_check(&w, spec.lossy || w.result->inside.back.repeated, "sent again");
		walk_check(&w,
			   spec.lossy ||
			       w.result->inside.connection.info.received >= least(spec.octets),
			   "all taken");
		walk_fini(&w);
	}
}

static void test_clean(void **state)
{
	struct walk_spec spec = spec_of(0, NULL, NULL);

	(void)state;
	run_clean(spec, walk_runs(200));
	spec.no_checksum = true;
	run_clean(spec, walk_runs(50));
	spec.no_checksum = false;
	spec.lossy = true;
	run_clean(spec, walk_runs(200));
	spec.harsh = true;
	run_clean(spec, walk_runs(200));
}

static const struct untested {
	const char *service, *note;
	bool no_checksum;
} untested[] = {
    {"discard", "sent no data", false},
    {"echo", "did not agree on checksums", true},
};

static void check_untested(const struct walk *w)
{
	const struct untested *u = w->row;

	walk_check(w, w->result->verdict == VERDICT_CLEAN, "clean");
	walk_check(w, strstr(w->result->inside.note, u->note), u->note);
}

/* What could not be tested is said. */
static void test_untested(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(untested) / sizeof(untested[0]); i++) {
		struct walk_spec spec = spec_of(0, NULL, NULL);

		spec.service = untested[i].service;
		spec.no_checksum = untested[i].no_checksum;
		spec.row = &untested[i];
		walk_all(walk_runs(20), &spec, check_untested);
	}
}

static void check_other(const struct walk *w)
{
	const struct walk_box *other = w->row;

	walk_check(w, !walk_finding(w, "tcp.payload"), other->name);
	walk_check(w, w->result->inside.connection.info.fallback_stage == FALLBACK_NONE,
		   "no fallback");
}

/* Boxes that do something else must not be taken for these. */
static void test_others(void **state)
{
	static const struct walk_box others[] = {
	    {"seq_shift", "direction=both"},
	    {"mss_clamp", "max=200 direction=forward"},
	    {"strip", "kind=mss direction=forward"},
	    {"set", "field=ip.dsfield.dscp value=9 direction=both"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct walk_spec spec = spec_of(3000, others[i].name, others[i].params);

		spec.row = &others[i];
		walk_all(walk_runs(30), &spec, check_other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),      cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_others),    cmocka_unit_test(test_untested),
	    cmocka_unit_test(test_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
