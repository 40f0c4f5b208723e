/* A box at a random place of a random path is found, with an interval that holds it and is as
 * tight as the routers' quotes allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/walk.h"

#define MP_CAPABLE "tcp.options.mptcp.mp_capable"
#define MP_JOIN	   "tcp.options.mptcp.mp_join"
#define UNKNOWN	   "tcp.options.kind_254"

static void check(const struct walk *w, bool ok, const char *what)
{
	char text[4096];

	if (!ok)
		fail_msg("%s: %s", what, walk_describe(w, text, sizeof(text)));
}

static bool shows_options(const struct walk *w, unsigned router)
{
	return !w->silent[router - 1] && w->quote[router - 1] >= QUOTE_128;
}

/* The tightest interval the witnesses allow. */
static unsigned last_before(const struct walk *w)
{
	unsigned n = w->box_after;

	while (n && !shows_options(w, n))
		n--;
	return n;
}

static unsigned first_behind(const struct walk *w) /* 0: no router */
{
	for (unsigned n = w->box_after + 1; n <= w->routers; n++)
		if (shows_options(w, n))
			return n;
	return 0;
}

/* Lengths betray a removed option to any quote. */
static unsigned first_voice(const struct walk *w)
{
	for (unsigned n = w->box_after + 1; n <= w->routers; n++)
		if (!w->silent[n - 1])
			return n;
	return 0;
}

static unsigned last_voice(const struct walk *w)
{
	unsigned n = w->box_after;

	while (n && w->silent[n - 1])
		n--;
	return n;
}

static void check_interval(const struct walk *w, const struct finding *f)
{
	bool removed = f->change == CHANGE_REMOVED && strcmp(f->field, "tcp.options.sack_perm");
	unsigned by = removed ? first_voice(w) : first_behind(w);

	check(w, f->after.ttl == (removed ? last_voice(w) : last_before(w)), "after");
	check(w, f->by.known && f->by.ttl == by, "by");
}

struct expectation {
	const char *box, *params;
	const char *field;
	enum change_kind change;
	enum cause cause;
};

static const struct expectation quoted[] = {
    {"strip", "subtype=mp_capable how=remove", MP_CAPABLE, CHANGE_REMOVED, CAUSE_OPTION_STRIPPER},
    {"strip", "kind=mptcp how=nop", MP_CAPABLE, CHANGE_BLANKED, CAUSE_OPTION_STRIPPER},
    {"strip", "kind=mptcp how=eol", MP_CAPABLE, CHANGE_TRUNCATED, CAUSE_OPTION_STRIPPER},
    {"strip", "kind=unknown how=remove", UNKNOWN, CHANGE_REMOVED, CAUSE_OPTION_STRIPPER},
    {"strip", "kind=sack_perm how=remove", "tcp.options.sack_perm", CHANGE_REMOVED,
     CAUSE_OPTION_STRIPPER},
    {"mss_clamp", "max=1300", "tcp.options.mss_val", CHANGE_REWRITTEN, CAUSE_MSS_CLAMP},
};

static void run_quoted(const struct expectation *e, bool hard)
{
	unsigned runs = walk_runs(hard ? 150 : 100);
	uint64_t seed = walk_first_seed();
	struct walk w;

	printf("%s %s: %u seeds from %llu\n", e->box, e->params, runs, (unsigned long long)seed);
	for (unsigned i = 0; i < runs; i++) {
		const struct finding *f;

		walk_run(&w, seed + i,
			 &(struct walk_spec){.partial = hard,
					     .silent = hard,
					     .box = e->box,
					     .params = e->params,
					     .target_mptcp = LAB_MPTCP_V1});
		f = walk_finding(&w, e->field);
		if (first_behind(&w)) {
			check(&w, w.result->verdict == VERDICT_INTERFERENCE, "verdict");
			check(&w, f && f->change == e->change && f->cause == e->cause, e->field);
			check_interval(&w, f);
		} else if (e->change == CHANGE_REMOVED &&
			   strcmp(e->field, "tcp.options.sack_perm") && first_voice(&w)) {
			check(&w, f && f->change == e->change, "lengths tell");
			check_interval(&w, f);
		} else if (e->change != CHANGE_REMOVED) {
			check(&w, w.result->verdict != VERDICT_INTERFERENCE, "no witness");
		}
		check(&w, lab_half_open(w.lab) == 0, "left half-open");
		walk_fini(&w);
	}
}

static void test_quoted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
		run_quoted(&quoted[i], false);
		run_quoted(&quoted[i], true);
	}
}

/* Behind the last router only the target is a witness: it quotes what a probe with a bad IP option
 * or extension header brought. */
static void run_witnessed(const struct expectation *e)
{
	unsigned runs = walk_runs(150);
	struct walk w;

	for (unsigned i = 0; i < runs; i++) {
		const struct finding *f;

		walk_run(&w, walk_first_seed() + i,
			 &(struct walk_spec){.partial = true,
					     .silent = true,
					     .problems = true,
					     .box = e->box,
					     .params = e->params,
					     .target_mptcp = LAB_MPTCP_V1});
		f = walk_finding(&w, e->field);
		check(&w, f && f->change == e->change && f->cause == e->cause, e->field);
		check(&w, f->after.ttl <= w.box_after && f->by.ttl > w.box_after, "interval");
		check(&w, w.result->verdict == VERDICT_INTERFERENCE, "verdict");
		check(&w, lab_half_open(w.lab) == 0, "left half-open");
		walk_fini(&w);
	}
}

static void test_witnessed_by_the_target(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		run_witnessed(&quoted[i]);
}

/* Dropped and reset: no witness needed but routers that answer the control. */
static void run_fate(const char *box, enum change_kind change)
{
	unsigned runs = walk_runs(200);
	struct walk w;

	for (unsigned i = 0; i < runs; i++) {
		const struct finding *f;
		unsigned after, by;

		walk_run(&w, walk_first_seed() + i,
			 &(struct walk_spec){.partial = true,
					     .silent = true,
					     .box = box,
					     .params = "kind=mptcp",
					     .target_mptcp = LAB_MPTCP_V1});
		f = walk_finding(&w, MP_CAPABLE);
		for (after = w.box_after; after && w.silent[after - 1];)
			after--;
		for (by = w.box_after + 1; by <= w.routers && w.silent[by - 1];)
			by++;
		check(&w, f && f->change == change && f->direction == DIRECTION_FORWARD, box);
		check(&w, f->after.ttl == after, "after");
		check(&w, change == CHANGE_RESET ? f->by.ttl == w.box_after + 1 : f->by.ttl == by,
		      "by");
		check(&w, !walk_finding(&w, UNKNOWN), "the sham passes");
		check(&w, lab_half_open(w.lab) == 0, "left half-open");
		walk_fini(&w);
	}
}

static void test_fates(void **state)
{
	(void)state;
	run_fate("drop", CHANGE_DROPPED);
	run_fate("reset", CHANGE_RESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quoted),
	    cmocka_unit_test(test_witnessed_by_the_target),
	    cmocka_unit_test(test_fates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
