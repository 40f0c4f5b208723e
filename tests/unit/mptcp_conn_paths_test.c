/* Several paths: failures, backups, subflows that are closed. */
#include "support/cmocka_all.h"

#include "packet/packet.h"
#include "support/endpoint_pair.h"

/* Two addresses at the client; `pm`: NULL for the one that is the default. */
static void two_paths(struct duo *p, uint64_t seed, const char *pm)
{
	duo_init(p, seed);
	duo_addresses(p, 2, 1);
	if (pm)
		p->config[CLIENT].pm = pm;
	duo_limit(p, 0, 1250000);
	duo_limit(p, 1, 1250000);
}

/* The first, from two seconds on. */
static void cut(struct duo *p, int64_t until_ns)
{
	p->path[0].cut_from_ns = 2 * NS_PER_S;
	p->path[0].cut_to_ns = until_ns;
}

static void transfer(struct duo *p, uint64_t from_client, uint64_t from_server)
{
	p->side[CLIENT].to_send = from_client;
	p->side[SERVER].to_send = from_server;
	duo_start(p);
}

/* One of two paths is cut in mid-transfer and restored: data travels on, again where needed. */
static void test_cut_and_restored(void **state)
{
	struct duo p;

	(void)state;
	two_paths(&p, 1, NULL);
	cut(&p, 7 * NS_PER_S);
	transfer(&p, 15000000, 1000000);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_true(duo_info(&p, CLIENT).subflow[1].reinjected > 0);
	assert_true(p.now_ns < 20 * NS_PER_S);
	duo_fini(&p);
}

static void test_backup(void **state)
{
	struct duo p;

	(void)state;
	two_paths(&p, 2, "backup");
	transfer(&p, 3000000, 0);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 2);
	assert_true(duo_info(&p, CLIENT).subflow[1].backup);
	assert_true(duo_info(&p, SERVER).subflow[1].backup);
	assert_int_equal(duo_info(&p, CLIENT).subflow[1].stats.sent_octets, 0);
	duo_fini(&p);
}

static void test_backup_takes_over(void **state)
{
	struct duo p;

	(void)state;
	two_paths(&p, 3, "backup");
	cut(&p, TIME_NEVER);
	transfer(&p, 5000000, 0);
	assert_true(duo_run(&p, 300 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_true(duo_info(&p, CLIENT).subflow[1].stats.sent_octets > 3000000);
	duo_fini(&p);
}

/* Break before make: the second path is used once the first is gone. */
static void test_single_path(void **state)
{
	struct duo p;

	(void)state;
	two_paths(&p, 4, "single-path");
	cut(&p, TIME_NEVER);
	transfer(&p, 5000000, 1000);
	while (p.now_ns < 2 * NS_PER_S && duo_step(&p, 2 * NS_PER_S))
		;
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 1);
	assert_true(duo_run(&p, 300 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_true(duo_info(&p, CLIENT).subflow[1].stats.sent_octets > 3000000);
	assert_true(p.now_ns < 100 * NS_PER_S); /* with TIME-WAIT */
	duo_fini(&p);
}

/* And it stays the only one when the first is back. */
static void test_single_path_back(void **state)
{
	struct duo p;

	(void)state;
	two_paths(&p, 4, "single-path");
	cut(&p, 7 * NS_PER_S);
	transfer(&p, 15000000, 15000000);
	assert_true(duo_run(&p, 300 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 2);
	assert_true(duo_info(&p, CLIENT).subflow[0].stats.sent_octets < 4000000);
	assert_true(duo_info(&p, SERVER).subflow[0].stats.sent_octets < 4000000);
	duo_fini(&p);
}

static void test_fastclose(void **state)
{
	struct duo p;

	(void)state;
	two_paths(&p, 10, NULL);
	p.side[CLIENT].to_send = 100000000;
	duo_start(&p);
	while (p.now_ns < 2 * NS_PER_S && duo_step(&p, 2 * NS_PER_S))
		;
	conn_fastclose(p.side[CLIENT].conn, p.now_ns);
	assert_true(duo_run(&p, 10 * NS_PER_S));
	assert_int_equal(duo_info(&p, SERVER).outcome, OUTCOME_RESET);
	assert_int_equal(duo_info(&p, SERVER).subflow[0].close, SUBFLOW_FASTCLOSE);
	assert_false(p.side[SERVER].corrupt);
	duo_fini(&p);
}

/* A peer that ends every further subflow by a FIN: at once, or when data has gone over it. */
struct closer {
	bool after_data, closed;
	uint16_t port; /* of the latest */
	unsigned joins, data;
};

static void make_fin(struct duo_packet *packet)
{
	unsigned sum = (unsigned)packet->octets[36] << 8 | packet->octets[37];

	packet->octets[33] |= TCP_FIN;
	sum = sum > TCP_FIN ? sum - TCP_FIN : sum + 0xffff - TCP_FIN;
	packet->octets[36] = (uint8_t)(sum >> 8);
	packet->octets[37] = (uint8_t)sum;
}

static bool close_further(struct duo *p, struct duo_packet *packet)
{
	struct closer *closer = p->context;
	struct packet parsed;

	assert_int_equal(packet_parse(&parsed, span_of(packet->octets, packet->len)), 0);
	if (packet->from == CLIENT && packet->octets[15] == 2) {
		if (parsed.tcp.flags == TCP_SYN) {
			closer->data = 0;
			closer->port = parsed.tcp.src_port;
			closer->closed = false;
			closer->joins++;
		}
		closer->data += parsed.tcp.src_port == closer->port && parsed.payload.len;
	}
	if (packet->from == SERVER && parsed.tcp.dst_port == closer->port &&
	    parsed.tcp.flags == TCP_ACK && !closer->closed &&
	    (closer->data > 2 || !closer->after_data)) {
		closer->closed = true;
		make_fin(packet);
	}
	return true;
}

/* It is not asked again and again: not at once, and not for ever if nothing came of it. */
static void test_closed_by_peer(void **state)
{
	static const struct {
		bool after_data;
		unsigned at_s, joins;
	} row[] = {{false, 1, 1}, {false, 2, 2}, {false, 55, 3}, {false, 100, 4},
		   {true, 1, 1},  {true, 2, 2},	 {true, 10, 4},	 {true, 25, 5}};
	struct closer closer;
	struct duo p;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		closer = (struct closer){.after_data = row[i].after_data};
		duo_init(&p, 20);
		duo_addresses(&p, 2, 1);
		duo_limit(&p, 0, 125000);
		duo_limit(&p, 1, 125000);
		p.hook = close_further;
		p.context = &closer;
		p.side[CLIENT].to_send = row[i].after_data ? 100000000 : 100;
		p.side[CLIENT].keep_open = p.side[SERVER].keep_open = true;
		duo_start(&p);
		duo_run(&p, row[i].at_s * NS_PER_S);
		assert_int_equal(closer.joins, row[i].joins);
		duo_fini(&p);
	}
}

static bool close_first(struct duo *p, struct duo_packet *packet)
{
	unsigned *acks = p->context;
	struct packet parsed;

	assert_int_equal(packet_parse(&parsed, span_of(packet->octets, packet->len)), 0);
	if (packet->from == SERVER && parsed.tcp.flags == TCP_ACK && ++*acks == 20)
		make_fin(packet);
	return true;
}

/* The only subflow is closed by the peer: the connection waits for the time to join again. */
static void test_only_one_closed_by_peer(void **state)
{
	unsigned acks = 0;
	struct duo p;

	(void)state;
	duo_init(&p, 21);
	duo_addresses(&p, 1, 1);
	duo_limit(&p, 0, 1250000);
	p.hook = close_first;
	p.context = &acks;
	p.side[CLIENT].to_send = 3000000;
	duo_start(&p);
	duo_run(&p, 900 * NS_PER_MS);
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 1);
	assert_int_equal(duo_info(&p, CLIENT).subflow[0].close, SUBFLOW_FIN);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 2);
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut_and_restored),
	    cmocka_unit_test(test_backup),
	    cmocka_unit_test(test_backup_takes_over),
	    cmocka_unit_test(test_single_path),
	    cmocka_unit_test(test_single_path_back),
	    cmocka_unit_test(test_fastclose),
	    cmocka_unit_test(test_closed_by_peer),
	    cmocka_unit_test(test_only_one_closed_by_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
