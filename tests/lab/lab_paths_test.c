/* Several paths, elements in common, queues and cuts: what traces do not need and connections do.
 */
#include <string.h>

#include "script/scenario.h"
#include "support/cmocka_all.h"
#include "support/rig.h"

#define CLIENT2 "192.0.3.7"
#define TARGET2 "203.0.113.81"

static struct lab_path path(const char *client, const char *target)
{
	return (struct lab_path){.client4 = rig_addr(client), .target4 = rig_addr(target)};
}

/* Two paths, from RIG_CLIENT over routers 1 and 3, and from CLIENT2 over 2 and 3. */
static void two_paths(struct rig *rig)
{
	struct lab_path first = path(RIG_CLIENT, ""), second = path(CLIENT2, "");
	struct lab_router r1 = rig_router(1), r2 = rig_router(2), r3 = rig_router(3);
	struct lab_target target = rig_target();
	size_t common;

	rig_init(rig);
	assert_int_equal(lab_add_path(rig->lab, &first, NULL), 0);
	assert_int_equal(lab_add_router(rig->lab, &r1, NULL), 0);
	assert_int_equal(lab_add_router(rig->lab, &r3, NULL), 0);
	common = lab_last(rig->lab);
	assert_int_equal(lab_add_path(rig->lab, &second, NULL), 0);
	assert_int_equal(lab_add_router(rig->lab, &r2, NULL), 0);
	assert_int_equal(lab_add_shared(rig->lab, common, NULL), 0);
	assert_int_equal(lab_add_target(rig->lab, &target, NULL), 0);
	rig_open(rig);
}

static void ask_from(struct rig *rig, const char *client, uint8_t ttl, const char *answers)
{
	struct packet p = rig_syn("", ttl);
	struct ip_addr from = rig_addr(answers);

	p.ip.src = rig_addr(client);
	assert_true(rig_ask(rig, &p));
	assert_true(ip_addr_equal(&rig->packet.ip.src, &from));
	assert_true(ip_addr_equal(&rig->packet.ip.dst, &p.ip.src));
}

static void packets_take_the_path_of_their_source(void **state)
{
	struct rig rig;

	(void)state;
	two_paths(&rig);
	ask_from(&rig, RIG_CLIENT, 1, "198.51.100.1");
	ask_from(&rig, CLIENT2, 1, "198.51.100.2");
	ask_from(&rig, RIG_CLIENT, 2, "198.51.100.3");
	ask_from(&rig, CLIENT2, 2, "198.51.100.3");
	ask_from(&rig, RIG_CLIENT, 64, RIG_TARGET);
	ask_from(&rig, CLIENT2, 64, RIG_TARGET);
	assert_int_equal(lab_path_length(rig.lab), 3);
	rig_fini(&rig);
}

static void nothing_leads_from_elsewhere(void **state)
{
	struct packet p = rig_syn("", 64);
	struct rig rig;

	(void)state;
	two_paths(&rig);
	p.ip.src = rig_addr("192.0.9.9");
	assert_false(rig_ask(&rig, &p));
	rig_fini(&rig);
}

static void destinations_tell_paths_apart(void **state)
{
	struct lab_path first = path("", RIG_TARGET), second = path(RIG_CLIENT, TARGET2);
	struct lab_router r1 = rig_router(1), r2 = rig_router(2);
	struct lab_target target = rig_target();
	struct packet p = rig_syn("", 1);
	struct ip_addr list[LAB_ADDRS_MAX];
	struct rig rig;

	(void)state;
	rig_init(&rig);
	lab_add_path(rig.lab, &first, NULL);
	lab_add_router(rig.lab, &r1, NULL);
	lab_add_path(rig.lab, &second, NULL);
	lab_add_router(rig.lab, &r2, NULL);
	lab_add_target(rig.lab, &target, NULL);
	rig_open(&rig);
	ask_from(&rig, RIG_CLIENT, 1, "198.51.100.1");
	p.ip.dst = rig_addr(TARGET2);
	assert_true(rig_ask(&rig, &p));
	assert_true(ip_addr_equal(&rig.packet.ip.src, &r2.addr4));
	p.ip.ttl = 64; /* the target has both addresses */
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(lab_target_addrs(rig.lab, list), 3); /* and one of IPv6 */
	rig_fini(&rig);
}

/* Client, a link, and the target. */
static void one_link(struct rig *rig, const struct lab_link *link)
{
	struct lab_target target = rig_target();

	rig_init(rig);
	assert_int_equal(lab_add_link(rig->lab, link, NULL), 0);
	assert_int_equal(lab_add_target(rig->lab, &target, NULL), 0);
	rig_open(rig);
}

static unsigned answers(struct rig *rig, unsigned syns)
{
	unsigned count = 0;

	for (unsigned i = 0; i < syns; i++) {
		struct packet p = rig_syn("", 64);

		p.tcp.src_port = (uint16_t)(50000 + i);
		rig_send(rig, &p);
	}
	while (rig_next(rig))
		count++;
	return count;
}

static void queues_overflow(void **state)
{
	struct lab_link link = {.rate_bps = 8000, .queue_packets = 3};
	struct rig rig;

	(void)state;
	one_link(&rig, &link);
	assert_int_equal(answers(&rig, 10), 3);
	assert_int_equal(answers(&rig, 2), 2); /* it is empty again */
	rig_fini(&rig);
	link = (struct lab_link){.rate_bps = 8000, .queue_octets = 40 * 5};
	one_link(&rig, &link); /* a SYN has 40 octets, its answer 44 */
	assert_int_equal(answers(&rig, 10), 5);
	rig_fini(&rig);
}

static void links_go_down(void **state)
{
	struct lab_link link = {
	    .delay_ns = NS_PER_MS,
	    .down = {{NS_PER_S, 3 * NS_PER_S}},
	    .down_count = 1,
	};
	struct packet p = rig_syn("", 64);
	struct net_packet none;
	struct rig rig;

	(void)state;
	one_link(&rig, &link);
	assert_true(rig_ask(&rig, &p));
	net_receive(rig.net, LAB_START_NS + NS_PER_S, &none, NULL);
	rig_send(&rig, &p);
	assert_int_equal(net_receive(rig.net, LAB_START_NS + 2 * NS_PER_S, &none, NULL), 0);
	net_receive(rig.net, LAB_START_NS + 3 * NS_PER_S, &none, NULL);
	assert_true(rig_ask(&rig, &p));
	rig_fini(&rig);
}

static void load(struct scenario *s, const char *script, const char *complaint)
{
	struct error err = {0};
	int rc = scenario_load_text(s, "t.lua", span_of(script, strlen(script)), 1, &err);

	if (complaint) {
		assert_int_equal(rc, ERR_USAGE);
		assert_non_null(strstr(err.text, complaint));
	} else if (rc) {
		fail_msg("%s", err.text);
	}
}

static void scenarios_lay_paths(void **state)
{
	struct ip_addr list[LAB_ADDRS_MAX];
	struct scenario s;

	(void)state;
	load(&s,
	     "client { addr = '192.0.2.7' }\n"
	     "path { client_addr = '192.0.2.7' }\n"
	     "link { delay = '1ms' }\n"
	     "local core = link { rate = '10M', queue = 60000, queue_packets = 40,\n"
	     "  down = { { '2s', '5s' }, { '7s', '8s' } } }\n"
	     "path { client_addr = '192.0.3.7', target_addr = '203.0.113.80' }\n"
	     "box.hold_holes {}\n"
	     "shared(core)\n"
	     "target { addr = '203.0.113.80' }\n",
	     NULL);
	assert_int_equal(lab_client_addrs(s.lab, list), 2);
	scenario_fini(&s);
	load(&s, "client { addr = '192.0.2.7' }\nshared(9)", "no such link");
	load(&s, "client { addr = '192.0.2.7' }\nshared({})", "expected what a link");
	load(&s, "client { addr = '192.0.2.7' }\nlocal l = link {}\nshared(l)", "already");
	load(&s, "client { addr = '192.0.2.7' }\nlink { down = { { '2s' } } }", "the end");
	load(&s, "path { client_addr = '192.0.2.7' }", "client first");
}

static void scenarios_serve(void **state)
{
	const struct lab_serve *serve;
	struct scenario s;

	(void)state;
	load(&s,
	     "client { addr = '192.0.2.7' }\n"
	     "target { addr = '203.0.113.80', endpoint = true, service = 'send', octets = 5000,\n"
	     "  version = 0, checksum = true, pm = 'ndiffports', scheduler = 'round-robin',\n"
	     "  cc = 'reno', cookies = true }\n",
	     NULL);
	serve = &lab_target(s.lab)->serve;
	assert_true(serve->endpoint && serve->cookies && serve->conn.checksum);
	assert_int_equal(serve->octets, 5000);
	assert_int_equal(serve->conn.version, 0);
	assert_string_equal(serve->conn.pm, "ndiffports");
	assert_string_equal(serve->conn.scheduler, "round-robin");
	assert_string_equal(serve->conn.cc, "reno");
	scenario_fini(&s);
	load(&s, "client { addr = '192.0.2.7' }\ntarget { addr = '1.2.3.4', pm = 'x' }",
	     "path manager");
	load(&s, "client { addr = '192.0.2.7' }\ntarget { addr = '1.2.3.4', service = 'x' }",
	     "'echo'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_take_the_path_of_their_source),
	    cmocka_unit_test(nothing_leads_from_elsewhere),
	    cmocka_unit_test(destinations_tell_paths_apart),
	    cmocka_unit_test(queues_overflow),
	    cmocka_unit_test(links_go_down),
	    cmocka_unit_test(scenarios_lay_paths),
	    cmocka_unit_test(scenarios_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
