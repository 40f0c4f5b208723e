/* Every scenario that ships is traced with the engine, and must give what it says it gives: no less
 * and nothing else. One test a file; MBOXTRACE_SCENARIOS names another folder. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/inside.h"
#include "script/scenario.h"
#include "support/rig.h"

#define SCENARIOS_MAX 256

static uint64_t seed;

static struct trace *trace_of(struct scenario *s, struct net *net, struct notation *notation)
{
	struct trace_config config;
	struct net_route route;
	struct error err = {0};
	struct trace *t;

	trace_config_defaults(&config);
	config.seed = seed;
	config.port = s->port;
	if (lab_resolve(s->lab, lab_target(s->lab)->name, s->family, &config.target, &err) ||
	    net_route(net, &config.target, &route, &err))
		fail_msg("%s", err.text);
	config.source = route.source;
	config.mtu = route.mtu;
	for (size_t i = 0; i < TRACE_PROBES_MAX; i++)
		config.local_ports[i] = (uint16_t)(40001 + i);
	if (s->notation[0]) {
		if (notation_parse(notation, s->notation, &err))
			fail_msg("%s", err.text);
		config.user_probe = notation;
	}
	t = trace_new(&config, NULL, &err);
	if (!t)
		fail_msg("%s", err.text);
	return t;
}

/* All further addresses of the client, as --lab does. */
static void add_further(const struct scenario *s, const struct trace_result *r,
			const uint16_t *ports, struct inside_config *config)
{
	struct ip_addr addrs[LAB_ADDRS_MAX];
	size_t count = lab_client_addrs(s->lab, addrs);

	for (size_t i = 0; i < count; i++)
		if (addrs[i].family == r->config.source.family &&
		    !ip_addr_equal(&addrs[i], &r->config.source))
			config->further[config->further_count++] =
			    (struct trace_further){.source = addrs[i], .ports = ports, .mtu = 1500};
}

static void look_inside(const struct scenario *s, struct trace *t, struct net *net)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n";
	struct inside_config config = {.local_port = 40001 + TRACE_PROBES_MAX - 1,
				       .request = span_of(request, sizeof(request) - 1),
				       .seed = seed};
	struct trace_run run = {0};
	struct error err = {0};
	uint16_t ports[TRACE_PROBES_MAX];

	for (size_t i = 0; i < TRACE_PROBES_MAX; i++)
		ports[i] = (uint16_t)(40001 + i);
	add_further(s, trace_result(t), ports, &config);
	if (s->connect)
		assert_int_equal(inside_run(t, net, &config, &run, &err), 0);
}

static void scenario_gives_what_it_says(void **state)
{
	static struct notation notation;
	struct trace_run run = {0};
	struct error err = {0};
	struct buf why = {0};
	struct scenario s;
	struct trace *t;
	struct net *net;
	bool good;

	if (scenario_load(&s, *state, seed, &err))
		fail_msg("%s", err.text);
	assert_true(s.expect.given);
	net = lab_net(s.lab);
	t = trace_of(&s, net, &notation);
	assert_int_equal(trace_run(t, net, &run, &err), 0);
	look_inside(&s, t, net);
	good = scenario_check(&s, trace_result(t), &why);
	if (!good)
		print_message("%s: %s\n%s", (char *)*state, trace_result(t)->reason,
			      buf_text(&why));
	buf_fini(&why);
	trace_free(t);
	net_close(net);
	if (lab_half_open(s.lab) > s.expect.half_open) {
		print_message("%s: %zu connections left half-open\n", (char *)*state,
			      lab_half_open(s.lab));
		good = false;
	}
	scenario_fini(&s);
	assert_true(good);
}

int main(void)
{
	const char *folder = getenv("MBOXTRACE_SCENARIOS");
	struct CMUnitTest tests[SCENARIOS_MAX] = {0};
	char pattern[512];
	size_t count = 0;
	int failed = 1;
	glob_t files;

	seed = rig_seed();
	snprintf(pattern, sizeof(pattern), "%s/*.lua", folder ? folder : "lua/scenarios");
	if (glob(pattern, 0, NULL, &files)) {
		fprintf(stderr, "%s: no scenarios\n", pattern);
		return 1;
	}
	for (; count < files.gl_pathc && count < SCENARIOS_MAX; count++)
		tests[count] = (struct CMUnitTest){
		    .name = files.gl_pathv[count],
		    .test_func = scenario_gives_what_it_says,
		    .initial_state = files.gl_pathv[count],
		};
	failed = _cmocka_run_group_tests("scenarios", tests, count, NULL, NULL);
	globfree(&files);
	return failed;
}
