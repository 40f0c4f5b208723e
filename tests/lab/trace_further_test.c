/* Joins from a further local address, over a random path of its own: what is clean is called clean,
 * and what a box does there is found there, by that path's own hops. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/rig.h"
#include "support/walk.h"

#define MP_JOIN "tcp.options.mptcp.mp_join"

/* Hops of that path alone, at their own distances, and nothing left half-open. */
static void check_clean(const struct walk *w)
{
	const struct trace_result *r = w->result, *path = r->further[0];

	walk_check(w, r->further_count == 1 && path->inside.state == INSIDE_TESTED, "tested");
	walk_check(w, r->verdict == VERDICT_CLEAN && !r->finding_count, "clean");
	walk_check(w, r->path_length == w->routers + 1, "the length of its own path");
	walk_check(w, path->path_length == w->further_routers + 1,
		   "the length of the further path");
	walk_check(w, path->inside.valid.answer == JOIN_ACCEPTED, "the connection's token");
	walk_check(w, path->inside.bogus.answer == JOIN_REFUSED, "a token of nobody's");
	for (size_t i = 0; i < path->probe_count; i++)
		if (path->probes[i].role != ROLE_ECHO)
			walk_check(w, path->probes[i].received > w->further_routers, "every hop");
	for (size_t i = 0; i < path->probe_count; i++)
		if (path->probes[i].role == ROLE_JOIN_VALID)
			walk_check(w, strstr(path->probes[i].spec, "/MPJOIN{id=2}"), "address ID");
	walk_check(w, !w->left_open, "half-open");
}

static void test_clean(void **state)
{
	(void)state;
	walk_all(
	    walk_runs(200),
	    &(struct walk_spec){.connect = true, .further = true, .target_mptcp = LAB_MPTCP_V1},
	    check_clean);
}

static const struct walk_spec hard[] = {
    {.partial = true, .silent = true},
    {.partial = true, .silent = true, .lossy = true},
    {.lossy = true, .harsh = true},
    {.limited = true},
    {.partial = true, .silent = true, .lossy = true, .limited = true},
    {.service = "hang-up"},
    {.service = "half-close", .lossy = true},
    {.service = "send", .lossy = true},
};

static void test_nothing_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++) {
		struct walk_spec spec = hard[i];

		spec.connect = spec.further = true;
		spec.target_mptcp = LAB_MPTCP_V1;
		walk_all(walk_runs(100), &spec, walk_check_nothing_found);
	}
}

/* A target that does not speak MPTCP has nothing that could be joined. */
static void check_untested(const struct walk *w)
{
	walk_check(w, w->result->verdict == VERDICT_CLEAN && !walk_interferences(w), "clean");
	walk_check(w, !w->result->further_count, "nothing is asked from there");
}

static void test_plain_target(void **state)
{
	(void)state;
	walk_all(
	    walk_runs(50),
	    &(struct walk_spec){.connect = true, .further = true, .target_mptcp = LAB_MPTCP_NONE},
	    check_untested);
}

/* What one box on that path does, and where it is seen; the trace's own path is as it should be. */
static const struct row {
	const char *box, *params;
	enum change_kind change;
	enum direction direction;
	bool seen; /* by routers; then only rows with one behind the box count */
} rows[] = {
    {"drop", "subtype=mp_join direction=forward", CHANGE_DROPPED, DIRECTION_FORWARD, true},
    {"strip", "subtype=mp_join direction=forward", CHANGE_REMOVED, DIRECTION_FORWARD, true},
    {"reset", "subtype=mp_join direction=forward", CHANGE_RESET, DIRECTION_FORWARD, true},
    {"strip", "subtype=mp_join direction=reverse", CHANGE_REMOVED, DIRECTION_REVERSE, false},
    {"drop", "subtype=mp_join direction=reverse", CHANGE_DROPPED, DIRECTION_REVERSE, false},
};

static bool is_further(const struct walk *w, const struct finding *f)
{
	return f->subflow == 1 && ip_addr_equal(&f->local, &w->result->further[0]->config.source) &&
	       !strncmp(f->explain, "On the path from ", 17);
}

/* By routers of that path, at their distance there. */
static bool is_placed(const struct walk *w, const struct finding *f)
{
	struct lab_router behind = rig_router(WALK_ROUTERS_MAX + w->further_after + 1);

	return f->after.ttl == w->further_after && f->by.ttl == w->further_after + 1 &&
	       ip_addr_equal(&f->by.addr, w->family == 6 ? &behind.addr6 : &behind.addr4);
}

static void check_row(const struct walk *w)
{
	const struct row *row = w->row;
	const struct finding *f = walk_finding(w, MP_JOIN);

	walk_check(w, w->result->inside.valid.answer == JOIN_ACCEPTED, "its own path");
	walk_check(w, !w->left_open, "half-open");
	if (row->seen && w->further_after == w->further_routers)
		return;
	walk_check(w, f && f->change == row->change && f->direction == row->direction, row->params);
	walk_check(w, is_further(w, f) && w->result->finding_count == 1,
		   "whose it is, and no other");
	walk_check(w, f->impact == IMPACT_NO_SUBFLOW && f->confidence != CONFIDENCE_POSSIBLE,
		   "impact");
	walk_check(w, w->result->verdict == VERDICT_INTERFERENCE, "verdict");
	walk_check(w, !row->seen || is_placed(w, f), "place");
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct walk_spec spec = {.connect = true,
					 .further = true,
					 .target_mptcp = LAB_MPTCP_V1,
					 .box = rows[i].box,
					 .params = rows[i].params,
					 .row = &rows[i]};

		walk_all(walk_runs(60), &spec, check_row);
	}
}

/* Who drops everything there is no box that drops joins: nothing could be tried. */
static void check_dead(const struct walk *w)
{
	walk_check(w, w->result->inside.valid.answer == JOIN_ACCEPTED, "its own path");
	walk_check(w, !w->result->finding_count && w->result->verdict == VERDICT_INCONCLUSIVE,
		   "open");
	walk_check(w, w->result->further[0]->inside.state == INSIDE_UNTESTED, "untested");
}

static void test_dead(void **state)
{
	(void)state;
	walk_all(walk_runs(50),
		 &(struct walk_spec){.connect = true,
				     .further = true,
				     .target_mptcp = LAB_MPTCP_V1,
				     .box = "drop",
				     .params = "on=all"},
		 check_dead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clean),	 cmocka_unit_test(test_nothing_there),
	    cmocka_unit_test(test_plain_target), cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
