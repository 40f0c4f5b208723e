/* Traces with a mirror at the target, on random paths: what hops, connection and both ends show
 * comes together in one verdict, each finding once, with its interval and direction. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/walk.h"

#define MPTCP "tcp.options.mptcp."

static void judge_clean(const struct walk *w)
{
	const struct mirrored *m = &w->result->mirrored.mirrored;

	walk_check(w, w->result->finding_count == 0, "nothing found");
	walk_check(w, w->lossy || w->result->verdict == VERDICT_CLEAN, "clean");
	walk_check(w, w->lossy || m->whole, "all compared");
}

static void judge_found_nothing(const struct walk *w)
{
	walk_check(w, w->result->finding_count == 0, "nothing found");
}

static void clean(void **state)
{
	struct walk_spec spec = {.connect = true, .mirror = true, .target_mptcp = LAB_MPTCP_V1};

	(void)state;
	walk_all(walk_runs(200), &spec, judge_clean);
	spec.partial = spec.silent = spec.lossy = true;
	walk_all(walk_runs(200), &spec, judge_clean);
	spec = (struct walk_spec){.connect = true,
				  .mirror = true,
				  .target_mptcp = LAB_MPTCP_V1,
				  .naps = 0.01,
				  .stalls = 0.01};
	walk_all(walk_runs(200), &spec, judge_found_nothing);
}

/* A box at a random place: the fields that it touches, in either direction. */
static const struct row {
	const char *box, *params;
	const char *fields[6];
	bool reverse;
	bool somewhere; /* no quote shows it */
} rows[] = {
    {"strip",
     "kind=mptcp segments=nonsyn direction=forward",
     {MPTCP "mp_capable", MPTCP "dss", MPTCP "add_addr", MPTCP "remove_addr", MPTCP "mp_prio"},
     false,
     false},
    {"strip", "subtype=dss direction=reverse", {MPTCP "dss"}, true, false},
    {"strip",
     "kind=timestamp segments=synack direction=reverse",
     {"tcp.options.timestamp"},
     true,
     false},
    {"strip",
     "subtype=mp_capable segments=synack direction=reverse",
     {MPTCP "mp_capable"},
     true,
     false},
    {"mss_clamp", "max=1200 direction=forward", {"tcp.options.mss_val"}, false, false},
    {"mss_clamp", "max=1200 direction=reverse", {"tcp.options.mss_val"}, true, false},
    {"seq_shift", "direction=forward", {"tcp.seq"}, false, false},
    {"seq_shift", "direction=reverse", {"tcp.seq"}, true, false},
    {"seq_shift", "direction=forward quotes=full", {"tcp.seq"}, false, true},
    {"seq_shift", "direction=reverse quotes=full", {"tcp.seq"}, true, true},
    {"seq_shift", "direction=forward quotes=partial", {"tcp.seq"}, false, false},
    {"split", "pieces=2 direction=reverse", {"tcp.payload"}, true, false},
    {"payload", "at=2000 direction=forward", {"tcp.payload"}, false, true},
    {"early_ack", "direction=forward", {"tcp.ack"}, false, true},
    {"hold_holes", "direction=forward", {"packet"}, false, true},
};

static bool is_twice(const struct trace_result *r, size_t i)
{
	for (size_t n = 0; n < i; n++)
		if (!strcmp(r->findings[n].field, r->findings[i].field) &&
		    r->findings[n].direction == r->findings[i].direction)
			return true;
	return false;
}

static void check_place(const struct walk *w, const struct row *row, const struct finding *f)
{
	unsigned after = row->reverse ? w->routers - w->box_after : w->box_after;

	walk_check(w, f->direction == (row->reverse ? DIRECTION_REVERSE : DIRECTION_FORWARD),
		   "direction");
	if (row->somewhere || (after == w->routers && mirrored_is_translation(f)))
		walk_check(w, f->after.ttl <= after && (!f->by.known || f->by.ttl > after),
			   "place");
	else
		walk_check(w, f->after.ttl == after && (!f->by.known || f->by.ttl == after + 1),
			   "place");
}

static void judge_row(const struct walk *w)
{
	const struct row *row = w->row;
	size_t count = 0;

	walk_check(w, w->result->verdict == VERDICT_INTERFERENCE, row->params);
	for (; count < 6 && row->fields[count]; count++) {
		const struct finding *f = walk_finding(w, row->fields[count]);

		/* Behind the last router the ends alone see it, and they send none of the rest. */
		if (!f && count >= 2 && w->box_after == w->routers)
			break;
		walk_check(w, f, row->fields[count]);
		check_place(w, row, f);
	}
	walk_check(w, w->result->finding_count == count, "nothing else");
	for (size_t i = 0; i < w->result->finding_count; i++)
		walk_check(w, !is_twice(w->result, i), "nothing twice");
}

static void boxes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct walk_spec spec = {.connect = true,
					 .mirror = true,
					 .target_mptcp = LAB_MPTCP_V1,
					 .box = rows[i].box,
					 .params = rows[i].params,
					 .row = &rows[i]};

		walk_all(walk_runs(30), &spec, judge_row);
	}
}

/* Behind the last router, where only the mirror sees it, and little: of what it did not tell of
 * nothing is counted. */
static void judge_count(const struct walk *w)
{
	const struct finding *f = walk_finding(w, MPTCP "dss");
	unsigned seen = 0, of = 0;
	const char *count;

	walk_check(w, f && f->direction == DIRECTION_FORWARD, "found");
	count = strstr(f->explain, "(in ");
	if (count && sscanf(count, "(in %u of %u segments)", &seen, &of) == 2)
		walk_check(w, seen == of, "each of those that were compared");
}

static void counts(void **state)
{
	struct walk_spec spec = {.connect = true,
				 .mirror = true,
				 .target_mptcp = LAB_MPTCP_V1,
				 .box = "strip",
				 .params = "subtype=dss direction=forward"};

	(void)state;
	walk_all(walk_runs(50), &spec, judge_count);
}

/* Whoever terminates connections sends with TTLs of its own: how far the ends are is not known. */
static void judge_terminated(const struct walk *w)
{
	walk_check(w, w->result->verdict == VERDICT_INTERFERENCE, "found");
	for (size_t i = 0; i < w->result->finding_count; i++) {
		const struct finding *f = &w->result->findings[i];
		unsigned at =
		    f->direction == DIRECTION_REVERSE ? w->routers - w->box_after : w->box_after;

		walk_check(w, f->after.ttl <= at && (!f->by.known || f->by.ttl > at), "place");
	}
}

static void terminated(void **state)
{
	struct walk_spec spec = {
	    .connect = true, .mirror = true, .target_mptcp = LAB_MPTCP_V1, .box = "terminate"};

	(void)state;
	walk_all(walk_runs(50), &spec, judge_terminated);
}

/* Which the connection that is traced from inside notices, too. */
static void judge_sacks(const struct walk *w)
{
	const struct finding *seq = walk_finding(w, "tcp.seq");
	const struct finding *sack = walk_finding(w, "tcp.options.sack");

	walk_check(w, seq && seq->direction == DIRECTION_FORWARD, "sequence numbers");
	walk_check(w, sack && sack->direction == DIRECTION_REVERSE, "SACK blocks");
	walk_check(w, w->result->finding_count == 2, "nothing else, nothing twice");
}

static void untranslated_sacks(void **state)
{
	struct walk_spec spec = {.connect = true,
				 .mirror = true,
				 .target_mptcp = LAB_MPTCP_V1,
				 .box = "seq_shift",
				 .params = "direction=forward sack=false"};

	(void)state;
	walk_all(walk_runs(50), &spec, judge_sacks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(untranslated_sacks),
	    cmocka_unit_test(counts),
	    cmocka_unit_test(terminated),
	    cmocka_unit_test(clean),
	    cmocka_unit_test(boxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
