/* The endpoint: listeners under a flood, cookies, packets for nobody, many connections, memory. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "mptcp/conn_state.h"
#include "packet/icmp.h"
#include "packet/mptcp_option.h"
#include "packet/notation.h"
#include "support/endpoint_pair.h"
#include "support/option_box.h"

static void transfer(struct duo *p, uint64_t up, uint64_t down)
{
	p->side[CLIENT].to_send = up;
	p->side[SERVER].to_send = down;
	duo_start(p);
	assert_true(duo_run(p, 300 * NS_PER_S));
	assert_true(duo_complete(p));
}

/* The keys come back in the third ACK, in v0 as in v1; joins work as ever. */
static void test_cookies(void **state)
{
	struct duo p;

	(void)state;
	for (uint8_t version = 0; version < 2; version++) {
		duo_init(&p, 1);
		duo_addresses(&p, 2, 1);
		p.cookies = true;
		p.config[CLIENT].version = p.config[SERVER].version = version;
		p.config[SERVER].checksum = true;
		p.path[0].rate = p.path[1].rate = 1250000;
		p.path[0].queue = p.path[1].queue = 64000;
		transfer(&p, 1000000, 1000000);
		assert_int_equal(duo_info(&p, SERVER).outcome, OUTCOME_MPTCP);
		assert_int_equal(duo_info(&p, SERVER).subflow_count, 2);
		assert_true(duo_info(&p, SERVER).checksum);
		duo_fini(&p);
	}
}

/* The third ACK is lost: v1 brings the keys with the first data, v0 does not (RFC 8041 §3.11). */
static void test_cookies_third_ack_lost(void **state)
{
	struct duo p;

	(void)state;
	for (uint8_t version = 0; version < 2; version++) {
		struct option_box box[2] = {{.action = BOX_DROP,
					     .from = CLIENT,
					     .segments = ON_ACK,
					     .subtypes = 1u << MPTCP_CAPABLE,
					     .times = 1}};

		duo_init(&p, 2);
		p.cookies = true;
		p.config[CLIENT].version = p.config[SERVER].version = version;
		p.hook = option_box;
		p.context = box;
		transfer(&p, 100000, 100000);
		assert_int_equal(duo_info(&p, SERVER).outcome,
				 version ? OUTCOME_MPTCP : OUTCOME_FALLBACK);
		duo_fini(&p);
	}
}

/* No more is offered than fits: what is sent behind a hole must all be kept, too. */
static void test_cookies_small_buffer(void **state)
{
	struct duo p;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		duo_init(&p, seed);
		p.cookies = true;
		p.config[CLIENT].version = 255;
		p.config[SERVER].receive_buffer = 30000;
		p.path[0].loss = 0.03;
		transfer(&p, 200000, 0);
		duo_fini(&p);
	}
}

static void send_text(struct duo *p, const char *text, unsigned n)
{
	struct notation notation;
	struct packet packet;
	uint8_t out[128];
	int len;

	assert_int_equal(notation_parse(&notation, text, NULL), 0);
	packet_parse(&packet, span_of(notation.octets4, notation.len4));
	packet.ip.src = ip_addr_v4((const uint8_t[]){10, 9, (uint8_t)(n >> 8), (uint8_t)n});
	packet.ip.dst = ip_addr_v4((const uint8_t[]){10, 0, 1, 1});
	packet.tcp.src_port = (uint16_t)(1024 + n);
	len = packet_build(&packet, PACKET_FIX_ALL, out, sizeof(out));
	duo_inject(p, SERVER, span_of(out, (size_t)len));
}

/* Ten thousand SYNs that nobody follows up: the listener holds half of its backlog, and still
 * serves. */
static void test_flood(void **state)
{
	struct span out;
	struct duo p;

	(void)state;
	duo_init(&p, 3);
	p.side[CLIENT].to_send = 100000;
	duo_start(&p);
	for (unsigned i = 0; i < 10000; i++) {
		send_text(&p, "IP/TCP{dst=80,flags=S,seq=7}/MSS(1460)/MPCAPABLE{v=1}", i);
		while (endpoint_send(p.side[SERVER].endpoint, p.now_ns, &out))
			;
	}
	assert_true(duo_run(&p, 100 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, SERVER).outcome, OUTCOME_MPTCP);
	assert_int_equal(p.side[SERVER].accepted, 1);
	duo_fini(&p);
}

/* Whatever the cookie: data that is not the first never opens a connection, which would begin in
 * mid-stream. */
static void test_cookies_later_data(void **state)
{
	struct packet answer;
	struct span out;
	char text[96];
	struct duo p;

	(void)state;
	duo_init(&p, 7);
	p.cookies = true;
	duo_start(&p);
	for (unsigned i = 0; i < 20000; i++) {
		send_text(&p, "IP/TCP{dst=80,flags=S,seq=7}/MSS(1460)", i);
		assert_true(endpoint_send(p.side[SERVER].endpoint, p.now_ns, &out));
		assert_int_equal(packet_parse(&answer, out), 0);
		snprintf(text, sizeof(text), "IP/TCP{dst=80,flags=A,seq=%u,ack=%u}/RAW(\"late\")",
			 8 + 1460 + i % 4096, answer.tcp.seq + 1);
		send_text(&p, text, i);
		assert_false(endpoint_send(p.side[SERVER].endpoint, p.now_ns, &out));
	}
	duo_fini(&p);
}

static void expect(struct duo *p, const char *text)
{
	struct notation want;
	struct packet a, b;
	struct span out;

	assert_true(endpoint_send(p->side[SERVER].endpoint, p->now_ns, &out));
	assert_int_equal(packet_parse(&a, out), 0);
	assert_int_equal(notation_parse(&want, text, NULL), 0);
	packet_parse(&b, span_of(want.octets4, want.len4));
	assert_int_equal(a.tcp.flags, b.tcp.flags);
	assert_int_equal(a.tcp.seq, b.tcp.seq);
	assert_int_equal(a.tcp.ack, b.tcp.ack);
	assert_int_equal(a.tcp.option_area.len, b.tcp.option_area.len);
	assert_memory_equal(a.tcp.option_area.at, b.tcp.option_area.at, a.tcp.option_area.len);
	assert_false(endpoint_send(p->side[SERVER].endpoint, p->now_ns, &out));
}

static void silence(struct duo *p)
{
	struct span out;

	assert_false(endpoint_send(p->side[SERVER].endpoint, p->now_ns, &out));
}

static void test_strays(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 4);
	duo_start(&p);
	send_text(&p, "IP/TCP{dst=81,flags=S,seq=7}/MPCAPABLE{v=1}", 1);
	expect(&p, "IP/TCP{flags=RA,seq=0,ack=8}");
	send_text(&p, "IP/TCP{dst=80,flags=A,seq=7,ack=9}/RAW(\"abc\")", 1);
	expect(&p, "IP/TCP{flags=R,seq=9}");
	send_text(&p, "IP/TCP{dst=80,flags=F,seq=7}/RAW(\"abc\")", 1);
	expect(&p, "IP/TCP{flags=RA,ack=11}");
	send_text(&p, "IP/TCP{dst=80,flags=R,seq=7}", 1);
	silence(&p);
	send_text(&p, "IP/TCP{dst=80,flags=S,seq=7}/MPJOIN{token=77,nonce=1,id=1}", 1);
	expect(&p, "IP/TCP{flags=RA,seq=0,ack=8}/MPRST{reason=1}");
	duo_fini(&p);
}

/* A hundred connections at once, in one process; released, they leave nothing behind. */
static void test_many(void **state)
{
	struct ip_addr server = ip_addr_v4((const uint8_t[]){10, 0, 1, 1});
	struct conn *conn[100];
	struct duo p;

	(void)state;
	duo_init(&p, 5);
	duo_start(&p);
	for (unsigned i = 0; i < 100; i++) {
		conn[i] = endpoint_connect(p.side[CLIENT].endpoint, &server, 80, &p.config[CLIENT],
					   p.now_ns, NULL);
		assert_non_null(conn[i]);
		assert_int_equal(conn_write(conn[i], p.now_ns, span_of("hello", 5)), 5);
	}
	while (p.now_ns < 2 * NS_PER_S && duo_step(&p, 2 * NS_PER_S))
		;
	assert_int_equal(p.side[SERVER].accepted, 101);
	for (unsigned i = 0; i < 100; i++) {
		struct conn_info info;

		conn_info(conn[i], &info);
		assert_int_equal(info.outcome, OUTCOME_MPTCP);
		assert_int_equal(info.sent, 5);
		assert_true(info.memory < 16384);
		endpoint_release(p.side[CLIENT].endpoint, conn[i], p.now_ns);
	}
	assert_true(duo_info(&p, SERVER).memory < 16384);
	duo_fini(&p);
}

/* As the peer would send it, if it did not care: far ahead of what has arrived. */
static void send_ahead(struct duo *p, const struct subflow *sf, uint32_t ahead)
{
	static const uint8_t octets[1000];
	struct packet packet = {0};
	uint8_t out[1200];
	int len;

	packet.ip.version = 4;
	packet.ip.ttl = 64;
	packet.ip.proto = IP_PROTO_TCP;
	packet.ip.src = sf->tuple.remote;
	packet.ip.dst = sf->tuple.local;
	packet.tcp.src_port = sf->tuple.remote_port;
	packet.tcp.dst_port = sf->tuple.local_port;
	packet.tcp.seq = sf->tcp.rcv_nxt + ahead;
	packet.tcp.ack = sf->tcp.snd_nxt;
	packet.tcp.flags = TCP_ACK;
	packet.payload = span_of(octets, sizeof(octets));
	len = packet_build(&packet, PACKET_FIX_ALL, out, sizeof(out));
	duo_inject(p, SERVER, span_of(out, (size_t)len));
}

/* Peers that fill their windows, but for the first octet, on many connections: what is kept for
 * them stays within the endpoint's bounds. */
static void test_memory_is_bounded(void **state)
{
	enum { PEERS = 20, MAX = 4 << 20 };
	struct ip_addr server = ip_addr_v4((const uint8_t[]){10, 0, 1, 1});
	struct conn *accepted[PEERS];
	struct conn_info info;
	size_t sum = 0;
	struct duo p;

	(void)state;
	duo_init(&p, 9);
	endpoint_free(p.side[SERVER].endpoint);
	p.side[SERVER].endpoint = endpoint_new(
	    &(struct endpoint_config){.seed = 1, .quiet = true, .memory_max = MAX}, NULL);
	p.config[CLIENT].version = 255;
	p.side[CLIENT].keep_open = p.side[SERVER].keep_open = true;
	duo_start(&p);
	for (unsigned i = 0; i < PEERS; i++) {
		struct conn *c = endpoint_connect(p.side[CLIENT].endpoint, &server, 80,
						  &p.config[CLIENT], p.now_ns, NULL);

		conn_write(c, p.now_ns, span_of("hello", 5));
		for (unsigned step = 0; step < 20; step++)
			duo_step(&p, p.now_ns + 100 * NS_PER_MS);
		assert_int_equal(p.side[SERVER].accepted, i + 2);
		accepted[i] = p.side[SERVER].conn;
	}
	for (uint32_t at = 1; at < MAX; at += 1000)
		for (unsigned i = 0; i < PEERS; i++)
			send_ahead(&p, accepted[i]->subflow[0], at);
	for (unsigned i = 0; i < PEERS; i++) {
		conn_info(accepted[i], &info);
		sum += info.memory;
	}
	assert_in_range(sum, MAX / 2, MAX + MAX / 8);
	duo_fini(&p);
}

/* Where things are found depends on the seed: peers choose ports, and could else aim at one chain.
 */
static void test_tables_are_keyed(void **state)
{
	const struct subflow *sf[2];
	struct duo p[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		duo_init(&p[i], 1 + i);
		p[i].config[CLIENT].local[0].port = 4000;
		p[i].side[CLIENT].keep_open = true;
		duo_start(&p[i]);
		sf[i] = p[i].side[CLIENT].conn->subflow[0];
	}
	assert_memory_equal(&sf[0]->tuple, &sf[1]->tuple, sizeof(sf[0]->tuple));
	assert_int_not_equal(sf[0]->by_tuple.hashv, sf[1]->by_tuple.hashv);
	for (unsigned i = 0; i < 2; i++)
		duo_fini(&p[i]);
}

static void test_ipv6(void **state)
{
	struct pm_addr local = {.addr = {.family = 6}};
	struct ip_addr server;
	struct duo p;

	(void)state;
	duo_init(&p, 6);
	assert_true(ip_addr_parse(&local.addr, "2001:db8::1"));
	assert_true(ip_addr_parse(&server, "2001:db8:1::1"));
	p.config[CLIENT].local[0] = local;
	p.side[CLIENT].to_send = 50000;
	duo_start(&p); /* listens; its own connect finds no address of that family */
	assert_null(p.side[CLIENT].conn);
	p.side[CLIENT].conn = endpoint_connect(p.side[CLIENT].endpoint, &server, 80,
					       &p.config[CLIENT], p.now_ns, NULL);
	assert_true(duo_run(&p, 100 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, SERVER).subflow[0].remote.family, 6);
	duo_fini(&p);
}

/* A router at 10.9.9.9 says that what was sent, with another number if asked for, cannot arrive. */
static void say_unreachable(struct endpoint *e, struct span sent, uint32_t more, int64_t now_ns)
{
	struct icmp_error_spec spec = {.kind = ICMP_KIND_UNREACHABLE,
				       .code = 13,
				       .from = ip_addr_v4((const uint8_t[]){10, 9, 9, 9}),
				       .to = ip_addr_v4((const uint8_t[]){10, 0, 0, 1}),
				       .ttl = 64};
	uint8_t offender[128], out[256];
	int len;

	assert_true(sent.len <= sizeof(offender));
	memcpy(offender, sent.at, sent.len);
	offender[27] = (uint8_t)(offender[27] + more);
	len = icmp_error_build(&spec, span_of(offender, sent.len), out, sizeof(out));
	assert_true(len > 0);
	endpoint_receive(e, now_ns, span_of(out, (size_t)len));
}

/* Of a SYN that is on its way, and of nothing else; and the SYN is repeated all the same. */
static void test_unreachable(void **state)
{
	struct ip_addr server = ip_addr_v4((const uint8_t[]){10, 0, 1, 1});
	struct endpoint *e = endpoint_new(&(struct endpoint_config){.seed = 1}, NULL);
	struct conn_config config;
	struct conn_info info;
	struct conn *c;
	struct span syn;

	(void)state;
	conn_config_defaults(&config);
	config.local_count = 1;
	config.local[0].addr = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	c = endpoint_connect(e, &server, 80, &config, 0, NULL);
	assert_true(endpoint_send(e, 0, &syn));
	say_unreachable(e, syn, 1, NS_PER_MS);
	conn_info(c, &info);
	assert_int_equal(info.subflow[0].unreachable.from.family, 0);
	say_unreachable(e, syn, 0, NS_PER_MS);
	conn_info(c, &info);
	assert_int_equal(info.subflow[0].unreachable.code, 13);
	assert_int_equal(info.subflow[0].unreachable.from.octets[1], 9);
	assert_int_equal(info.subflow[0].state, TCP_SYN_SENT);
	while (endpoint_send(e, NS_PER_MS, &syn))
		fail_msg("something was sent for it");
	assert_true(endpoint_send(e, NS_PER_S, &syn));
	endpoint_free(e);
}

static void test_mistakes(void **state)
{
	struct conn_config config;
	struct error err;
	struct ip_addr server = ip_addr_v4((const uint8_t[]){10, 0, 1, 1});
	struct endpoint *e = endpoint_new(&(struct endpoint_config){.seed = 1}, NULL);

	(void)state;
	conn_config_defaults(&config);
	assert_null(endpoint_connect(e, &server, 80, &config, 0, &err));
	assert_int_equal(err.code, ERR_ROUTE);
	config.scheduler = "fastest";
	assert_null(endpoint_connect(e, &server, 80, &config, 0, &err));
	assert_string_equal(err.text, "no scheduler is called 'fastest'");
	endpoint_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cookies),
	    cmocka_unit_test(test_cookies_third_ack_lost),
	    cmocka_unit_test(test_cookies_small_buffer),
	    cmocka_unit_test(test_cookies_later_data),
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_strays),
	    cmocka_unit_test(test_memory_is_bounded),
	    cmocka_unit_test(test_tables_are_keyed),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_ipv6),
	    cmocka_unit_test(test_unreachable),
	    cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
