/* What happens to the target's data on their way back, seen from inside a connection alone. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/walk.h"

static void check(const struct walk *w, bool ok, const char *what)
{
	char text[8192];

	if (!ok)
		fail_msg("%s: %s", what, walk_describe(w, text, sizeof(text)));
}

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

	check(w, f->direction == DIRECTION_REVERSE && f->basis == BASIS_ENDPOINT, "direction");
	check(w, f->after.known && !f->after.ttl && ip_addr_equal(&f->after.addr, &c->target),
	      "after");
	check(w,
	      f->by.known && f->by.ttl == w->routers + 1 && ip_addr_equal(&f->by.addr, &c->source),
	      "by");
}

static void check_row(const struct walk *w, const struct row *row)
{
	const struct finding *f = walk_finding(w, row->field);

	check(w, f && f->change == row->change, row->params);
	check_place(w, f);
	check(w,
	      (row->impact == ANY || f->impact == row->impact) &&
		  f->confidence != CONFIDENCE_POSSIBLE,
	      "impact");
	check(w, w->result->finding_count == 1, "nothing else");
	check(w, w->result->verdict == VERDICT_INTERFERENCE, "verdict");
}

static void test_rows(void **state)
{
	uint64_t first = walk_first_seed();
	struct walk w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct walk_spec spec = spec_of(rows[i].octets, rows[i].box, rows[i].params);

		for (uint64_t seed = first; seed < first + walk_runs(40); seed++) {
			walk_run(&w, seed, &spec);
			check_row(&w, &rows[i]);
			walk_fini(&w);
		}
	}
}

/* What no TTL bears out is no number. */
static void test_no_number(void **state)
{
	struct walk_spec spec = spec_of(0, "payload", "direction=reverse");
	struct walk w;

	(void)state;
	spec.boxes[0] = (struct walk_box){"ttl_set", "value=100 direction=reverse"};
	for (uint64_t seed = 1; seed <= walk_runs(20); seed++) {
		const struct finding *f;

		walk_run(&w, seed, &spec);
		f = walk_finding(&w, "tcp.payload");
		check(&w, f && f->after.known && !f->after.ttl && !f->by.known, "by nobody");
		walk_fini(&w);
	}
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
		check(&w, w.result->verdict != VERDICT_INTERFERENCE, "nothing found");
		check(&w, spec.lossy || w.result->verdict == VERDICT_CLEAN, "clean");
		check(&w, spec.lossy || w.result->inside.back.repeated, "sent again");
		check(&w,
		      spec.lossy || w.result->inside.connection.info.received >= least(spec.octets),
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

/* What could not be tested is said. */
static void test_untested(void **state)
{
	static const struct {
		const char *service, *note;
		bool no_checksum;
	} cases[] = {
	    {"discard", "sent no data", false},
	    {"echo", "did not agree on checksums", true},
	};
	struct walk w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct walk_spec spec = spec_of(0, NULL, NULL);

		spec.service = cases[i].service;
		spec.no_checksum = cases[i].no_checksum;
		for (uint64_t seed = 1; seed <= walk_runs(20); seed++) {
			walk_run(&w, seed, &spec);
			check(&w, w.result->verdict == VERDICT_CLEAN, "clean");
			check(&w, strstr(w.result->inside.note, cases[i].note), cases[i].note);
			walk_fini(&w);
		}
	}
}

/* Boxes that do something else must not be taken for these. */
static void test_others(void **state)
{
	static const struct {
		const char *box, *params, *field;
	} others[] = {
	    {"seq_shift", "direction=both", "tcp.seq"},
	    {"mss_clamp", "max=200 direction=forward", "tcp.options.mss_val"},
	    {"strip", "kind=mss direction=forward", "tcp.options.mss_val"},
	    {"set", "field=ip.dsfield.dscp value=9 direction=both", "ip.dsfield.dscp"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct walk_spec spec = spec_of(3000, others[i].box, others[i].params);
		struct walk w;

		for (uint64_t seed = 1; seed <= walk_runs(30); seed++) {
			walk_run(&w, seed, &spec);
			check(&w, !walk_finding(&w, "tcp.payload"), others[i].field);
			check(&w, w.result->inside.connection.info.fallback_stage == FALLBACK_NONE,
			      "no fallback");
			walk_fini(&w);
		}
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
