/* What must be found: `expect` and `probe`, and whether it was. */
#include <string.h>

#include "script/scenario_loader.h"

static const char *change_at(int i)
{
	return i < CHANGE_KINDS ? change_kind_name((enum change_kind)i) : NULL;
}

static const char *direction_at(int i)
{
	return i <= DIRECTION_END_TO_END ? direction_name((enum direction)i) : NULL;
}

static const char *basis_at(int i)
{
	return i <= BASIS_CAPTURE ? basis_name((enum basis)i) : NULL;
}

static const char *cause_at(int i)
{
	if (i > CAUSE_TARGET)
		return NULL;
	return i == CAUSE_NONE ? "" : cause_name((enum cause)i);
}

static const char *confidence_at(int i)
{
	return i <= CONFIDENCE_POSSIBLE ? confidence_name((enum confidence)i) : NULL;
}

static const char *impact_at(int i)
{
	return i <= IMPACT_BROKEN ? impact_name((enum impact)i) : NULL;
}

static const char *verdict_at(int i)
{
	return i <= VERDICT_UNREACHABLE ? verdict_name((enum verdict)i) : NULL;
}

static bool is_false(lua_State *L)
{
	return lua_isboolean(L, -1) && !lua_toboolean(L, -1);
}

static bool read_place(lua_State *L, const struct entry *e, void *at)
{
	uint8_t ttl = 0;

	if (is_false(L)) {
		*(int *)at = SCENARIO_NOBODY;
		return true;
	}
	if (!read_u8(L, e, &ttl))
		return false;
	*(int *)at = ttl;
	return true;
}

static bool read_subflow(lua_State *L, const struct entry *e, void *at)
{
	uint8_t number = 0;

	if (!read_u8(L, e, &number))
		return false;
	*(int *)at = number;
	return true;
}

static bool read_cause(lua_State *L, const struct entry *e, void *at)
{
	if (!is_false(L))
		return read_name(L, e, at);
	*(int *)at = CAUSE_NONE;
	return true;
}

#define NAMED(member, names)                                                                       \
	{                                                                                          \
#member, read_name, offsetof(struct scenario_finding, member),                     \
		    "a " #member " as results name it", 0, 0, names                                \
	}

static const struct entry finding_entries[] = {
    {"field", read_text, offsetof(struct scenario_finding, field), "a field as results name it", 0,
     FIELD_NAME_MAX, NULL},
    NAMED(change, change_at),
    NAMED(direction, direction_at),
    {"after", read_place, offsetof(struct scenario_finding, after), "a TTL, or false for null", 0,
     255, NULL},
    {"by", read_place, offsetof(struct scenario_finding, by), "a TTL, or false for null", 0, 255,
     NULL},
    NAMED(basis, basis_at),
    {"cause", read_cause, offsetof(struct scenario_finding, cause),
     "a cause as results name it, or false for null", 0, 0, cause_at},
    NAMED(confidence, confidence_at),
    NAMED(impact, impact_at),
    {"subflow", read_subflow, offsetof(struct scenario_finding, subflow),
     "a whole number from 0 to 255", 0, 255, NULL},
    {0},
};

static void read_finding(lua_State *L, struct scenario_finding *f)
{
	*f = (struct scenario_finding){
	    .change = SCENARIO_ANY,
	    .direction = SCENARIO_ANY,
	    .basis = SCENARIO_ANY,
	    .cause = SCENARIO_ANY,
	    .confidence = SCENARIO_ANY,
	    .impact = SCENARIO_ANY,
	    .after = SCENARIO_ANY,
	    .by = SCENARIO_ANY,
	    .subflow = SCENARIO_ANY,
	};
	table_read(L, "expect: finding", finding_entries, f);
	if (!f->field[0] || f->change == SCENARIO_ANY)
		luaL_error(L, "expect: finding: expected field and change");
}

static bool read_findings(lua_State *L, const struct entry *e, void *at)
{
	struct scenario_expect *expect = at;

	(void)e;
	if (!lua_istable(L, -1) || lua_rawlen(L, -1) > SCENARIO_FINDINGS_MAX)
		return false;
	expect->finding_count = lua_rawlen(L, -1);
	for (size_t i = 0; i < expect->finding_count; i++) {
		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		if (!lua_istable(L, -1))
			value_error(L, "expect", "a finding", "a table: { field = …, change = … }");
		read_finding(L, &expect->findings[i]);
		lua_pop(L, 1);
	}
	return true;
}

static int expect_statement(lua_State *L)
{
	static const struct entry entries[] = {
	    {"verdict", read_name, offsetof(struct scenario_expect, verdict),
	     "'clean', 'interference', 'inconclusive' or 'unreachable'", 0, 0, verdict_at},
	    {"half_open", read_u8, offsetof(struct scenario_expect, half_open),
	     "a whole number from 0 to 255", 0, 255, NULL},
	    {"findings", read_findings, 0, "a list of up to 32 findings: { { field = … }, … }", 0,
	     0, NULL},
	    {0},
	};
	struct scenario *s = scenario_of(L);

	s->expect = (struct scenario_expect){.given = true, .verdict = SCENARIO_ANY};
	statement_read(L, "expect", entries, &s->expect);
	return 0;
}

static int probe_statement(lua_State *L)
{
	static const struct entry entries[] = {
	    {"notation", read_text, offsetof(struct scenario, notation),
	     "a probe in the notation of -P", 0, sizeof(((struct scenario *)0)->notation), NULL},
	    {"family", read_u8, offsetof(struct scenario, family), "4 or 6", 4, 6, NULL},
	    {"port", read_u16, offsetof(struct scenario, port), "a port from 1 to 65535", 1,
	     UINT16_MAX, NULL},
	    {"connect", read_bool, offsetof(struct scenario, connect), "true or false", 0, 0, NULL},
	    {0},
	};
	struct scenario *s = scenario_of(L);

	statement_read(L, "probe", entries, s);
	if (s->family == 5)
		return luaL_error(L, "probe: family = 5: expected 4 or 6");
	return 0;
}

const struct luaL_Reg expect_statements[] = {
    {"expect", expect_statement},
    {"probe", probe_statement},
    {NULL, NULL},
};

static bool agrees(int expected, int found)
{
	return expected == SCENARIO_ANY || expected == found;
}

static bool place_agrees(int expected, const struct place *found)
{
	return agrees(expected, found->known ? found->ttl : SCENARIO_NOBODY);
}

static bool finding_agrees(const struct scenario_finding *e, const struct finding *f)
{
	return !strcmp(e->field, f->field) && agrees(e->change, (int)f->change) &&
	       agrees(e->direction, (int)f->direction) && agrees(e->basis, (int)f->basis) &&
	       agrees(e->cause, (int)f->cause) && agrees(e->confidence, (int)f->confidence) &&
	       agrees(e->impact, (int)f->impact) && place_agrees(e->after, &f->after) &&
	       place_agrees(e->by, &f->by) && agrees(e->subflow, f->subflow);
}

static void put_place(struct buf *out, const char *what, int ttl)
{
	if (ttl == SCENARIO_NOBODY)
		buf_printf(out, " %s null", what);
	else if (ttl != SCENARIO_ANY)
		buf_printf(out, " %s %d", what, ttl);
}

static void put_name(struct buf *out, const char *what, const char *(*name)(int i), int i)
{
	if (i != SCENARIO_ANY)
		buf_printf(out, " %s %s", what, *name(i) ? name(i) : "null");
}

static void put_expected(struct buf *out, const struct scenario_finding *e)
{
	buf_printf(out, "%s %s", e->field, change_at(e->change));
	put_place(out, "after", e->after);
	put_place(out, "by", e->by);
	put_name(out, "direction", direction_at, e->direction);
	put_name(out, "basis", basis_at, e->basis);
	put_name(out, "cause", cause_at, e->cause);
	put_name(out, "confidence", confidence_at, e->confidence);
	put_name(out, "impact", impact_at, e->impact);
	if (e->subflow != SCENARIO_ANY)
		buf_printf(out, " subflow %d", e->subflow);
	buf_printf(out, "\n");
}

static void put_found(struct buf *out, const struct finding *f)
{
	struct scenario_finding all = {
	    .change = (int)f->change,
	    .direction = (int)f->direction,
	    .basis = (int)f->basis,
	    .cause = (int)f->cause,
	    .confidence = (int)f->confidence,
	    .impact = (int)f->impact,
	    .after = f->after.known ? f->after.ttl : SCENARIO_NOBODY,
	    .by = f->by.known ? f->by.ttl : SCENARIO_NOBODY,
	    .subflow = f->subflow ? f->subflow : SCENARIO_ANY,
	};

	memcpy(all.field, f->field, sizeof(all.field));
	put_expected(out, &all);
}

/* Pairs expected and found findings; an expectation takes the first that agrees. */
static bool findings_agree(const struct scenario_expect *e, const struct trace_result *result,
			   struct buf *why)
{
	uint64_t taken = 0;
	bool good = true;

	for (size_t i = 0; i < e->finding_count; i++) {
		size_t j = 0;

		while (j < result->finding_count &&
		       (taken >> j & 1 || !finding_agrees(&e->findings[i], &result->findings[j])))
			j++;
		if (j < result->finding_count && j < 64) {
			taken |= UINT64_C(1) << j;
			continue;
		}
		buf_printf(why, "not found: ");
		put_expected(why, &e->findings[i]);
		good = false;
	}
	for (size_t j = 0; j < result->finding_count && j < 64; j++) {
		if (taken >> j & 1)
			continue;
		buf_printf(why, "not expected: ");
		put_found(why, &result->findings[j]);
		good = false;
	}
	return good;
}

bool scenario_check(const struct scenario *s, const struct trace_result *result, struct buf *why)
{
	bool good;

	if (!s->expect.given)
		return true;
	good = agrees(s->expect.verdict, (int)result->verdict);
	if (!good)
		buf_printf(why, "verdict %s: expected %s\n", verdict_name(result->verdict),
			   verdict_at(s->expect.verdict));
	return findings_agree(&s->expect, result, why) && good;
}
