/* On the worst of paths, with losses up to a fifth, packets that come twice, late and out of order,
 * little may be found; but nothing may be claimed that is not so, nor in the wrong place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/walk.h"

static const struct truth {
	const char *box, *params;
	enum change_kind change; /* the only one there is */
	const char *but[4];	 /* fields that the box leaves alone */
	bool closed;
	unsigned tolerated; /* of a hundred walks: chance may look like anything */
	unsigned least;	    /* of a hundred: how often the box is found */
} truths[] = {
    {"reset", "kind=mptcp", CHANGE_RESET, {"tcp.options.kind_254"}, false, 0, 95},
    {"reset", "kind=mptcp", CHANGE_RESET, {"tcp.options.kind_254"}, true, 0, 70},
    {"drop", "kind=mptcp", CHANGE_DROPPED, {"tcp.options.kind_254"}, false, 1, 70},
    {"strip", "kind=timestamp how=eol", CHANGE_TRUNCATED, {"tcp.options.mss_val"}, false, 1, 60},
    {"strip",
     "kind=timestamp how=nop",
     CHANGE_BLANKED,
     {"tcp.options.mptcp.mp_capable"},
     true,
     0,
     60},
};

static bool left_alone(const struct truth *truth, const char *field)
{
	for (size_t i = 0; truth->but[i]; i++)
		if (!strcmp(truth->but[i], field))
			return true;
	return false;
}

static bool true_finding(const struct walk *w, const struct truth *truth, const struct finding *f)
{
	if (f->confidence == CONFIDENCE_POSSIBLE || f->cause == CAUSE_TARGET)
		return true;
	return f->change == truth->change && !left_alone(truth, f->field) &&
	       f->after.ttl <= w->box_after && (!f->by.known || f->by.ttl > w->box_after);
}

static bool true_walk(const struct walk *w, const struct truth *truth)
{
	for (size_t i = 0; i < w->result->finding_count; i++)
		if (!true_finding(w, truth, &w->result->findings[i]))
			return false;
	return true;
}

/* The box is found, and not only thought possible. */
static bool found_box(const struct walk *w, const struct truth *truth)
{
	for (size_t i = 0; i < w->result->finding_count; i++)
		if (w->result->findings[i].change == truth->change &&
		    w->result->findings[i].confidence != CONFIDENCE_POSSIBLE)
			return true;
	return false;
}

static void walk_truth(const struct truth *truth)
{
	unsigned runs = walk_runs(300), wrong = 0, found = 0;
	char text[4096] = "";
	struct walk w;

	for (unsigned i = 0; i < runs; i++) {
		walk_run(&w, walk_first_seed() + i,
			 &(struct walk_spec){.partial = true,
					     .silent = true,
					     .harsh = true,
					     .closed = truth->closed,
					     .box = truth->box,
					     .params = truth->params,
					     .target_mptcp = LAB_MPTCP_V1});
		found += found_box(&w, truth);
		if (!true_walk(&w, truth)) {
			wrong++;
			walk_describe(&w, text, sizeof(text));
		}
		walk_fini(&w);
	}
	printf("%s %s%s: %u seeds from %llu, %u found, %u not true\n", truth->box, truth->params,
	       truth->closed ? ", port closed" : "", runs, (unsigned long long)walk_first_seed(),
	       found, wrong);
	if (wrong * 100 > truth->tolerated * runs)
		fail_msg("%u of %u, such as %s", wrong, runs, text);
	if (found * 100 < truth->least * runs)
		fail_msg("the box was found %u times of %u", found, runs);
}

static void test_truth(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++)
		walk_truth(&truths[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
