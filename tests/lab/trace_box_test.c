/* A box at a random place of a random path is found, with an interval that holds it and is as
 * tight as the routers' quotes allow. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/walk.h"

#define MP_CAPABLE "tcp.options.mptcp.mp_capable"
#define MP_JOIN	   "tcp.options.mptcp.mp_join"
#define UNKNOWN	   "tcp.options.kind_254"

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

	walk_check(w, f->after.ttl == (removed ? last_voice(w) : last_before(w)), "after");
	walk_check(w, f->by.known && f->by.ttl == by, "by");
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

static void check_quoted(const struct walk *w)
{
	const struct expectation *e = w->row;
	const struct finding *f = walk_finding(w, e->field);

	if (first_behind(w)) {
		walk_check(w, w->result->verdict == VERDICT_INTERFERENCE, "verdict");
		walk_check(w, f && f->change == e->change && f->cause == e->cause, e->field);
		check_interval(w, f);
	} else if (e->change == CHANGE_REMOVED && strcmp(e->field, "tcp.options.sack_perm") &&
		   first_voice(w)) {
		walk_check(w, f && f->change == e->change, "lengths tell");
		check_interval(w, f);
	} else if (e->change != CHANGE_REMOVED) {
		walk_check(w, w->result->verdict != VERDICT_INTERFERENCE, "no witness");
	}
	walk_check(w, lab_half_open(w->lab) == 0, "left half-open");
}

static void run_quoted(const struct expectation *e, bool hard)
{
	walk_all(walk_runs(hard ? 150 : 100),
		 &(struct walk_spec){.partial = hard,
				     .silent = hard,
				     .box = e->box,
				     .params = e->params,
				     .target_mptcp = LAB_MPTCP_V1,
				     .row = e},
		 check_quoted);
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
static void check_witnessed(const struct walk *w)
{
	const struct expectation *e = w->row;
	const struct finding *f = walk_finding(w, e->field);

	walk_check(w, f && f->change == e->change && f->cause == e->cause, e->field);
	walk_check(w, f->after.ttl <= w->box_after && f->by.ttl > w->box_after, "interval");
	walk_check(w, w->result->verdict == VERDICT_INTERFERENCE, "verdict");
	walk_check(w, lab_half_open(w->lab) == 0, "left half-open");
}

static void run_witnessed(const struct expectation *e)
{
	walk_all(walk_runs(150),
		 &(struct walk_spec){.partial = true,
				     .silent = true,
				     .problems = true,
				     .box = e->box,
				     .params = e->params,
				     .target_mptcp = LAB_MPTCP_V1,
				     .row = e},
		 check_witnessed);
}

static void test_witnessed_by_the_target(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		run_witnessed(&quoted[i]);
}

/* Dropped and reset: no witness needed but routers that answer the control. */
static const struct expectation fates[] = {
    {"drop", "kind=mptcp", MP_CAPABLE, CHANGE_DROPPED, CAUSE_BLACKHOLE},
    {"reset", "kind=mptcp", MP_CAPABLE, CHANGE_RESET, CAUSE_RESETTER},
};

static void check_fate(const struct walk *w)
{
	const struct expectation *e = w->row;
	const struct finding *f = walk_finding(w, e->field);
	unsigned after = w->box_after, by = w->box_after + 1;

	while (after && w->silent[after - 1])
		after--;
	while (by <= w->routers && w->silent[by - 1])
		by++;
	if (e->change == CHANGE_RESET)
		by = w->box_after + 1;
	walk_check(w, f && f->change == e->change && f->direction == DIRECTION_FORWARD, e->box);
	walk_check(w, f->cause == e->cause, "cause");
	walk_check(w, f->after.ttl == after, "after");
	walk_check(w, f->by.ttl == by, "by");
	walk_check(w, !walk_finding(w, UNKNOWN), "the sham passes");
	walk_check(w, lab_half_open(w->lab) == 0, "left half-open");
}

static void test_fates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
		walk_all(walk_runs(200),
			 &(struct walk_spec){.partial = true,
					     .silent = true,
					     .box = fates[i].box,
					     .params = fates[i].params,
					     .target_mptcp = LAB_MPTCP_V1,
					     .row = &fates[i]},
			 check_fate);
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
