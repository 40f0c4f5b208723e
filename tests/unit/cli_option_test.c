#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/endpoint_options.h"
#include "cli/trace_options.h"

#define WORDS_MAX 32

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
	    {"-4 -s 2001:db8::1 x", "-4: -s '2001:db8::1' is not IPv4"},
	    {"--local example x", "--local 'example': expected an address of this host"},
	    {"--local 192.0.2.7 --local 192.0.2.7 x", "--local '192.0.2.7': it is there already"},
	    {"-s 192.0.2.7 --local 192.0.3.7 x", "-s: the first --local says it already"},
	    {"--local 192.0.2.7 --local 192.0.3.7 x",
	     "--local '192.0.3.7': only --connect makes use of further addresses"},
	    {"--connect --local 192.0.2.7 --local 2001:db8::7 x",
	     "--local '2001:db8::7': expected an IPv4 address, as the first one is"},
	    {"--connect -6 --local 192.0.2.7 x", "-6: --local '192.0.2.7' is not IPv6"},
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
	trace_options.defaults(&d);
	assert_int_equal(parse(&o, line, &err), 0);
	assert_string_equal(o.target, "x");
	assert_int_equal(o.family, 6);
	assert_true(o.numeric && o.json && !o.verbose);
	assert_true(o.wait.max_s == 2 && o.wait.here == d.wait.here);
	assert_string_equal(o.lab, "a.lua");
	assert_string_equal(o.probe, "IP/TCP");
}

/* No two rows share a letter or name, and each has what its type needs. */
static void check_table(const struct option_info *table)
{
	const struct option_info *a, *b;

	for (a = table; a->letter || a->name; a++) {
		for (b = table; b < a; b++) {
			assert_false(a->letter && a->letter == b->letter);
			assert_false(a->name && b->name && !strcmp(a->name, b->name));
		}
		assert_true((a->type == OPTION_SET) == !a->argument);
		assert_true((a->type == OPTION_CHOICE) == (a->choice != NULL));
		assert_true((a->type == OPTION_OWN) == (a->read != NULL));
	}
}

static void test_tables(void **state)
{
	(void)state;
	check_table(trace_options.table);
	check_table(connect_options.table);
	check_table(serve_options.table);
}

/* What --help says of the default of -w is the default. */
static void test_fallbacks(void **state)
{
	(void)state;
	for (const struct option_info *i = trace_options.table; i->letter || i->name; i++) {
		struct error err = {0};
		struct options o, d;

		trace_options.defaults(&o);
		trace_options.defaults(&d);
		if (i->fallback)
			assert_int_equal(i->read((char *)&o + i->offset, "-w", i->fallback, &err),
					 0);
		assert_memory_equal(&o, &d, sizeof(o));
	}
}

/* Splits a line as parse() does, for connect ("c …") or serve ("s …"). */
static int parse_endpoint(struct endpoint_options *o, char *line, struct error *err)
{
	static char program[] = "mboxtrace";
	char *argv[WORDS_MAX + 1] = {program}, *save;
	bool serve = line[0] == 's';
	int argc = 1;

	for (char *w = strtok_r(line + 2, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return serve ? serve_options_parse(o, argc, argv, err)
		     : connect_options_parse(o, argc, argv, err);
}

static void test_endpoint_mistakes(void **state)
{
	static const struct {
		const char *line, *text;
	} mistakes[] = {
	    {"c x 0", "port '0': expected a port from 1 to 65535"},
	    {"c x 80x", "port '80x': expected a port from 1 to 65535"},
	    {"c x 65536", "port '65536': expected a port from 1 to 65535"},
	    {"c x", "expected HOST and PORT, as in 'mboxtrace connect example.net 443'"},
	    {"c x 80 y", "'y': expected HOST and PORT only"},
	    {"c --jason x 80",
	     "unknown option '--jason'; 'mboxtrace connect --help' lists them all"},
	    {"s --local y 80", "unknown option '--local'; 'mboxtrace serve --help' lists them all"},
	    {"s --lab y --add-addr 10.0.0.1 80",
	     "--lab 'y': the scenario's target serves: no -i, --addr, --add-addr, --mirror"},
	    {"c --cc cubicle x 80",
	     "--cc 'cubicle': expected lia, olia, balia, wvegas, cubic or reno"},
	    {"c --mptcp-version 2 x 80", "--mptcp-version '2': expected 1, 0 or none"},
	    {"c --dsn 6 x 80", "--dsn '6': expected 8 or 4"},
	    {"c --checksum --no-checksum x 80", "--no-checksum: it contradicts --checksum"},
	    {"c --local 10.0.0 x 80",
	     "--local '10.0.0': expected an address of this host, or ADDR/backup"},
	    {"c --local 10.0.0.1/24 x 80",
	     "--local '10.0.0.1/24': expected an address of this host, or ADDR/backup"},
	    {"c --local 10.0.0.1 --local 10.0.0.1 x 80", "--local '10.0.0.1': it is there already"},
	    {"c -s 10.0.0.1 --local 10.0.0.2 x 80", "-s: the first --local says it already"},
	    {"c -6 --local 10.0.0.1 x 80", "-6: the first address '10.0.0.1' is not IPv6"},
	    {"c --limits 32 x 80", "--limits '32': expected SUBFLOWS[,ADDRESSES]: up to 31 further "
				   "subflows, up to 16 announced addresses"},
	    {"c --limits 1, x 80", "--limits '1,': expected SUBFLOWS[,ADDRESSES]: up to 31 further "
				   "subflows, up to 16 announced addresses"},
	    {"c -w 0 x 80", "-w '0': expected seconds, over 0 and up to 86400"},
	    {"c -w 1s x 80", "-w '1s': expected seconds, over 0 and up to 86400"},
	    {"c --data y x 80", "--data 'y': only --check sends a request"},
	    {"c -o - x 80", "-o '-': standard output is the peer's, but with --check or --mirror"},
	    {"s ", "expected PORT, as in 'mboxtrace serve 8080 echo'"},
	    {"s 80 send", "send: expected FILE behind it"},
	    {"s 80 echo y", "'y': expected nothing behind echo"},
	    {"s --add-addr 10.0.0.1:0 80",
	     "--add-addr '10.0.0.1:0': expected an address of this host, with a port if need be: "
	     "ADDR, ADDR:PORT or [ADDR]:PORT, and /backup behind it if it is one"},
	    {"s --add-addr [2001:db8::1]:80/back 80",
	     "--add-addr '[2001:db8::1]:80/back': expected an address of this host, with a port if "
	     "need be: ADDR, ADDR:PORT or [ADDR]:PORT, and /backup behind it if it is one"},
	    {"c --add-addr 10.0.0.1 --pm none x 80",
	     "--add-addr '10.0.0.1': --pm none announces nothing"},
	    {"s --add-addr 2001:db8::1 -4 80", "-4: --add-addr '2001:db8::1' is not IPv4"},
	    {"c --join-port 0 x 80", "--join-port '0': expected a number from 1 to 65535"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct error err = {0};
		struct endpoint_options o;
		char line[128];

		snprintf(line, sizeof(line), "%s", mistakes[i].line);
		assert_int_equal(parse_endpoint(&o, line, &err), ERR_USAGE);
		assert_string_equal(err.text, mistakes[i].text);
	}
}

static void test_connect_options(void **state)
{
	char line[] =
	    "c --local 10.0.0.1 --local 10.0.1.1/backup --pm backup --limits 2,1 "
	    "--mptcp-version 0 --mss-policy adaptive --checksum --dsn 4 -w 2.5 --same-subnet "
	    "--ecn --join-port 81 --add-addr [2001:db8::2]:82 x 80";
	struct error err = {0};
	struct endpoint_options o;
	struct conn_config c;

	(void)state;
	assert_int_equal(parse_endpoint(&o, line, &err), 0);
	assert_string_equal(o.host, "x");
	assert_int_equal(o.port, 80);
	assert_int_equal(o.local.count, 2);
	assert_false(o.local.at[0].backup);
	assert_true(o.local.at[1].backup);
	assert_true(o.wait_s == 2.5);
	endpoint_options_conn(&o, &c);
	assert_string_equal(c.pm, "backup");
	assert_int_equal(c.version, 0);
	assert_int_equal(c.mss_policy, MSS_ADAPTIVE);
	assert_int_equal(c.limits.subflows, 2);
	assert_int_equal(c.limits.add_addr_accepted, 1);
	assert_true(c.checksum && !c.refuse_checksum);
	assert_int_equal(c.dsn_octets, 4);
	assert_true(c.tcp.ecn);
	assert_int_equal(c.ndiffports, 3);
	assert_int_equal(c.join_port, 81);
	assert_true(c.limits.same_subnet && !c.limits.server_opens);
	assert_int_equal(o.announced.count, 1);
	assert_int_equal(o.announced.at[0].port, 82);
}

static void test_serve_options(void **state)
{
	char line[] = "s --add-addr 10.0.0.1 --add-addr 10.0.0.2:81 --add-addr 2001:db8::1 "
		      "--add-addr [2001:db8::2]:82/backup --cookies --join-clients 8080 send file";
	static const uint16_t ports[] = {0, 81, 0, 82};
	static const uint8_t families[] = {4, 4, 6, 6};
	struct error err = {0};
	struct endpoint_options o;
	struct conn_config c;

	(void)state;
	assert_int_equal(parse_endpoint(&o, line, &err), 0);
	endpoint_options_conn(&o, &c);
	assert_false(c.tcp.ecn);
	assert_true(c.limits.server_opens);
	assert_int_equal(c.ndiffports, 2);
	assert_string_equal(o.mode, "send");
	assert_string_equal(o.file, "file");
	assert_int_equal(o.port, 8080);
	assert_true(o.cookies);
	assert_int_equal(o.announced.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(o.announced.at[i].port, ports[i]);
		assert_int_equal(o.announced.at[i].addr.family, families[i]);
		assert_int_equal(o.announced.at[i].backup, i == 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mistakes),
	    cmocka_unit_test(test_limits_are_good_values),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_options_behind_the_target),
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_fallbacks),
	    cmocka_unit_test(test_endpoint_mistakes),
	    cmocka_unit_test(test_connect_options),
	    cmocka_unit_test(test_serve_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
