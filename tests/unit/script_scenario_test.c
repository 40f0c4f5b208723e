/* The scenario loader: what it lays, what it says of mistakes, and that scripts cannot get out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "script/scenario.h"

#define CLIENT "client { addr = '192.0.2.7' }\n"
#define TARGET "target { addr = '203.0.113.80' }\n"

static int load(struct scenario *s, const char *text, struct error *err)
{
	return scenario_load_text(s, "t.lua", span_of(text, strlen(text)), 1, err);
}

static void lays_a_path(void **state)
{
	struct scenario s;
	struct error err = {0};
	uint8_t after;

	(void)state;
	assert_int_equal(load(&s,
			      CLIENT "link { delay = '1.5ms', loss = 0.1, rate = '10M' }\n"
				     "for i = 1, 3 do router { addr = '198.51.100.' .. i } end\n"
				     "box.strip { subtype = 'mp_capable', how = 'nop' }\n"
				     "router { addr = '198.51.100.4', quote = 28, prohibit = 13 }\n"
				     "target { name = 'example.net', addr = '203.0.113.80', "
				     "port = 8443, mptcp = 1 }\n"
				     "probe { notation = 'IP/TCP{dst=80}', family = 4 }",
			      &err),
			 0);
	assert_int_equal(lab_path_length(s.lab), 5);
	assert_string_equal(lab_box_at(s.lab, 0, &after)->ops->name, "strip");
	assert_int_equal(after, 3);
	assert_string_equal(lab_target(s.lab)->name, "example.net");
	assert_int_equal(lab_target(s.lab)->mptcp, LAB_MPTCP_V1);
	assert_int_equal(s.port, 8443);
	assert_int_equal(s.family, 4);
	assert_string_equal(s.notation, "IP/TCP{dst=80}");
	assert_false(s.expect.given);
	scenario_fini(&s);
}

static void reads_expectations(void **state)
{
	struct scenario s;
	struct error err = {0};
	const struct scenario_finding *f;

	(void)state;
	assert_int_equal(load(&s,
			      CLIENT TARGET
			      "expect { verdict = 'interference', findings = {\n"
			      "{ field = 'ip.src', change = 'rewritten', after = 0, by = 3 },\n"
			      "{ field = 'packet', change = 'dropped', by = false, cause = false,"
			      " basis = 'control', confidence = 'likely', impact = 'no-subflow',"
			      " direction = 'end-to-end' } } }",
			      &err),
			 0);
	assert_true(s.expect.given);
	assert_int_equal(s.expect.verdict, VERDICT_INTERFERENCE);
	assert_int_equal(s.expect.finding_count, 2);
	f = &s.expect.findings[0];
	assert_string_equal(f->field, "ip.src");
	assert_int_equal(f->change, CHANGE_REWRITTEN);
	assert_int_equal(f->after, 0);
	assert_int_equal(f->by, 3);
	assert_int_equal(f->cause, SCENARIO_ANY);
	f = &s.expect.findings[1];
	assert_int_equal(f->after, SCENARIO_ANY);
	assert_int_equal(f->by, SCENARIO_NOBODY);
	assert_int_equal(f->cause, CAUSE_NONE);
	assert_int_equal(f->basis, BASIS_CONTROL);
	assert_int_equal(f->confidence, CONFIDENCE_LIKELY);
	assert_int_equal(f->impact, IMPACT_NO_SUBFLOW);
	assert_int_equal(f->direction, DIRECTION_END_TO_END);
	scenario_fini(&s);
}

/* Each script fails with this line, and nothing is left to free. */
static const struct {
	const char *script, *text;
} mistakes[] = {
    {"", "t.lua: no target: expected client { … } first and target { … } last"},
    {"router { addr = '198.51.100.1' }",
     "t.lua:1: router before the client: expected the client first"},
    {CLIENT CLIENT, "t.lua:2: client: expected one client, at the head"},
    {CLIENT TARGET "link {}", "t.lua:3: link behind the target: expected the target last"},
    {"client {}", "t.lua:1: client: expected an address (addr or addr6)"},
    {"client { addr = '192.0.2.300' }",
     "t.lua:1: client: addr = '192.0.2.300': expected an IPv4 address in quotes"},
    {"client { addr = '2001:db8::1' }",
     "t.lua:1: client: addr = '2001:db8::1': expected an IPv4 address in quotes"},
    {"client { adr = '192.0.2.7' }", "t.lua:1: client: 'adr': expected addr or addr6"},
    {"client { '192.0.2.7' }", "t.lua:1: client: 1: expected addr or addr6"},
    {"client '192.0.2.7'", "t.lua:1: client: expected a table: client { … }"},
    {CLIENT "router { quote = 'ful' }",
     "t.lua:2: router: quote = 'ful': expected 8, 28, 128, 'full' or 'rfc4884'"},
    {CLIENT "target { name = '\\27[31mred', addr = '203.0.113.80' }",
     "t.lua:2: target: name = ' [31mred': expected a printable name of up to 63 octets"},
    {CLIENT "link { delay = 1 }", "t.lua:2: link: delay = 1: expected a time up to an hour such as "
				  "'300us', '1.5ms' or '2s'"},
    {CLIENT "link { delay = '1e999s' }",
     "t.lua:2: link: delay = '1e999s': expected a time up to an "
     "hour such as '300us', '1.5ms' or '2s'"},
    {CLIENT "link { loss = 1.5 }", "t.lua:2: link: loss = 1.5: expected a probability from 0 to 1"},
    {CLIENT "link { loss = -1 }", "t.lua:2: link: loss = -1: expected a probability from 0 to 1"},
    {CLIENT "router { labels = { 16001, {} , 'x' } }",
     "t.lua:2: router: a label = 'x': expected a whole number from 0 to 1048575"},
    {CLIENT "\nbox.stripp {}",
     "t.lua:3: box 'stripp': expected strip, set, option_set, add, reorder, mss_clamp, seq_shift, "
     "nat, dnat, drop, reset, reject, mirror, proxy, ttl_set, split, coalesce, payload, "
     "early_ack, hold_holes, rexmit, clamp_ack, window, state, lb, syn_proxy or terminate"},
    {CLIENT "box.strip { kind = 'mptcp', how = 'nopp' }",
     "t.lua:2: box 'strip': how = 'nopp': expected remove, nop, eol or cut"},
    {CLIENT "box.strip {}", "t.lua:2: box 'strip': no option named: expected kind or subtype"},
    {CLIENT "box.strip { kind = {} }",
     "t.lua:2: box.strip: kind = a table: expected a whole number, true or false, or a text"},
    {CLIENT TARGET "expect { verdict = 'good' }",
     "t.lua:3: expect: verdict = 'good': expected 'clean', 'interference', 'inconclusive' or "
     "'unreachable'"},
    {CLIENT TARGET "expect { findings = { { field = 'ip.src' } } }",
     "t.lua:3: expect: finding: expected field and change"},
    {CLIENT TARGET "expect { findings = { { field = 'ip.src', change = 'lost' } } }",
     "t.lua:3: expect: finding: change = 'lost': expected a change as results name it"},
    {CLIENT "target { addr = '203.0.113.80', mptcp = 2 }",
     "t.lua:2: target: mptcp = 2: expected 1, 0 or false"},
    {"client {", "t.lua:1: unexpected symbol near <eof>"},
    {"error('one\\ntwo')", "t.lua:1: one two"},
    {"error {}", "scenario: error without a message"},
};

static void mistakes_are_explained(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct error err = {0};
		struct scenario s;

		assert_int_equal(load(&s, mistakes[i].script, &err), ERR_USAGE);
		assert_string_equal(err.text, mistakes[i].text);
	}
}

/* What runs for ever or grows for ever ends with an error, soon. */
static void hostile_scripts_end(void **state)
{
	static const char *const scripts[] = {
	    "while true do end",
	    "local function f() return f() end f()",
	    "local function f() return 1 + f() end f()",
	    "local s = 'x' while true do s = s .. s end",
	    "local t = {} while true do t[#t + 1] = {} end",
	    "local s = 'x' for i = 1, 18 do s = s .. s end while true do local t = s .. 'y' end",
	    "client { addr = '192.0.2.7' } while true do link {} end",
	    "client { addr = '192.0.2.7' } while true do box.nat { outside = '192.0.2.1' } end",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct error err = {0};
		struct scenario s;

		assert_int_equal(load(&s, scripts[i], &err), ERR_USAGE);
		assert_null(strchr(err.text, '\n'));
	}
}

static void nothing_reaches_outside(void **state)
{
	static const char *const names[] = {
	    "io",
	    "os",
	    "debug",
	    "package",
	    "coroutine",
	    "utf8",
	    "require",
	    "load",
	    "loadfile",
	    "dofile",
	    "print",
	    "warn",
	    "pcall",
	    "xpcall",
	    "setmetatable",
	    "getmetatable",
	    "rawset",
	    "rawget",
	    "pairs",
	    "next",
	    "collectgarbage",
	    "string.rep",
	    "string.find",
	    "string.gsub",
	    "string.dump",
	    "table.insert",
	    "table.move",
	    "table.sort",
	    "math.randomseed",
	    "_G",
	    "('').rep",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error err = {0};
		struct scenario s;
		char text[200];

		snprintf(text, sizeof(text), "assert(%s == nil, 'there') " CLIENT TARGET, names[i]);
		if (load(&s, text, &err))
			fail_msg("%s: %s", names[i], err.text);
		scenario_fini(&s);
	}
}

static void bytecode_is_refused(void **state)
{
	struct error err = {0};
	struct scenario s;

	(void)state;
	assert_int_equal(load(&s, "\x1bLua", &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "attempt to load a binary chunk"));
}

/* math.random is seeded with the run's seed. */
static void scripts_repeat(void **state)
{
	static const char text[] = CLIENT
	    "for i = 1, math.random(1, 200) do router { addr = '198.51.100.1' } end\n" TARGET;
	struct error err = {0};
	struct scenario one, two;

	(void)state;
	for (uint64_t seed = 1; seed < 10; seed++) {
		assert_int_equal(
		    scenario_load_text(&one, "t.lua", span_of(text, strlen(text)), seed, &err), 0);
		assert_int_equal(
		    scenario_load_text(&two, "t.lua", span_of(text, strlen(text)), seed, &err), 0);
		assert_int_equal(lab_path_length(one.lab), lab_path_length(two.lab));
		scenario_fini(&one);
		scenario_fini(&two);
	}
}

static void files_that_are_not_there(void **state)
{
	struct error err = {0};
	struct scenario s;

	(void)state;
	assert_int_equal(scenario_load(&s, "/nonexistent/x.lua", 1, &err), ERR_FILE);
	assert_string_equal(err.text, "/nonexistent/x.lua: No such file or directory");
	assert_int_equal(scenario_load(&s, "/", 1, &err), ERR_FILE);
	assert_string_equal(err.text, "/: Is a directory");
}

/* Compares a result made by hand. */
static void check_tells_differences(void **state)
{
	struct finding findings[2] = {
	    {.field = "ip.src", .change = CHANGE_REWRITTEN, .after = {.known = true, .ttl = 2}},
	    {.field = "ip.id", .change = CHANGE_REWRITTEN},
	};
	struct trace_result result = {
	    .findings = findings, .finding_count = 1, .verdict = VERDICT_INTERFERENCE};
	struct error err = {0};
	struct buf why = {0};
	struct scenario s;

	(void)state;
	assert_int_equal(
	    load(&s,
		 CLIENT TARGET
		 "expect { verdict = 'interference', findings = {\n"
		 "{ field = 'ip.src', change = 'rewritten', after = 2, by = false } } }",
		 &err),
	    0);
	assert_true(scenario_check(&s, &result, &why));
	assert_string_equal(buf_text(&why), "");
	findings[0].after.ttl = 3;
	result.verdict = VERDICT_CLEAN;
	assert_false(scenario_check(&s, &result, &why));
	assert_string_equal(
	    buf_text(&why),
	    "verdict clean: expected interference\n"
	    "not found: ip.src rewritten after 2 by null\n"
	    "not expected: ip.src rewritten after 3 by null direction forward basis "
	    "quote cause null confidence certain impact none\n");
	buf_clear(&why);
	findings[0].after.ttl = 2;
	result.verdict = VERDICT_INTERFERENCE;
	result.finding_count = 2;
	assert_false(scenario_check(&s, &result, &why));
	assert_non_null(strstr(buf_text(&why), "not expected: ip.id rewritten after null"));
	result.finding_count = 0;
	buf_clear(&why);
	assert_false(scenario_check(&s, &result, &why));
	buf_fini(&why);
	scenario_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lays_a_path),
	    cmocka_unit_test(reads_expectations),
	    cmocka_unit_test(mistakes_are_explained),
	    cmocka_unit_test(hostile_scripts_end),
	    cmocka_unit_test(nothing_reaches_outside),
	    cmocka_unit_test(bytecode_is_refused),
	    cmocka_unit_test(scripts_repeat),
	    cmocka_unit_test(files_that_are_not_there),
	    cmocka_unit_test(check_tells_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
