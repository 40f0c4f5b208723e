/* Traced from inside a connection, on random paths: what is clean is called clean, and what a box
 * does behind the SYN is found where the box stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/walk.h"

#define MPTCP	   "tcp.options.mptcp."
#define DELAYED_NS (250 * NS_PER_MS) /* a sender waits for a delayed ACK of its last segment */

static void check(const struct walk *w, bool ok, const char *what)
{
	char text[4096];

	if (!ok)
		fail_msg("%s: %s", what, walk_describe(w, text, sizeof(text)));
}

static void run_all(unsigned runs, const struct walk_spec *spec, void (*judge)(const struct walk *))
{
	uint64_t seed = walk_first_seed();
	struct walk w;

	printf("seeds %llu to %llu\n", (unsigned long long)seed,
	       (unsigned long long)seed + runs - 1);
	for (unsigned i = 0; i < runs; i++) {
		walk_run(&w, seed + i, spec);
		judge(&w);
		walk_fini(&w);
	}
}

/* The longest round trip of the SYNs. */
static int64_t round_trip_ns(const struct walk *w)
{
	int64_t longest_ns = 1;

	for (size_t i = 0; i < w->result->reply_count; i++)
		if (w->result->replies[i].rtt_ns > longest_ns)
			longest_ns = w->result->replies[i].rtt_ns;
	return longest_ns;
}

static void check_clean(const struct walk *w)
{
	const struct trace_result *r = w->result;

	check(w, r->inside.state == INSIDE_TESTED && r->inside.mapped, "tested");
	check(w, r->verdict == VERDICT_CLEAN && !r->finding_count, "clean");
	check(w, r->inside.add_addr.echoed && !r->inside.add_addr.asked, "ADD_ADDR echoed at once");
	check(w, r->end_ns - r->start_ns <= 10 * round_trip_ns(w) + DELAYED_NS, "ten round trips");
	for (size_t i = 0; i < r->probe_count; i++)
		if (r->probes[i].role >= ROLE_DATA_CAPABLE && r->probes[i].role <= ROLE_SIGNALS)
			check(w, r->probes[i].received >= w->routers, "every hop quoted it");
}

static void test_clean(void **state)
{
	(void)state;
	run_all(walk_runs(400), &(struct walk_spec){.connect = true, .target_mptcp = LAB_MPTCP_V1},
		check_clean);
}

static void check_nothing_found(const struct walk *w)
{
	check(w, w->result->verdict != VERDICT_INTERFERENCE, "a finding that is not there");
	check(w, walk_interferences(w) == 0, "a finding that is not there");
}

static void test_partial_and_silent(void **state)
{
	(void)state;
	run_all(walk_runs(300),
		&(struct walk_spec){
		    .connect = true, .partial = true, .silent = true, .target_mptcp = LAB_MPTCP_V1},
		check_nothing_found);
}

static void test_lossy(void **state)
{
	(void)state;
	run_all(walk_runs(300),
		&(struct walk_spec){.connect = true,
				    .partial = true,
				    .silent = true,
				    .lossy = true,
				    .target_mptcp = LAB_MPTCP_V1},
		check_nothing_found);
}

/* Losses up to a fifth: whatever is missing must not be taken for a box's work. */
static void test_harsh(void **state)
{
	(void)state;
	run_all(walk_runs(300),
		&(struct walk_spec){
		    .connect = true, .lossy = true, .harsh = true, .target_mptcp = LAB_MPTCP_V1},
		check_nothing_found);
}

/* This process is kept from running, or the path stands still, now and then. */
static void test_gaps(void **state)
{
	struct walk_spec spec = {.connect = true, .target_mptcp = LAB_MPTCP_V1};

	(void)state;
	spec.naps = 0.01;
	run_all(walk_runs(200), &spec, check_nothing_found);
	spec.stalls = 0.01;
	run_all(walk_runs(200), &spec, check_nothing_found);
}

static void test_limited(void **state)
{
	(void)state;
	run_all(walk_runs(300),
		&(struct walk_spec){.connect = true, .limited = true, .target_mptcp = LAB_MPTCP_V1},
		check_nothing_found);
}

/* All of it at once. */
static void test_everything(void **state)
{
	(void)state;
	run_all(walk_runs(300),
		&(struct walk_spec){.connect = true,
				    .partial = true,
				    .silent = true,
				    .limited = true,
				    .lossy = true,
				    .target_mptcp = LAB_MPTCP_V1},
		check_nothing_found);
}

/* Targets that end the connection refuse what joins it. */
static void test_ending_targets(void **state)
{
	static const char *const services[] = {"hang-up", "half-close", "send"};

	(void)state;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		struct walk_spec spec = {
		    .connect = true, .service = services[i], .target_mptcp = LAB_MPTCP_V1};

		run_all(walk_runs(100), &spec, check_nothing_found);
		spec.lossy = true;
		run_all(walk_runs(100), &spec, check_nothing_found);
	}
}

/* A target that ended the connection may leave unanswered what joins it: that is not known from a
 * box that drops the answers. */
static void check_doubted(const struct walk *w)
{
	check(w, w->result->inside.valid.answer == JOIN_SILENT, "silent");
	check(w, strstr(w->result->inside.note, "may have ended the connection before"), "note");
	check_nothing_found(w);
}

static void test_ended_and_silent(void **state)
{
	(void)state;
	run_all(walk_runs(50),
		&(struct walk_spec){.connect = true,
				    .service = "half-close",
				    .target_mptcp = LAB_MPTCP_V1,
				    .box = "drop",
				    .params = "subtype=mp_join direction=reverse"},
		check_doubted);
}

/* A box that drops joins. */
static void check_join_dropped(const struct walk *w)
{
	const struct finding *f = walk_finding(w, MPTCP "mp_join");

	check(w, f && f->change == CHANGE_DROPPED && f->impact == IMPACT_NO_SUBFLOW, "dropped");
	check(w, f->after.ttl == w->box_after && f->by.ttl == w->box_after + 1, "place");
	check(w, w->result->finding_count == 1, "nothing else");
}

static void test_join_dropped(void **state)
{
	(void)state;
	run_all(walk_runs(100),
		&(struct walk_spec){.connect = true,
				    .target_mptcp = LAB_MPTCP_V1,
				    .box = "drop",
				    .params = "subtype=mp_join"},
		check_join_dropped);
}

static void check_at(const struct walk *w, const char *field, enum impact impact)
{
	const struct finding *f = walk_finding(w, field);

	check(w, f && f->change == CHANGE_REMOVED && f->basis == BASIS_QUOTE, field);
	check(w, f->after.ttl == w->box_after && f->by.ttl == w->box_after + 1, "place");
	check(w, f->impact == impact, "impact");
}

/* Behind the last router no router quotes: then the endpoint alone notices. */
static void check_stripped(const struct walk *w)
{
	const struct finding *f = walk_finding(w, MPTCP "dss");

	check(w, w->result->verdict == VERDICT_INTERFERENCE, "verdict");
	check(w, w->result->inside.connection.info.fallback_stage != FALLBACK_NONE, "fallback");
	if (w->box_after < w->routers) {
		check_at(w, MPTCP "mp_capable", IMPACT_FALLBACK);
		check_at(w, MPTCP "dss", IMPACT_FALLBACK);
		check_at(w, MPTCP "add_addr", IMPACT_DEGRADED);
		check_at(w, MPTCP "remove_addr", IMPACT_DEGRADED);
		check_at(w, MPTCP "mp_prio", IMPACT_DEGRADED);
		check(w, w->result->finding_count == 5, "nothing else, nothing twice");
	} else {
		check(w, f && f->basis == BASIS_ENDPOINT && !f->by.known, "by the endpoint");
		check(w, w->result->finding_count == 1, "nothing else");
	}
}

static void test_stripped(void **state)
{
	(void)state;
	run_all(walk_runs(200),
		&(struct walk_spec){.connect = true,
				    .target_mptcp = LAB_MPTCP_V1,
				    .box = "strip",
				    .params = "kind=mptcp segments=nonsyn direction=forward"},
		check_stripped);
}

/* A box that spoils the answers shows at the end of the connection only. */
static void check_stripped_back(const struct walk *w)
{
	const struct finding *f = walk_finding(w, MPTCP "dss");

	check(w, f && f->basis == BASIS_ENDPOINT && !f->by.known && !f->after.known, "endpoint");
	check(w, f->impact == IMPACT_FALLBACK && w->result->finding_count == 1, "one finding");
}

static void test_stripped_back(void **state)
{
	(void)state;
	run_all(walk_runs(100),
		&(struct walk_spec){.connect = true,
				    .target_mptcp = LAB_MPTCP_V1,
				    .box = "strip",
				    .params = "kind=mptcp segments=nonsyn direction=reverse"},
		check_stripped_back);
}

/* What one box does, and what must be said of it: where the box stands if routers see it, between
 * the last router and the target if they do not. */
static const struct row {
	const char *box, *params, *field;
	enum change_kind change;
	enum direction direction;
	bool seen; /* by routers; then only rows with one behind the box count */
	enum impact impact;
} rows[] = {
    {"drop", "kind=mptcp segments=nonsyn direction=forward", MPTCP "dss", CHANGE_DROPPED,
     DIRECTION_FORWARD, true, IMPACT_BROKEN},
    {"drop", "on=all segments=nonsyn direction=forward", "packet", CHANGE_DROPPED,
     DIRECTION_FORWARD, true, IMPACT_BROKEN},
    {"drop", "kind=mptcp segments=nonsyn direction=reverse", "packet", CHANGE_DROPPED,
     DIRECTION_END_TO_END, false, IMPACT_BROKEN},
    {"reset", "kind=mptcp segments=nonsyn direction=forward", MPTCP "dss", CHANGE_RESET,
     DIRECTION_FORWARD, true, IMPACT_BROKEN},
    {"drop", "subtype=add_addr direction=forward", MPTCP "add_addr", CHANGE_DROPPED,
     DIRECTION_FORWARD, true, IMPACT_DEGRADED},
    {"drop", "subtype=remove_addr direction=forward", MPTCP "remove_addr", CHANGE_DROPPED,
     DIRECTION_FORWARD, true, IMPACT_DEGRADED},
    {"hold_holes", "", "packet", CHANGE_REORDERED, DIRECTION_FORWARD, true, IMPACT_DEGRADED},
    {"early_ack", "", "tcp.ack", CHANGE_ANSWERED, DIRECTION_FORWARD, true, IMPACT_FALLBACK},
    {"split", "direction=forward", "tcp.payload", CHANGE_SPLIT, DIRECTION_FORWARD, true,
     IMPACT_NONE},
    {"coalesce", "direction=forward", "tcp.payload", CHANGE_COALESCED, DIRECTION_FORWARD, true,
     IMPACT_DEGRADED},
    {"payload", "direction=forward", "tcp.payload", CHANGE_REWRITTEN, DIRECTION_FORWARD, true,
     IMPACT_FALLBACK},
    {"seq_shift", "direction=forward", "tcp.seq", CHANGE_REWRITTEN, DIRECTION_FORWARD, true,
     IMPACT_NONE},
    {"seq_shift", "direction=reverse", "tcp.ack", CHANGE_REWRITTEN, DIRECTION_FORWARD, true,
     IMPACT_NONE},
    {"seq_shift", "sack=false", "tcp.options.sack", CHANGE_REWRITTEN, DIRECTION_REVERSE, false,
     IMPACT_DEGRADED},
    {"strip", "subtype=mp_join direction=reverse", MPTCP "mp_join", CHANGE_REMOVED,
     DIRECTION_REVERSE, false, IMPACT_NO_SUBFLOW},
    {"drop", "subtype=mp_join direction=reverse", MPTCP "mp_join", CHANGE_DROPPED,
     DIRECTION_REVERSE, false, IMPACT_NO_SUBFLOW},
    {"strip", "subtype=add_addr direction=reverse", MPTCP "add_addr", CHANGE_DROPPED,
     DIRECTION_END_TO_END, false, IMPACT_DEGRADED},
    {"drop", "subtype=add_addr direction=reverse", MPTCP "add_addr", CHANGE_DROPPED,
     DIRECTION_END_TO_END, false, IMPACT_DEGRADED},
    {"reset", "subtype=mp_join direction=forward", MPTCP "mp_join", CHANGE_RESET, DIRECTION_FORWARD,
     true, IMPACT_NO_SUBFLOW},
};

/* Short quotes do not reach into the data. */
static bool is_placed(const struct walk *w, const struct finding *f)
{
	if (!strcmp(f->field, "tcp.payload"))
		return f->after.ttl <= w->box_after && f->by.ttl > w->box_after;
	return f->after.ttl == w->box_after && f->by.ttl == w->box_after + 1;
}

static void check_row(const struct walk *w, const struct row *row)
{
	const struct finding *f = walk_finding(w, row->field);

	if (row->seen && (w->box_after == w->routers || (!f && !strcmp(row->field, "tcp.payload"))))
		return;
	check(w, f && f->change == row->change, row->field);
	check(w, f->direction == row->direction, "direction");
	check(w, !row->seen || is_placed(w, f), "place");
	check(w, f->impact == row->impact, "impact");
	check(w, !w->left_open, "half-open");
	check(w, f->confidence != CONFIDENCE_POSSIBLE, "confidence");
}

static void test_rows(void **state)
{
	struct walk w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint64_t seed = 1; seed <= walk_runs(60); seed++) {
			walk_run(&w, seed,
				 &(struct walk_spec){.connect = true,
						     .target_mptcp = LAB_MPTCP_V1,
						     .box = rows[i].box,
						     .params = rows[i].params});
			check_row(&w, &rows[i]);
			walk_fini(&w);
		}
	}
}

/* The nearest router behind which a copy is acknowledged is not the next one because an ACK was
 * late. */
static void test_early_stalls(void **state)
{
	struct walk w;

	(void)state;
	for (uint64_t seed = 121; seed <= 120 + walk_runs(30); seed++) {
		const struct finding *f;

		walk_run(&w, seed,
			 &(struct walk_spec){.connect = true,
					     .target_mptcp = LAB_MPTCP_V1,
					     .box = "early_ack",
					     .params = "",
					     .stalls = 0.004});
		f = walk_finding(&w, "tcp.ack");
		if (f && w.box_after != w.routers)
			check(&w,
			      f->after.ttl <= w.box_after &&
				  (!f->by.known || f->by.ttl > w.box_after),
			      "place");
		walk_fini(&w);
	}
}

/* ADD_ADDR that no router saw vanish is missed by its echo. */
static void check_unechoed(const struct walk *w)
{
	const struct finding *f = walk_finding(w, MPTCP "add_addr");
	bool seen = w->box_after < w->routers;

	check(w, f && f->impact == IMPACT_DEGRADED && f->confidence != CONFIDENCE_POSSIBLE,
	      "found");
	check(w, w->result->finding_count == 1, "once, and nothing else");
	check(w, f->after.ttl == w->box_after && f->by.ttl == w->box_after + 1, "place");
	check(w, f->direction == (seen ? DIRECTION_FORWARD : DIRECTION_END_TO_END), "direction");
}

/* Behind the last router that quotes it: the others are no witnesses. */
static void check_unechoed_partial(const struct walk *w)
{
	const struct finding *f = walk_finding(w, MPTCP "add_addr");

	check(w, f && f->after.ttl <= w->box_after && f->by.ttl > w->box_after, "place");
}

static void test_unechoed(void **state)
{
	static const char *const boxes[] = {"strip", "drop"};

	(void)state;
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		struct walk_spec spec = {.connect = true,
					 .target_mptcp = LAB_MPTCP_V1,
					 .box = boxes[i],
					 .params = "subtype=add_addr direction=forward"};

		run_all(walk_runs(200), &spec, check_unechoed);
		spec.partial = spec.silent = true;
		run_all(walk_runs(200), &spec, check_unechoed_partial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clean),	  cmocka_unit_test(test_partial_and_silent),
	    cmocka_unit_test(test_lossy),	  cmocka_unit_test(test_harsh),
	    cmocka_unit_test(test_gaps),	  cmocka_unit_test(test_limited),
	    cmocka_unit_test(test_everything),	  cmocka_unit_test(test_ending_targets),
	    cmocka_unit_test(test_rows),	  cmocka_unit_test(test_early_stalls),
	    cmocka_unit_test(test_join_dropped),  cmocka_unit_test(test_stripped),
	    cmocka_unit_test(test_stripped_back), cmocka_unit_test(test_ended_and_silent),
	    cmocka_unit_test(test_unechoed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
