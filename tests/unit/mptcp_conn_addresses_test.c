/* Addresses that are announced, joined or not, that come and go. */
#include "support/cmocka_all.h"

#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/packet.h"
#include "support/endpoint_pair.h"

/* The server announces its second address; the client joins it. */
static void test_announced(void **state)
{
	struct duo p;

	(void)state;
	for (uint8_t version = 0; version < 2; version++) {
		duo_init(&p, 5);
		duo_addresses(&p, 1, 2);
		p.config[CLIENT].version = p.config[SERVER].version = version;
		duo_limit(&p, 0, 1250000);
		p.side[CLIENT].to_send = 2000000;
		duo_start(&p);
		assert_true(duo_run(&p, 60 * NS_PER_S));
		assert_true(duo_complete(&p));
		assert_int_equal(p.side[CLIENT].events[EVENT_ADDRESS_ANNOUNCED], 1);
		assert_int_equal(duo_info(&p, CLIENT).subflow_count, 2);
		assert_int_equal(duo_info(&p, CLIENT).subflow[1].remote.octets[3], 2);
		assert_true(duo_info(&p, SERVER).options_seen & 1 << MPTCP_JOIN);
		duo_fini(&p);
	}
}

/* What the server has is told at once, not with the next ACK that something else calls for. */
static void test_announced_at_once(void **state)
{
	static const struct pm_addr row[] = {
	    {.addr = {.family = 4, .octets = {10, 0, 1, 2}}},
	    {.addr = {.family = 4, .octets = {10, 0, 1, 2}}, .port = 8080},
	    {.addr = {.family = 6, .octets = {0xfd, [15] = 2}}},
	    {.addr = {.family = 6, .octets = {0xfd, [15] = 2}}, .port = 8080},
	};
	struct duo p;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(row) / sizeof(*row); i++) {
		duo_init(&p, 12);
		duo_addresses(&p, 1, 3);
		for (uint8_t id = 1; id < 3; id++) {
			p.config[SERVER].local[id] = row[i / 2];
			p.config[SERVER].local[id].addr.octets[3] += id;
			p.config[SERVER].local[id].id = id;
		}
		p.side[CLIENT].to_send = 100;
		p.side[SERVER].to_send = i % 2 * 100000000; /* never at a loss for data */
		p.side[CLIENT].keep_open = p.side[SERVER].keep_open = true;
		duo_start(&p);
		duo_run(&p, 100 * NS_PER_MS);
		assert_int_equal(p.side[SERVER].received, 100);
		assert_int_equal(p.side[CLIENT].events[EVENT_ADDRESS_ANNOUNCED], 2);
		duo_fini(&p);
	}
}

/* ADD_ADDR is repeated until its echo comes, or eight times. */
static bool lose_add_addr(struct duo *p, struct duo_packet *packet)
{
	unsigned *seen = p->context;
	struct mptcp_option o;
	struct packet parsed;

	assert_int_equal(packet_parse(&parsed, span_of(packet->octets, packet->len)), 0);
	for (unsigned i = 0; i < parsed.tcp.options.count; i++) {
		if (mptcp_option_parse(&o, &parsed.tcp.options.item[i]) ||
		    o.subtype != MPTCP_ADD_ADDR)
			continue;
		seen[o.add_addr.echo]++;
		if (seen[2 + o.add_addr.echo]) {
			seen[2 + o.add_addr.echo]--;
			return false;
		}
	}
	return true;
}

static void test_announced_again(void **state)
{
	/* Lost: announcements, echoes. Then seen in all. */
	static const unsigned row[][4] = {{0, 0, 1, 1}, {1, 0, 2, 1}, {3, 0, 4, 1},
					  {0, 2, 3, 3}, {2, 1, 4, 2}, {99, 0, 8, 0}};
	unsigned seen[4];
	struct duo p;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		memset(seen, 0, sizeof(seen));
		memcpy(seen + 2, row[i], 2 * sizeof(*seen));
		duo_init(&p, 13);
		duo_addresses(&p, 1, 2);
		p.hook = lose_add_addr;
		p.context = seen;
		p.side[CLIENT].to_send = 100;
		p.side[CLIENT].keep_open = p.side[SERVER].keep_open = true;
		duo_start(&p);
		duo_run(&p, 60 * NS_PER_S);
		assert_int_equal(seen[0], row[i][2]);
		assert_int_equal(seen[1], row[i][3]);
		assert_int_equal(duo_info(&p, CLIENT).subflow_count, row[i][3] ? 2 : 1);
		duo_fini(&p);
	}
}

/* A server that serves any address: only what is an address is announced, and not where the client
 * came to. */
static void test_announced_of_any(void **state)
{
	struct duo p;

	(void)state;
	for (unsigned first = 1; first < 4; first++) {
		duo_init(&p, 14);
		duo_addresses(&p, 1, first == 3 ? 1 : 3);
		p.config[SERVER].local[0].addr.family = 0;
		p.config[SERVER].local[1].addr.octets[3] = (uint8_t)first;
		p.side[CLIENT].to_send = 100;
		p.side[CLIENT].keep_open = p.side[SERVER].keep_open = true;
		duo_start(&p);
		duo_run(&p, 60 * NS_PER_S);
		assert_int_equal(p.side[CLIENT].events[EVENT_ADDRESS_ANNOUNCED], first % 3);
		assert_true(p.packets < 40);
		duo_fini(&p);
	}
}

/* The server's further address is a backup: whoever joins it hears so, and nothing goes there. */
static void test_announced_backup(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 17);
	duo_addresses(&p, 1, 2);
	p.config[SERVER].local[1].backup = true;
	duo_limit(&p, 0, 1250000);
	p.side[CLIENT].to_send = p.side[SERVER].to_send = 2000000;
	duo_start(&p);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	for (int side = CLIENT; side <= SERVER; side++) {
		assert_int_equal(duo_info(&p, side).subflow_count, 2);
		assert_true(duo_info(&p, side).subflow[1].backup);
		assert_int_equal(duo_info(&p, side).subflow[1].stats.sent_octets, 0);
	}
	duo_fini(&p);
}

static void client_announces(struct duo *p, uint16_t port, bool joined)
{
	duo_addresses(p, 2, 1);
	p->config[CLIENT].local[1].use = PM_ANNOUNCED;
	p->config[CLIENT].local[1].port = port;
	p->config[SERVER].limits.server_opens = joined;
	duo_limit(p, 0, 1250000);
	duo_limit(p, 1, 1250000);
	p->side[CLIENT].to_send = p->side[SERVER].to_send = 2000000;
	duo_start(p);
	assert_true(duo_run(p, 60 * NS_PER_S));
	assert_true(duo_complete(p));
	assert_int_equal(p->side[SERVER].events[EVENT_ADDRESS_ANNOUNCED], 1);
	assert_int_equal(duo_info(p, CLIENT).subflow_count, joined ? 2 : 1);
}

/* A client announces, too; its server joins only where it is told to (RFC 8684 §3.4.1). */
static void test_client_announces(void **state)
{
	struct duo p;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		uint16_t port = i & 2 ? 9000 : 0;

		duo_init(&p, 15);
		p.config[CLIENT].version = p.config[SERVER].version = i & 1;
		client_announces(&p, port, i & 4);
		if (i & 4) {
			struct conn_info info = duo_info(&p, CLIENT);

			assert_int_equal(info.subflow[1].local.octets[3], 2);
			assert_int_equal(info.subflow[1].local_port,
					 port ? port : info.subflow[0].local_port);
			assert_int_equal(info.subflow[1].remote_port, 80);
			assert_true(info.subflow[1].stats.sent_octets > 100000);
			assert_true(duo_info(&p, SERVER).subflow[1].stats.sent_octets > 100000);
		}
		duo_fini(&p);
	}
}

/* Whoever knows the token still joins a client only where it said so. */
static bool mislead(struct duo *p, struct duo_packet *packet)
{
	(void)p;
	/* The server's SYN to 10.0.0.2 goes to 10.0.0.3, as if this had been announced. */
	if (packet->from == SERVER && packet->octets[19] == 2 && packet->octets[33] == 2) {
		packet->octets[19] = 3;
		packet->octets[37] = (uint8_t)(packet->octets[37] - 1); /* the checksum likewise */
	}
	return true;
}

static void test_client_joined_elsewhere(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 16);
	duo_addresses(&p, 2, 1);
	p.hook = mislead;
	p.config[CLIENT].local[1].use = PM_ANNOUNCED;
	p.config[SERVER].limits.server_opens = true;
	duo_limit(&p, 0, 1250000);
	p.side[CLIENT].to_send = p.side[SERVER].to_send = 200000;
	duo_start(&p);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 1);
	assert_true(duo_info(&p, SERVER).subflow_count > 1);
	duo_fini(&p);
}

static bool count_joins(struct duo *p, struct duo_packet *packet)
{
	unsigned *joins = p->context;
	struct packet parsed;

	assert_int_equal(packet_parse(&parsed, span_of(packet->octets, packet->len)), 0);
	if (packet->from == CLIENT && parsed.tcp.flags == TCP_SYN)
		for (unsigned i = 0; i < parsed.tcp.options.count; i++)
			*joins += mptcp_subtype_of(&parsed.tcp.options.item[i]) == MPTCP_JOIN;
	return true;
}

/* "Administratively prohibited", and not for the moment: asked once, not three times. */
static void test_unwelcome(void **state)
{
	unsigned joins = 0;
	struct duo p;

	(void)state;
	duo_init(&p, 18);
	duo_addresses(&p, 2, 1);
	p.config[SERVER].limits.subflows = 0;
	p.hook = count_joins;
	p.context = &joins;
	p.side[CLIENT].to_send = 100;
	p.side[CLIENT].keep_open = p.side[SERVER].keep_open = true;
	duo_start(&p);
	duo_run(&p, 30 * NS_PER_S);
	assert_int_equal(joins, 1);
	assert_int_equal(duo_info(&p, CLIENT).subflow[1].reset_reason, 3);
	duo_fini(&p);
}

/* With the C flag only the announced address is joined. */
static void test_c_flag(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 6);
	duo_addresses(&p, 2, 2);
	p.config[SERVER].no_join_here = true;
	duo_limit(&p, 0, 1250000);
	p.side[CLIENT].to_send = 2000000;
	duo_start(&p);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	for (size_t i = 1; i < duo_info(&p, CLIENT).subflow_count; i++)
		assert_int_equal(duo_info(&p, CLIENT).subflow[i].remote.octets[3], 2);
	assert_true(duo_info(&p, CLIENT).subflow_count > 1);
	duo_fini(&p);
}

/* An address goes in mid-transfer, another one comes. */
static void test_addresses_change(void **state)
{
	struct pm_addr third = {.addr = ip_addr_v4((const uint8_t[]){10, 0, 0, 3}),
				.prefix_len = 24};
	struct duo p;

	(void)state;
	duo_init(&p, 7);
	duo_addresses(&p, 2, 1);
	for (unsigned i = 0; i < 3; i++)
		duo_limit(&p, i, 1250000);
	p.side[CLIENT].to_send = 10000000;
	p.side[SERVER].to_send = 10000000;
	duo_start(&p);
	while (p.now_ns < 3 * NS_PER_S && duo_step(&p, 3 * NS_PER_S))
		;
	assert_int_equal(conn_remove_local(p.side[CLIENT].conn, 1, p.now_ns), 0);
	assert_true(conn_add_local(p.side[CLIENT].conn, &third, p.now_ns) > 0);
	p.path[1].cut = true;
	assert_true(duo_run(&p, 100 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, CLIENT).subflow[1].close, SUBFLOW_RST);
	assert_true(duo_info(&p, SERVER).options_seen & 1 << MPTCP_REMOVE_ADDR);
	assert_true(duo_info(&p, CLIENT).subflow[2].stats.sent_octets > 1000000);
	duo_fini(&p);
}

/* The host loses an address and gets it back: REMOVE_ADDR, and a join. The last that there is
 * stays: it may be back before TCP gives up. */
static void test_address_gone_and_back(void **state)
{
	struct pm_addr again;
	struct duo p;

	(void)state;
	duo_init(&p, 19);
	duo_addresses(&p, 2, 1);
	again = p.config[CLIENT].local[1];
	duo_limit(&p, 0, 1250000);
	duo_limit(&p, 1, 1250000);
	p.side[CLIENT].to_send = 10000000;
	duo_start(&p);
	duo_run(&p, 1 * NS_PER_S);
	conn_address_gone(p.side[CLIENT].conn, &again.addr, p.now_ns);
	duo_run(&p, 1 * NS_PER_S);
	assert_int_equal(duo_info(&p, CLIENT).subflow[1].close, SUBFLOW_RST);
	assert_int_equal(p.side[SERVER].events[EVENT_ADDRESS_REMOVED],
			 0); /* it was not announced */
	assert_true(duo_info(&p, SERVER).options_seen & 1 << MPTCP_REMOVE_ADDR);
	conn_address_gone(p.side[CLIENT].conn, &p.config[CLIENT].local[0].addr, p.now_ns);
	duo_run(&p, 1 * NS_PER_S);
	assert_int_equal(duo_info(&p, CLIENT).subflow[0].close, SUBFLOW_OPEN);
	assert_false(conn_address_back(p.side[CLIENT].conn, &again.addr, p.now_ns));
	assert_true(conn_add_local(p.side[CLIENT].conn, &again, p.now_ns) > 0);
	duo_run(&p, 1 * NS_PER_S);
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 3);
	/* now the first may go, and come */
	conn_address_gone(p.side[CLIENT].conn, &p.config[CLIENT].local[0].addr, p.now_ns);
	duo_run(&p, 1 * NS_PER_S);
	assert_int_equal(duo_info(&p, CLIENT).subflow[0].close, SUBFLOW_RST);
	assert_true(
	    conn_address_back(p.side[CLIENT].conn, &p.config[CLIENT].local[0].addr, p.now_ns));
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_int_equal(duo_info(&p, CLIENT).subflow_count, 4);
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_announced),
	    cmocka_unit_test(test_announced_at_once),
	    cmocka_unit_test(test_announced_again),
	    cmocka_unit_test(test_announced_of_any),
	    cmocka_unit_test(test_announced_backup),
	    cmocka_unit_test(test_client_announces),
	    cmocka_unit_test(test_client_joined_elsewhere),
	    cmocka_unit_test(test_unwelcome),
	    cmocka_unit_test(test_c_flag),
	    cmocka_unit_test(test_addresses_change),
	    cmocka_unit_test(test_address_gone_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
