/* Up to three boxes on one random path, each in its place and direction, traced from inside a
 * connection and with a mirror: what is found is so, in an interval that holds the box, and once;
 * and what no other box hides is found.
 *
 * A failing walk is repeated by MBOXTRACE_SEED=<its seed> MBOXTRACE_RUNS=1. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/walk.h"

#define MPTCP "tcp.options.mptcp."
#define ALL_MPTCP                                                                                  \
	MPTCP "dss", MPTCP "mp_capable", MPTCP "add_addr", MPTCP "remove_addr", MPTCP "mp_prio",   \
	    MPTCP "mp_join"

/* What hides others, and is hidden itself. */
enum {
	ENDS_MPTCP = 1, /* the connections fall back, or break */
	ENDS_TALK = 2,	/* … or the mirror's words are damaged */
	OF_MPTCP = 4,	/* shows only while MPTCP lasts */
	OF_BULK = 8,	/* shows only in many segments … */
	OF_TIME = 16,	/* … of which it is known when they were sent */
	BY_CHANCE = 32, /* not every path gives it something to do */
};

/* The fields of which it may be found, in its direction; behind a comma in the other one, behind a
 * question mark only because of others. */
static const struct kind {
	const char *box, *params;
	const char *fields[7];
	unsigned traits;
	bool one_way; /* towards the target only */
} kinds[] = {
    {"strip", "kind=mptcp segments=nonsyn", {ALL_MPTCP}, ENDS_MPTCP | OF_MPTCP, false},
    {"strip", "kind=mptcp segments=nonsyn how=nop", {ALL_MPTCP}, ENDS_MPTCP | OF_MPTCP, false},
    {"strip",
     "kind=mptcp segments=nonsyn how=eol",
     {ALL_MPTCP, "?tcp.options.sack"},
     ENDS_MPTCP | OF_MPTCP,
     false},
    {"strip", "subtype=dss", {MPTCP "dss"}, ENDS_MPTCP | ENDS_TALK | OF_MPTCP, false},
    {"strip", "subtype=add_addr", {MPTCP "add_addr"}, OF_MPTCP, false},
    {"drop", "subtype=add_addr", {MPTCP "add_addr"}, OF_MPTCP, false},
    {"strip", "subtype=mp_join segments=syn", {MPTCP "mp_join"}, OF_MPTCP, true},
    {"drop", "subtype=mp_join", {MPTCP "mp_join"}, OF_MPTCP, false},
    {"strip", "subtype=mp_join segments=handshake", {MPTCP "mp_join"}, OF_MPTCP, false},
    {"reset", "subtype=mp_join", {MPTCP "mp_join"}, OF_MPTCP, true},
    {"strip", "kind=timestamp segments=handshake", {"tcp.options.timestamp"}, 0, false},
    {"mss_clamp", "max=1200", {"tcp.options.mss_val"}, 0, false},
    {"seq_shift", "", {"tcp.seq"}, 0, false},
    {"seq_shift", "quotes=full", {"tcp.seq"}, 0, false},
    {"seq_shift", "quotes=partial", {"tcp.seq", "?tcp.checksum"}, 0, false},
    {"seq_shift", "sack=false", {"tcp.seq", ",tcp.options.sack"}, 0, false},
    {"split", "pieces=2", {"tcp.payload"}, OF_BULK, false},
    {"coalesce",
     "keep=first hold_us=5000",
     {"tcp.payload", "?" MPTCP "dss"},
     ENDS_MPTCP | OF_MPTCP | OF_BULK | BY_CHANCE,
     false},
    {"payload", "at=2000 octets=4", {"tcp.payload"}, ENDS_TALK | OF_BULK, false},
    {"early_ack",
     "",
     {"tcp.ack", "?,tcp.window_size_value"},
     ENDS_MPTCP | OF_BULK | OF_TIME,
     false},
    {"hold_holes", "", {"packet"}, OF_BULK | OF_TIME, false},
    {"window", "max=20000", {"tcp.window_size_value"}, 0, false},
    {"set", "field=ip.dsfield.dscp value=10", {"ip.dsfield.dscp"}, 0, false},
    {"set", "field=ip.dsfield.ecn value=2", {"ip.dsfield.ecn"}, 0, false},
};

#define KINDS  (sizeof(kinds) / sizeof(*kinds))
#define FIELDS (sizeof(kinds[0].fields) / sizeof(*kinds[0].fields))

struct placed {
	const struct kind *kind;
	bool reverse;
	char params[96];
};

struct plan {
	size_t count;
	struct placed box[WALK_BOXES_MAX];
	struct walk_spec spec;
};

static void make_plan(struct plan *plan, uint64_t seed)
{
	struct rng rng;

	rng_seed(&rng, seed);
	*plan =
	    (struct plan){.count = 1 + rng_below(&rng, WALK_BOXES_MAX),
			  .spec = {.connect = true, .mirror = true, .target_mptcp = LAB_MPTCP_V1}};
	for (size_t i = 0; i < plan->count; i++) {
		struct placed *b = &plan->box[i];

		b->kind = &kinds[rng_below(&rng, KINDS)];
		b->reverse = !b->kind->one_way && rng_chance(&rng, 0.5);
		snprintf(b->params, sizeof(b->params), "%s direction=%s", b->kind->params,
			 b->reverse ? "reverse" : "forward");
		plan->spec.boxes[i] = (struct walk_box){b->kind->box, b->params};
	}
}

/* --- is what is found so? --- */

/* Fields of IPv6 are called otherwise. */
static bool same_field(const char *field, const char *wanted)
{
	if (!strncmp(field, "ipv6.tclass", 11) && !strncmp(wanted, "ip.dsfield", 10))
		return !strcmp(field + 11, wanted + 10);
	return !strncmp(field, wanted, strlen(wanted));
}

/* Of joins and announcements, which the connection to the mirror has none of, and if that did not
 * tell all, the direction need not be known. */
static bool same_way(const struct walk *w, const struct finding *f, bool reverse)
{
	if (f->direction == DIRECTION_END_TO_END)
		return !mirrored_covers(&w->result->mirrored.mirrored) ||
		       !strcmp(f->field, MPTCP "mp_join") || !strcmp(f->field, MPTCP "add_addr");
	return f->direction == (reverse ? DIRECTION_REVERSE : DIRECTION_FORWARD);
}

/* "… or on the way back": wherever. */
static bool is_there(const struct finding *f, bool reverse, unsigned at)
{
	if (reverse && f->direction == DIRECTION_END_TO_END)
		return true;
	return f->after.ttl <= at && (!f->by.known || f->by.ttl > at);
}

static bool is_of(const struct plan *plan, size_t box, const struct walk *w,
		  const struct finding *f, bool by_itself)
{
	const struct placed *b = &plan->box[box];

	for (size_t i = 0; i < FIELDS && b->kind->fields[i]; i++) {
		const char *field = b->kind->fields[i];
		bool extra = *field == '?', other = *(field += extra) == ',';
		bool reverse = b->reverse != other;
		unsigned at = reverse ? w->routers - w->after[box] : w->after[box];

		if (same_field(f->field, field + other) && same_way(w, f, reverse) &&
		    !(by_itself && extra) && is_there(f, reverse, at))
			return true;
	}
	return false;
}

static bool is_so(const struct plan *plan, const struct walk *w, const struct finding *f)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_of(plan, i, w, f, false))
			return true;
	return false;
}

static bool ends_before(const struct finding *f, const struct finding *other)
{
	return f->by.known && f->by.ttl <= other->after.ttl;
}

/* The same once more, where it may be the same. */
static bool is_told(const struct walk *w, size_t at)
{
	const struct finding *f = &w->result->findings[at];

	for (size_t i = 0; i < at; i++) {
		const struct finding *other = &w->result->findings[i];

		if (!strcmp(other->field, f->field) && other->change == f->change &&
		    other->direction == f->direction && !ends_before(f, other) &&
		    !ends_before(other, f))
			return true;
	}
	return false;
}

/* --- is what is there found? --- */

static bool is_found(const struct plan *plan, size_t box, const struct walk *w)
{
	for (size_t i = 0; i < w->result->finding_count; i++)
		if (is_of(plan, box, w, &w->result->findings[i], true))
			return true;
	return false;
}

/* Joins and announcements are asked once, and their answers, too, tell of them. */
static bool is_asked(const char *field)
{
	return !strcmp(field, MPTCP "mp_join") || !strcmp(field, MPTCP "add_addr");
}

static bool share_a_field(const struct placed *a, const struct placed *b)
{
	for (size_t i = 0; i < FIELDS && a->kind->fields[i]; i++)
		for (size_t n = 0; n < FIELDS && b->kind->fields[n]; n++)
			if (!strcmp(a->kind->fields[i], b->kind->fields[n]) &&
			    (a->reverse == b->reverse || is_asked(a->kind->fields[i])))
				return true;
	return false;
}

/* Without timestamps, and of what was merged, it is not known when it was sent; stamps that one
 * side does not offer the other does not send; who acknowledges in somebody's name makes up
 * windows, too; and behind a box that takes its time silence may be chance. */
static bool preempts(const struct placed *other, const struct placed *b)
{
	bool stamps = !strcmp(other->kind->fields[0], "tcp.options.timestamp");
	bool windows = !strcmp(b->kind->box, "window");

	if (stamps || !strcmp(other->kind->box, "coalesce"))
		return b->kind->traits & OF_TIME || windows || (stamps && other->kind == b->kind);
	if (!strcmp(other->kind->box, "hold_holes"))
		return !strcmp(b->kind->box, "drop");
	return other->reverse != b->reverse && !strcmp(other->kind->box, "early_ack") && windows;
}

/* The other one leaves nothing for this one to do, or nobody to tell of it. */
static bool hides(const struct placed *other, const struct placed *b)
{
	unsigned hides = other->kind->traits, is = b->kind->traits;

	return share_a_field(other, b) || preempts(other, b) ||
	       (hides & ENDS_MPTCP && is & OF_MPTCP) || (hides & ENDS_TALK && is & OF_BULK);
}

static bool may_be_missed(const struct plan *plan, size_t box)
{
	if (plan->box[box].kind->traits & BY_CHANCE)
		return true;
	for (size_t i = 0; i < plan->count; i++)
		if (i != box && hides(&plan->box[i], &plan->box[box]))
			return true;
	return false;
}

/* --- all of it --- */

static unsigned complain(const struct plan *plan, const struct walk *w, const char *what,
			 const char *of)
{
	char text[8192];

	print_error("%s: %s\n", what, of);
	for (size_t i = 0; i < plan->count; i++)
		print_error("  box %s %s, behind %u\n", plan->box[i].kind->box, plan->box[i].params,
			    w->after[i]);
	print_error("%s\n%s\n", walk_describe(w, text, sizeof(text)), w->result->mirrored.note);
	return 1;
}

/* Is there a sentence, and in it the place, where that is narrower than the path? */
static bool says_where(const struct walk *w, const struct finding *f)
{
	char after[16], by[16];

	snprintf(after, sizeof(after), "hop %u (", f->after.ttl);
	snprintf(by, sizeof(by), "hop %u (", f->by.ttl);
	if (f->explain[0] < 'A' || f->explain[0] > 'Z')
		return false;
	return (!f->after.ttl || f->after.ttl > w->routers || strstr(f->explain, after)) &&
	       (!f->by.ttl || f->by.ttl > w->routers || strstr(f->explain, by));
}

static unsigned judge(const struct plan *plan, const struct walk *w)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < w->result->finding_count; i++) {
		const struct finding *f = &w->result->findings[i];

		if (!is_so(plan, w, f))
			wrong += complain(plan, w, "not so", f->field);
		if (is_told(w, i))
			wrong += complain(plan, w, "told twice", f->field);
		if (!says_where(w, f))
			wrong += complain(plan, w, "told without place", f->field);
	}
	for (size_t i = 0; i < plan->count; i++)
		if (!is_found(plan, i, w) && !may_be_missed(plan, i))
			wrong += complain(plan, w, "not found", plan->box[i].params);
	return wrong;
}

static void compositions(void **state)
{
	unsigned runs = walk_runs(600), wrong = 0;

	(void)state;
	for (unsigned i = 0; i < runs; i++) {
		uint64_t seed = walk_first_seed() + i;
		struct plan plan;
		struct walk w;

		make_plan(&plan, seed);
		walk_run(&w, seed, &plan.spec);
		wrong += judge(&plan, &w);
		walk_fini(&w);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compositions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
