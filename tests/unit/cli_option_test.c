#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/trace_options.h"

#define WORDS_MAX 16

/* Parses a command line; words are separated by single spaces, '' is an empty word. */
static int parse(struct options *o, char *line, struct error *err)
{
	static char program[] = "mboxtrace", empty[] = "";
	char *argv[WORDS_MAX + 1] = {program}, *save;
	int argc = 1;

	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "''") ? w : empty;
	return options_parse(o, argc, argv, err);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *line, *text;
	} mistakes[] = {
	    {"-m 300 x", "-m '300': expected a number from 1 to 255"},
	    {"-m 0 x", "-m '0': expected a number from 1 to 255"},
	    {"--max-hops 256 x", "--max-hops '256': expected a number from 1 to 255"},
	    {"-f 0 x", "-f '0': expected a number from 1 to 255"},
	    {"-f -1 x", "-f '-1': expected a number from 1 to 255"},
	    {"-f 1x x", "-f '1x': expected a number from 1 to 255"},
	    {"-f '' x", "-f '': expected a number from 1 to 255"},
	    {"-f 99999999999999999999 x",
	     "-f '99999999999999999999': expected a number from 1 to 255"},
	    {"-p 65536 x", "-p '65536': expected a number from 1 to 65535"},
	    {"-q 11 x", "-q '11': expected a number from 1 to 10"},
	    {"-N 0 x", "-N '0': expected a number from 1 to 255"},
	    {"-f 9 -m 5 x", "-f '9' -m '5': the first hop lies behind the last one"},
	    {"-w 0 x", "-w '0': expected MAX[,HERE,NEAR]: seconds over 0, and two multiples of "
		       "a round trip"},
	    {"-w nan x", "-w 'nan': expected MAX[,HERE,NEAR]: seconds over 0, and two multiples "
			 "of a round trip"},
	    {"-w 1, x", "-w '1,': expected MAX[,HERE,NEAR]: seconds over 0, and two multiples of "
			"a round trip"},
	    {"-w 1,2,3,4 x", "-w '1,2,3,4': expected MAX[,HERE,NEAR]: seconds over 0, and two "
			     "multiples of a round trip"},
	    {"-4 -6 x", "-6: it contradicts -4"},
	    {"-s example x", "-s 'example': expected an IPv4 or IPv6 address"},
	    {"-4 -s 2001:db8::1 x", "-4: the address given with -s is not IPv4"},
	    {"-o '' x", "-o '': expected FILE"},
	    {"-x y", "unknown option '-x'; 'mboxtrace --help' lists them all"},
	    {"--jason y", "unknown option '--jason'; 'mboxtrace --help' lists them all"},
	    {"--json=1 y", "'--json=1': --json takes no value"},
	    {"x -m", "-m: expected TTL behind it"},
	    {"x --port", "--port: expected PORT behind it"},
	    {"x y", "'y': one target at a time, and that is 'x'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct error err = {0};
		struct options o;
		char line[128];

		snprintf(line, sizeof(line), "%s", mistakes[i].line);
		assert_int_equal(parse(&o, line, &err), ERR_USAGE);
		assert_string_equal(err.text, mistakes[i].text);
	}
}

static void test_limits_are_good_values(void **state)
{
	char line[] = "-f 1 -m 255 -p 65535 -q 10 -N 255 -w 0.1,0,0.5 --seed 9223372036854775807 x";
	struct error err = {0};
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, line, &err), 0);
	assert_int_equal(o.first_ttl, 1);
	assert_int_equal(o.max_ttl, 255);
	assert_int_equal(o.port, 65535);
	assert_int_equal(o.queries, 10);
	assert_int_equal(o.in_flight, 255);
	assert_true(o.wait.max_s == 0.1 && o.wait.here == 0 && o.wait.near == 0.5);
	assert_true(o.seed == INT64_MAX);
}

static void test_defaults(void **state)
{
	char line[] = "x";
	struct error err = {0};
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, line, &err), 0);
	assert_string_equal(o.target, "x");
	assert_int_equal(o.first_ttl, 1);
	assert_int_equal(o.max_ttl, 30);
	assert_int_equal(o.in_flight, 16);
	assert_int_equal(o.family, 0);
	assert_int_equal(o.seed, -1);
	assert_null(o.lab);
}

static void test_options_behind_the_target(void **state)
{
	char line[] = "-6n x --json -w 2 --lab a.lua -P IP/TCP";
	struct error err = {0};
	struct options o, d;

	(void)state;
	options_defaults(&d);
	assert_int_equal(parse(&o, line, &err), 0);
	assert_string_equal(o.target, "x");
	assert_int_equal(o.family, 6);
	assert_true(o.numeric && o.json && !o.verbose);
	assert_true(o.wait.max_s == 2 && o.wait.here == d.wait.here);
	assert_string_equal(o.lab, "a.lua");
	assert_string_equal(o.probe, "IP/TCP");
}

/* Whatever the table holds is in the help, and no two rows share a letter or name. */
static void test_table(void **state)
{
	const struct option_info *a, *b;

	(void)state;
	for (a = option_table; a->letter || a->name; a++) {
		for (b = option_table; b < a; b++) {
			assert_false(a->letter && a->letter == b->letter);
			assert_false(a->name && b->name && !strcmp(a->name, b->name));
		}
		assert_true((a->type == OPTION_SET) == !a->argument);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mistakes), cmocka_unit_test(test_limits_are_good_values),
	    cmocka_unit_test(test_defaults), cmocka_unit_test(test_options_behind_the_target),
	    cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
