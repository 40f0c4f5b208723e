/* Forty octets for all options: what goes first where they do not suffice. */
#include "packet/mptcp_option.h"
#include "support/cmocka_all.h"
#include "support/endpoint_pair.h"

struct room {
	unsigned sacks, blocks_max, without_dss, announced, announced_with_data;
	bool stamps_missing; /* from what is no announcement */
};

static const struct tcp_option *mptcp(const struct packet *p, int subtype)
{
	return tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, subtype);
}

static bool look(struct duo *pair, struct duo_packet *packet)
{
	const struct tcp_option *sack;
	struct room *r = pair->context;
	struct packet p;

	packet_parse(&p, span_of(packet->octets, packet->len));
	if (p.tcp.flags & (TCP_SYN | TCP_RST))
		return true;
	sack = tcp_option_find(&p.tcp.options, TCP_OPT_SACK, -1);
	if (sack) {
		r->sacks++;
		if (sack->len / 8u > r->blocks_max)
			r->blocks_max = sack->len / 8u;
		r->without_dss += !mptcp(&p, MPTCP_DSS);
	}
	if (mptcp(&p, MPTCP_ADD_ADDR)) {
		r->announced++;
		r->announced_with_data += p.payload.len > 0;
	} else if (!tcp_option_find(&p.tcp.options, TCP_OPT_TIMESTAMP, -1)) {
		r->stamps_missing = true;
	}
	return true;
}

static void transfer(struct duo *p, struct room *r)
{
	p->hook = look;
	p->context = r;
	p->side[CLIENT].to_send = 500000;
	p->side[SERVER].to_send = 100000;
	duo_start(p);
	assert_true(duo_run(p, 300 * NS_PER_S));
	assert_true(duo_complete(p));
}

/* Timestamps take 12, a DATA_ACK 12 or 8: one or two blocks are left. The DATA_ACK stays. */
static void sack_gives_way(void **state)
{
	(void)state;
	for (unsigned octets = 4; octets <= 8; octets += 4) {
		struct room r = {0};
		struct duo p;

		duo_init(&p, 1);
		p.config[CLIENT].dsn_octets = (uint8_t)octets;
		p.config[CLIENT].version = p.config[SERVER].version = 0;
		p.path[0] =
		    (struct duo_path){.delay_ns = 20 * NS_PER_MS, .rate = 1250000, .loss = 0.05};
		transfer(&p, &r);
		assert_true(r.sacks > 20);
		assert_int_equal(r.blocks_max, octets == 4 ? 2 : 1);
		assert_int_equal(r.without_dss, 0);
		assert_false(r.stamps_missing);
		duo_fini(&p);
	}
}

/* IPv6 address, port and HMAC take 30: with timestamps there is no room, so that they go, once. */
static void stamps_give_way_to_an_announcement(void **state)
{
	struct room r = {0};
	struct duo p;

	(void)state;
	duo_init(&p, 2);
	duo_addresses(&p, 1, 2);
	assert_true(ip_addr_parse(&p.config[SERVER].local[1].addr, "2001:db8::2"));
	p.config[SERVER].local[1].port = 8443;
	transfer(&p, &r);
	assert_int_equal(r.announced, 2); /* and the echo */
	assert_int_equal(r.announced_with_data, 0);
	assert_false(r.stamps_missing);
	assert_int_equal(p.side[CLIENT].events[EVENT_ADDRESS_ANNOUNCED], 1);
	duo_fini(&p);
}

/* Who does nothing but send data has no ACK to put a signal on: one is sent for it. */
static void signals_do_not_wait_for_the_end_of_data(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 3);
	duo_addresses(&p, 2, 1);
	p.path[0].rate = p.path[1].rate = 1250000;
	p.path[0].queue = p.path[1].queue = 64000;
	p.side[CLIENT].to_send = 10000000;
	duo_start(&p);
	duo_run(&p, NS_PER_S);
	assert_int_equal(p.side[SERVER].events[EVENT_BACKUP_CHANGED], 0);
	assert_int_equal(conn_set_backup(p.side[CLIENT].conn, 0, true, p.now_ns), 0);
	assert_int_equal(conn_remove_local(p.side[CLIENT].conn, 1, p.now_ns), 0);
	duo_run(&p, 300 * NS_PER_MS);
	assert_true(p.side[CLIENT].sent < p.side[CLIENT].to_send);
	assert_int_equal(p.side[SERVER].events[EVENT_BACKUP_CHANGED], 1);
	assert_int_equal(p.side[SERVER].events[EVENT_SUBFLOW_CLOSED], 1);
	assert_true(duo_info(&p, SERVER).options_seen & UINT64_C(1) << MPTCP_REMOVE_ADDR);
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sack_gives_way),
	    cmocka_unit_test(stamps_give_way_to_an_announcement),
	    cmocka_unit_test(signals_do_not_wait_for_the_end_of_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
