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

/* A trace, and the sequence numbers of its probes. */
struct one {
	struct trace *t;
	uint32_t seq[TRACE_PROBES_MAX];
};

static void send_all(struct one *one, unsigned i, struct net *net)
{
	struct span octets;
	struct packet p;

	while (trace_send(one->t, net_now_ns(net), &octets)) {
		packet_parse(&p, octets);
		if (p.ip.proto == IP_PROTO_TCP && !(p.tcp.flags & TCP_RST))
			one->seq[p.tcp.src_port - PORT_OF(i)] = p.tcp.seq;
		assert_true(net_send(net, octets, NULL) >= 0);
	}
}

static bool is_over(const struct one both[2])
{
	return trace_finished(both[0].t) && trace_finished(both[1].t);
}

static void run_both(struct one both[2], struct net *net)
{
	for (unsigned n = 0; n < ROUND_MAX && !is_over(both); n++) {
		int64_t due_ns = TIME_NEVER;
		struct net_packet p;

		for (unsigned i = 0; i < 2; i++) {
			send_all(&both[i], i, net);
			if (!trace_finished(both[i].t) && trace_expiry_ns(both[i].t) < due_ns)
				due_ns = trace_expiry_ns(both[i].t);
		}
		if (net_receive(net, due_ns, &p, NULL) <= 0)
			continue;
		for (unsigned i = 0; i < 2; i++)
			trace_receive(both[i].t, p.time_ns, p.octets);
	}
}

/* Every quote is of a probe of its own, which no NAT hides, and all hops have answered. */
static void check(const struct one *one)
{
	const struct trace_result *r = trace_result(one->t);
	unsigned quotes = 0;

	for (size_t i = 0; i < r->reply_count; i++) {
		const struct trace_reply *reply = &r->replies[i];
		struct packet p;

		if (reply->kind != REPLY_TIME_EXCEEDED)
			continue;
		packet_parse(&p, reply->quote);
		assert_int_equal(p.tcp.seq, one->seq[reply->probe]);
		quotes++;
	}
	assert_true(quotes >= 3 * ROUTERS);
	assert_int_equal(r->path_length, ROUTERS + 1);
	for (size_t i = 0; i < r->probe_count; i++)
		assert_true(r->probes[i].received <= r->probes[i].sent);
}

static void add_path(struct rig *rig, enum quote_policy quote, const char *box)
{
	struct lab_target target = rig_target();

	for (unsigned n = 1; n <= ROUTERS; n++) {
		struct lab_link link = {.delay_ns = 3 * NS_PER_MS};
		struct lab_router router = rig_router(n);

		router.quote = quote;
		lab_add_link(rig->lab, &link, NULL);
		lab_add_router(rig->lab, &router, NULL);
		if (box && n == 2)
			rig_set(lab_add_box(rig->lab, "nat", NULL), box);
	}
	target.mptcp = LAB_MPTCP_V1;
	lab_add_target(rig->lab, &target, NULL);
}

static void trace_two(enum quote_policy quote, unsigned pair_number, const char *nat)
{
	struct one both[2] = {0};
	uint64_t seeds[2] = {0};
	struct rig rig;

	rig_init(&rig);
	add_path(&rig, quote, nat);
	rig_open(&rig);
	assert_true(find_pair(rig.net, pair_number, seeds));
	for (unsigned i = 0; i < 2; i++)
		both[i].t = open_trace(rig.net, seeds[i], i);
	run_both(both, rig.net);
	for (unsigned i = 0; i < 2; i++) {
		check(&both[i]);
		assert_true(nat || !trace_result(both[i].t)->finding_count);
		trace_free(both[i].t);
	}
	rig_fini(&rig);
}

static const enum quote_policy quotes[] = {QUOTE_8, QUOTE_28, QUOTE_FULL};

static void test_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		for (unsigned n = 0; n < 10; n++)
			trace_two(quotes[i], n, NULL);
}

/* Both are translated alike, and nobody translates quotes back. */
static void test_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		for (unsigned n = 0; n < 10; n++)
			trace_two(quotes[i], n, "outside=198.51.100.200 ports=rewrite quotes=none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two),
	    cmocka_unit_test(test_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
