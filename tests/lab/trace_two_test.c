/* Two traces at once from one host to the same port of the same target, whose IP IDs coincide: each
 * is shown all that comes in, and takes what is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probe/trace.h"
#include "support/rig.h"

#define ROUTERS	   6
#define SEEDS	   400
#define OVERLAP	   30 /* IDs that the two may be apart */
#define ROUND_MAX  100000
#define PORT_OF(i) ((uint16_t)(40000 + 100 * (i)))

static struct trace *open_trace(struct net *net, uint64_t seed, unsigned i)
{
	struct trace_config config;
	struct net_route route;
	struct error err = {0};

	trace_config_defaults(&config);
	config.target = rig_addr(RIG_TARGET);
	net_route(net, &config.target, &route, &err);
	config.source = route.source;
	config.port = RIG_PORT;
	config.seed = seed;
	for (unsigned k = 0; k < TRACE_PROBES_MAX; k++)
		config.local_ports[k] = (uint16_t)(PORT_OF(i) + k);
	return trace_new(&config, NULL, &err);
}

/* The first IP ID of a trace. */
static uint16_t first_id(struct net *net, uint64_t seed)
{
	struct trace *t = open_trace(net, seed, 0);
	struct span octets;
	struct packet p;

	assert_true(trace_send(t, net_now_ns(net), &octets));
	packet_parse(&p, octets);
	trace_free(t);
	return p.ip.id;
}

/* Two seeds of which the IDs overlap: the n-th such pair. */
static bool find_pair(struct net *net, unsigned n, uint64_t pair[2])
{
	uint16_t id[SEEDS];

	for (unsigned i = 0; i < SEEDS; i++)
		id[i] = first_id(net, i + 1);
	for (unsigned i = 0; i < SEEDS; i++)
		for (unsigned k = 0; k < i; k++) {
			int apart = id[i] - id[k];

			if (apart < -OVERLAP || apart > OVERLAP || n--)
				continue;
			pair[0] = i + 1;
			pair[1] = k + 1;
			return true;
		}
	return false;
}

static void send_all(struct trace *t, struct net *net)
{
	struct span octets;

	while (trace_send(t, net_now_ns(net), &octets))
		assert_true(net_send(net, octets, NULL) >= 0);
}

static void run_both(struct trace *t[2], struct net *net)
{
	for (unsigned n = 0; n < ROUND_MAX && !(trace_finished(t[0]) && trace_finished(t[1]));
	     n++) {
		int64_t due_ns = TIME_NEVER;
		struct net_packet p;

		for (unsigned i = 0; i < 2; i++) {
			send_all(t[i], net);
			if (!trace_finished(t[i]) && trace_expiry_ns(t[i]) < due_ns)
				due_ns = trace_expiry_ns(t[i]);
		}
		if (net_receive(net, due_ns, &p, NULL) <= 0)
			continue;
		for (unsigned i = 0; i < 2; i++)
			trace_receive(t[i], p.time_ns, p.octets);
	}
}

/* Every quote is of a probe of its own, and all hops have answered. */
static void check(const struct trace_result *r)
{
	unsigned quotes = 0;

	for (size_t i = 0; i < r->reply_count; i++) {
		const struct trace_reply *reply = &r->replies[i];
		struct packet p;

		if (reply->kind != REPLY_TIME_EXCEEDED)
			continue;
		packet_parse(&p, reply->quote);
		assert_int_equal(p.tcp.src_port, r->probes[reply->probe].local_port);
		quotes++;
	}
	assert_true(quotes >= 3 * ROUTERS);
	assert_int_equal(r->path_length, ROUTERS + 1);
	for (size_t i = 0; i < r->probe_count; i++)
		assert_true(r->probes[i].received <= r->probes[i].sent);
}

static void trace_two(enum quote_policy quote, unsigned pair_number)
{
	struct lab_target target = rig_target();
	struct trace *t[2];
	uint64_t seeds[2] = {0};
	struct rig rig;

	rig_init(&rig);
	for (unsigned n = 1; n <= ROUTERS; n++) {
		struct lab_link link = {.delay_ns = 3 * NS_PER_MS};
		struct lab_router router = rig_router(n);

		router.quote = quote;
		lab_add_link(rig.lab, &link, NULL);
		lab_add_router(rig.lab, &router, NULL);
	}
	target.mptcp = LAB_MPTCP_V1;
	lab_add_target(rig.lab, &target, NULL);
	rig_open(&rig);
	assert_true(find_pair(rig.net, pair_number, seeds));
	for (unsigned i = 0; i < 2; i++)
		t[i] = open_trace(rig.net, seeds[i], i);
	run_both(t, rig.net);
	for (unsigned i = 0; i < 2; i++) {
		check(trace_result(t[i]));
		assert_int_equal(trace_result(t[i])->finding_count, 0);
		trace_free(t[i]);
	}
	rig_fini(&rig);
}

static void test_two(void **state)
{
	static const enum quote_policy quotes[] = {QUOTE_8, QUOTE_28, QUOTE_FULL};

	(void)state;
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		for (unsigned n = 0; n < 10; n++)
			trace_two(quotes[i], n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
