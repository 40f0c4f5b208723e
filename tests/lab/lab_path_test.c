/* The path itself: routers, what they quote, links, and that a run repeats. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/rig.h"

/* MSS(1460)/SACKP/TS(0xa,0)/NOP/WS(7)/MPCAPABLE{v=1,flags=1} */
#define OPTIONS                                                                                    \
	"020405b40402080a0000000a000000000103030"                                                  \
	"71e040101"

static void assert_from(struct rig *rig, const char *addr)
{
	char text[IP_ADDR_TEXT];

	assert_string_equal(ip_addr_print(&rig->packet.ip.src, text), addr);
}

static void routers_answer_in_order(void **state)
{
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 0, NULL, NULL);
	for (uint8_t ttl = 1; ttl <= 3; ttl++) {
		struct packet p = rig_syn(OPTIONS, ttl);
		char addr[32];

		snprintf(addr, sizeof(addr), "198.51.100.%d", ttl);
		assert_true(rig_ask(&rig, &p));
		assert_from(&rig, addr);
		assert_int_equal(rig.error.kind, ICMP_KIND_TIME_EXCEEDED);
		/* routers on the way back count it down */
		assert_int_equal(rig.packet.ip.ttl, 64 - (ttl - 1));
		assert_int_equal(packet_ip_checksum(&rig.packet), rig.packet.ip.checksum);
		assert_false(rig_next(&rig));
	}
	assert_int_equal(lab_path_length(rig.lab), 4);
	rig_fini(&rig);
}

static void quote_shows_packet_as_it_arrived(void **state)
{
	struct packet p = rig_syn(OPTIONS, 3), quote;
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 0, NULL, NULL);
	assert_true(rig_ask(&rig, &p));
	quote = rig_quote(&rig);
	assert_int_equal(rig.error.quote.len, rig.sent_len);
	assert_int_equal(quote.ip.ttl, 1);
	assert_int_equal(quote.ip.checksum, packet_ip_checksum(&quote));
	/* but for the TTL and its checksum, octet by octet what was sent */
	assert_memory_equal(quote.octets.at, rig.sent, 8);
	assert_memory_equal(quote.octets.at + 12, rig.sent + 12, rig.sent_len - 12);
	rig_fini(&rig);
}

static void quote_policies(void **state)
{
	static const struct {
		enum quote_policy policy;
		size_t quoted;
	} rows[] = {
	    {QUOTE_8, 28}, {QUOTE_28, 40}, {QUOTE_128, 64}, {QUOTE_FULL, 64}, {QUOTE_RFC4884, 64}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = rig_syn(OPTIONS, 1);
		struct lab_router router = rig_router(1);
		struct lab_target target = rig_target();
		struct rig rig;

		rig_init(&rig);
		router.quote = rows[i].policy;
		assert_int_equal(lab_add_router(rig.lab, &router, NULL), 0);
		assert_int_equal(lab_add_target(rig.lab, &target, NULL), 0);
		rig_open(&rig);
		assert_true(rig_ask(&rig, &p));
		assert_int_equal(rig.error.quote.len, rows[i].quoted);
		rig_fini(&rig);
	}
}

static void mpls_labels_follow_the_quote(void **state)
{
	struct packet p = rig_syn(OPTIONS, 1);
	struct lab_router router = rig_router(1);
	struct lab_target target = rig_target();
	struct rig rig;

	(void)state;
	rig_init(&rig);
	router.quote = QUOTE_RFC4884;
	router.label_count = 2;
	router.labels[0] = (struct mpls_label){.label = 16001, .tc = 1, .ttl = 1};
	router.labels[1] = (struct mpls_label){.label = 24003, .s = 1, .ttl = 1};
	assert_int_equal(lab_add_router(rig.lab, &router, NULL), 0);
	assert_int_equal(lab_add_target(rig.lab, &target, NULL), 0);
	rig_open(&rig);
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.error.extension_count, 1);
	assert_false(rig.error.extensions_bad);
	assert_int_equal(mpls_label_count(&rig.error.extension[0]), 2);
	assert_int_equal(mpls_label_at(&rig.error.extension[0], 0).label, 16001);
	assert_int_equal(mpls_label_at(&rig.error.extension[0], 1).label, 24003);
	rig_fini(&rig);
}

static void ipv6_path(void **state)
{
	struct packet p = rig_syn6(OPTIONS, 2);
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 0, NULL, NULL);
	assert_true(rig_ask(&rig, &p));
	assert_from(&rig, "2001:db8:2::1");
	assert_int_equal(rig.error.kind, ICMP_KIND_TIME_EXCEEDED);
	assert_int_equal(rig.error.quote.len, rig.sent_len);
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	p.ip.ttl = 4;
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	rig_fini(&rig);
}

static void silent_and_unnumbered_routers(void **state)
{
	struct packet p4 = rig_syn(OPTIONS, 1), p6 = rig_syn6(OPTIONS, 2);
	struct lab_router routers[2] = {rig_router(1), rig_router(2)};
	struct lab_target target = rig_target();
	struct rig rig;

	(void)state;
	rig_init(&rig);
	routers[0].silent = true;
	routers[1].addr6.family = 0;
	assert_int_equal(lab_add_router(rig.lab, &routers[0], NULL), 0);
	assert_int_equal(lab_add_router(rig.lab, &routers[1], NULL), 0);
	assert_int_equal(lab_add_target(rig.lab, &target, NULL), 0);
	rig_open(&rig);
	assert_false(rig_ask(&rig, &p4));
	assert_false(rig_ask(&rig, &p6));
	p4.ip.ttl = 2;
	assert_true(rig_ask(&rig, &p4));
	rig_fini(&rig);
}

static void prohibit_answers_tcp_only(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64), p6 = rig_syn6(OPTIONS, 64);
	struct lab_router router = rig_router(1);
	struct lab_target target = rig_target();
	struct rig rig;

	(void)state;
	rig_init(&rig);
	router.prohibit = 13;
	assert_int_equal(lab_add_router(rig.lab, &router, NULL), 0);
	assert_int_equal(lab_add_target(rig.lab, &target, NULL), 0);
	rig_open(&rig);
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.error.kind, ICMP_KIND_UNREACHABLE);
	assert_int_equal(rig.error.code, 13);
	assert_int_equal(rig_quote(&rig).ip.ttl, 63);
	assert_true(rig_ask(&rig, &p6));
	assert_int_equal(rig.error.kind, ICMP_KIND_UNREACHABLE);
	assert_int_equal(rig.error.code, 1);
	p.ip.ttl = 1; /* the TTL is looked at first */
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.error.kind, ICMP_KIND_TIME_EXCEEDED);
	rig_fini(&rig);
}

/* As Linux answers a burst of sixty by default: six, then one a second. */
static void rate_limit_is_a_token_bucket(void **state)
{
	struct lab_router router = rig_router(1);
	struct lab_target target = rig_target();
	struct packet p = rig_syn(OPTIONS, 1);
	unsigned answers = 0;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	router.icmp_rate = 1;
	router.icmp_burst = 6;
	assert_int_equal(lab_add_router(rig.lab, &router, NULL), 0);
	assert_int_equal(lab_add_target(rig.lab, &target, NULL), 0);
	rig_open(&rig);
	for (int i = 0; i < 60; i++)
		rig_send(&rig, &p);
	while (rig_next(&rig)) /* waits ten seconds in the end */
		answers++;
	assert_int_equal(answers, 6);
	for (answers = 0; answers < 6; answers++)
		assert_true(rig_ask(&rig, &p));
	assert_false(rig_ask(&rig, &p));
	rig_fini(&rig);
}

static void link_rig(struct rig *rig, struct lab_link link, uint64_t seed)
{
	struct lab_target target = rig_target();

	rig_init(rig);
	lab_seed(rig->lab, seed);
	assert_int_equal(lab_add_link(rig->lab, &link, NULL), 0);
	assert_int_equal(lab_add_target(rig->lab, &target, NULL), 0);
	rig_open(rig);
}

static void delay_is_there_and_back(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64);
	struct rig rig;
	int64_t start_ns;

	(void)state;
	link_rig(&rig, (struct lab_link){.delay_ns = 150 * NS_PER_MS}, 1);
	start_ns = net_now_ns(rig.net);
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.last.time_ns - start_ns, 300 * NS_PER_MS);
	assert_int_equal(net_now_ns(rig.net), rig.last.time_ns);
	rig_fini(&rig);
}

static void receive_stops_at_its_deadline(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64);
	struct net_packet got;
	struct rig rig;
	int64_t start_ns;

	(void)state;
	link_rig(&rig, (struct lab_link){.delay_ns = 10 * NS_PER_MS}, 1);
	start_ns = net_now_ns(rig.net);
	rig_send(&rig, &p);
	assert_int_equal(net_receive(rig.net, start_ns + 15 * NS_PER_MS, &got, NULL), 0);
	assert_int_equal(net_now_ns(rig.net), start_ns + 15 * NS_PER_MS);
	assert_int_equal(net_receive(rig.net, 0, &got, NULL), 0); /* polls */
	assert_int_equal(net_now_ns(rig.net), start_ns + 15 * NS_PER_MS);
	assert_int_equal(net_receive(rig.net, TIME_NEVER, &got, NULL), 1);
	assert_int_equal(net_now_ns(rig.net), start_ns + 20 * NS_PER_MS);
	assert_int_equal(net_receive(rig.net, TIME_NEVER, &got, NULL), 0);
	assert_int_equal(net_now_ns(rig.net), start_ns + 20 * NS_PER_MS);
	rig_fini(&rig);
}

/* At 480 kbit/s, SYNs of 64 octets take 1.067 ms each, one after the other; SYN/ACKs of 72 take 1.2
 * ms. */
static void rate_serialises(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64);
	int64_t start_ns, last_ns;
	struct rig rig;

	(void)state;
	link_rig(&rig, (struct lab_link){.rate_bps = 480000}, 1);
	start_ns = net_now_ns(rig.net);
	for (uint16_t i = 0; i < 10; i++) {
		p.tcp.src_port = (uint16_t)(1000 + i);
		rig_send(&rig, &p);
	}
	for (uint16_t i = 0; i < 10; i++) {
		assert_true(rig_next(&rig));
		assert_int_equal(rig.packet.tcp.dst_port, 1000 + i);
		last_ns = rig.last.time_ns;
	}
	/* the way back is the slower one: it is busy from the first SYN's arrival on */
	assert_int_equal(last_ns - start_ns, 1066666 + 10 * 1200000);
	rig_fini(&rig);
}

/* Both ways lose a tenth: 0.81 arrive; five standard deviations either side. */
static void loss_is_as_configured(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64);
	const unsigned n = 4000;
	double mean = 0.81 * n, sigma = sqrt(n * 0.81 * 0.19);
	unsigned answers = 0;
	struct rig rig;

	(void)state;
	link_rig(&rig, (struct lab_link){.loss = 0.1}, rig_seed());
	for (unsigned i = 0; i < n; i++) {
		p.tcp.src_port = (uint16_t)(1000 + i);
		answers += rig_ask(&rig, &p);
	}
	assert_true(fabs(answers - mean) < 5 * sigma);
	rig_fini(&rig);
}

static void duplicates_arrive_twice(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64);
	unsigned answers = 0;
	struct rig rig;

	(void)state;
	link_rig(&rig, (struct lab_link){.duplicate = 1}, 1);
	rig_send(&rig, &p);
	while (rig_next(&rig))
		answers++;
	assert_int_equal(answers, 4); /* two SYNs, each SYN/ACK twice */
	assert_int_equal(lab_half_open(rig.lab), 1);
	rig_fini(&rig);
}

static unsigned overtakings(struct lab_link link)
{
	struct packet p = rig_syn(OPTIONS, 64);
	uint16_t last = 0, count = 0;
	struct rig rig;

	link_rig(&rig, link, 7);
	for (uint16_t i = 1; i <= 100; i++) {
		p.tcp.src_port = i;
		rig_send(&rig, &p);
	}
	while (rig_next(&rig)) {
		count = (uint16_t)(count + (rig.packet.tcp.dst_port < last));
		last = rig.packet.tcp.dst_port;
	}
	rig_fini(&rig);
	return count;
}

static void order_is_kept_unless_asked(void **state)
{
	(void)state;
	assert_int_equal(overtakings((struct lab_link){.delay_ns = NS_PER_MS}), 0);
	assert_int_equal(overtakings((struct lab_link){.rate_bps = 5000000}), 0);
	assert_true(overtakings((struct lab_link){.rate_bps = 5000000, .reorder = 0.1}) > 5);
	assert_true(overtakings((struct lab_link){.jitter_ns = NS_PER_MS}) > 5);
}

/* A lossy, jittery, duplicating path with a randomising box: everything that arrives, as text. */
static void record(uint64_t seed, struct buf *out)
{
	struct lab_target target = rig_target();
	struct lab_router router = rig_router(1);
	struct rig rig;

	rig_init(&rig);
	lab_seed(rig.lab, seed);
	lab_add_link(rig.lab,
		     &(struct lab_link){.jitter_ns = NS_PER_MS, .loss = 0.1, .duplicate = 0.1},
		     NULL);
	lab_add_router(rig.lab, &router, NULL);
	rig_box(&rig, "seq_shift", "quotes=partial direction=both");
	rig_box(&rig, "nat", "outside=198.51.100.200 ports=rewrite ip_id=true");
	lab_add_target(rig.lab, &target, NULL);
	rig_open(&rig);
	for (uint16_t i = 0; i < 200; i++) {
		struct packet p = rig_syn(OPTIONS, (uint8_t)(1 + i % 3));

		p.tcp.src_port = i;
		rig_send(&rig, &p);
	}
	while (rig_next(&rig)) {
		buf_printf(out, "%lld ", (long long)rig.last.time_ns);
		buf_hex(out, rig.last.octets.at, rig.last.octets.len);
	}
	rig_fini(&rig);
}

static void same_seed_same_run(void **state)
{
	struct buf one = {0}, two = {0}, other = {0};

	(void)state;
	record(42, &one);
	record(42, &two);
	record(43, &other);
	assert_string_equal(buf_text(&one), buf_text(&two));
	assert_string_not_equal(buf_text(&one), buf_text(&other));
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&other);
}

/* reset answers RSTs' originators' SYNs, set makes SYNs of RSTs: without end, did the lab not
 * count answers to answers. */
static void quarrelling_boxes_come_to_rest(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64);
	struct lab_target target = rig_target();
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_box(&rig, "reset", "on=all direction=both");
	rig_box(&rig, "set", "field=tcp.flags value=2 direction=both");
	rig_box(&rig, "reset", "on=all direction=both");
	assert_int_equal(lab_add_target(rig.lab, &target, NULL), 0);
	rig_open(&rig);
	rig_send(&rig, &p);
	lab_settle(rig.lab);
	assert_true(lab_packets(rig.lab) < 100);
	rig_fini(&rig);
}

static void resolves_its_target(void **state)
{
	struct ip_addr addr;
	struct error err;
	struct rig rig;
	char text[IP_ADDR_TEXT];

	(void)state;
	rig_path(&rig, 1, 0, NULL, NULL);
	assert_int_equal(lab_resolve(rig.lab, "example.net", 0, &addr, &err), 0);
	assert_string_equal(ip_addr_print(&addr, text), RIG_TARGET);
	assert_int_equal(lab_resolve(rig.lab, "example.net", 6, &addr, &err), 0);
	assert_string_equal(ip_addr_print(&addr, text), RIG_TARGET6);
	assert_int_equal(lab_resolve(rig.lab, "2001:0db8:80::80", 0, &addr, &err), 0);
	assert_int_equal(addr.family, 6);
	assert_int_equal(lab_resolve(rig.lab, RIG_TARGET, 6, &addr, &err), ERR_RESOLVE);
	assert_int_equal(lab_resolve(rig.lab, "example.org", 0, &addr, &err), ERR_RESOLVE);
	assert_string_equal(err.text, "example.org: not in this lab: its target is example.net");
	rig_fini(&rig);
}

static void order_makes_a_path(void **state)
{
	struct lab_client client = {.addr4 = rig_addr(RIG_CLIENT)};
	struct lab_router router = rig_router(1);
	struct lab_target target = rig_target();
	struct lab *lab = lab_new(1);
	struct error err;

	(void)state;
	assert_int_equal(lab_add_router(lab, &router, &err), ERR_USAGE);
	assert_string_equal(err.text, "router before the client: expected the client first");
	assert_null(lab_net(lab));
	assert_int_equal(lab_add_client(lab, &client, &err), 0);
	assert_int_equal(lab_add_client(lab, &client, &err), ERR_USAGE);
	assert_null(lab_add_box(lab, "stripp", &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(lab_add_target(lab, &target, &err), 0);
	assert_int_equal(lab_add_router(lab, &router, &err), ERR_USAGE);
	assert_string_equal(err.text, "router behind the target: expected the target last");
	lab_free(lab);
}

static void ground_truth(void **state)
{
	struct rig rig;
	uint8_t after;

	(void)state;
	rig_path(&rig, 4, 2, "strip", "kind=mptcp");
	assert_string_equal(lab_box_at(rig.lab, 0, &after)->ops->name, "strip");
	assert_int_equal(after, 2);
	assert_null(lab_box_at(rig.lab, 1, &after));
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(routers_answer_in_order),
	    cmocka_unit_test(quote_shows_packet_as_it_arrived),
	    cmocka_unit_test(quote_policies),
	    cmocka_unit_test(mpls_labels_follow_the_quote),
	    cmocka_unit_test(ipv6_path),
	    cmocka_unit_test(silent_and_unnumbered_routers),
	    cmocka_unit_test(prohibit_answers_tcp_only),
	    cmocka_unit_test(rate_limit_is_a_token_bucket),
	    cmocka_unit_test(delay_is_there_and_back),
	    cmocka_unit_test(receive_stops_at_its_deadline),
	    cmocka_unit_test(rate_serialises),
	    cmocka_unit_test(loss_is_as_configured),
	    cmocka_unit_test(duplicates_arrive_twice),
	    cmocka_unit_test(order_is_kept_unless_asked),
	    cmocka_unit_test(same_seed_same_run),
	    cmocka_unit_test(quarrelling_boxes_come_to_rest),
	    cmocka_unit_test(resolves_its_target),
	    cmocka_unit_test(order_makes_a_path),
	    cmocka_unit_test(ground_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
