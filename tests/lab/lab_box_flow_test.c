/* Boxes that keep flows: sequence shifts and address translation, with the quotes that come back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packet/field.h"
#include "support/rig.h"

/* MSS(1460)/SACKP/TS(0xa,0)/MPCAPABLE{v=1}/NOP/WS(7) */
#define OPTIONS "020405b40402080a0000000a000000001e04010101030307"

/* What router 2 quotes of a SYN when a box stands between it and router 1. */
static struct packet quoted(struct rig *rig, const char *box, const char *params)
{
	struct packet p = rig_syn(OPTIONS, 2);

	rig_path(rig, 3, 1, box, params);
	assert_true(rig_ask(rig, &p));
	assert_int_equal(rig->error.kind, ICMP_KIND_TIME_EXCEEDED);
	return rig_quote(rig);
}

static void assert_sound(const struct packet *p)
{
	assert_int_equal(p->tcp.checksum, packet_transport_checksum(p));
	assert_int_equal(p->ip.checksum, packet_ip_checksum(p));
}

static void seq_shift(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64), quote;
	struct rig rig;

	(void)state;
	quote = quoted(&rig, "seq_shift", "delta=256");
	assert_int_equal(quote.tcp.seq, 0x01020404);
	assert_sound(&quote);
	assert_true(rig_ask(&rig, &p)); /* the ACK is shifted back */
	assert_int_equal(rig.packet.tcp.ack, 0x01020305);
	assert_int_equal(rig.packet.tcp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
}

static void seq_shift_quotes(void **state)
{
	struct packet quote;
	struct rig rig;

	(void)state;
	quote = quoted(&rig, "seq_shift", "quotes=full");
	assert_int_equal(quote.tcp.seq, 0x01020304);
	assert_sound(&quote);
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
	quote = quoted(&rig, "seq_shift", "quotes=partial delta=65537");
	assert_int_equal(quote.tcp.seq, 0x01020304);
	assert_int_not_equal(quote.tcp.checksum, packet_transport_checksum(&quote));
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
}

/* Both directions shifted at random, and SACK blocks with them: the target sees one connection. */
static void seq_shift_keeps_connections(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64), ack;
	struct rig rig;
	uint32_t isn;

	(void)state;
	rig_path(&rig, 2, 1, "seq_shift", "direction=both");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.ack, 0x01020305);
	isn = rig.packet.tcp.seq;
	ack = rig_syn("", 64);
	ack.tcp.flags = TCP_ACK;
	ack.tcp.seq = 0x01020305;
	ack.tcp.ack = isn + 1;
	assert_false(rig_ask(&rig, &ack));
	assert_int_equal(lab_half_open(rig.lab), 0);
	rig_fini(&rig);
}

/* A data segment with a SACK block, from the target's side of a shift: NOP NOP SACK(1,2). */
static void seq_shift_sack(void **state)
{
	struct packet p = rig_syn("0101050a0000000100000002", 2), quote;
	char hex[2 * TCP_OPTIONS_MAX + 1];
	struct rig rig;

	(void)state;
	p.tcp.flags = TCP_ACK;
	p.tcp.ack = 0x100;
	rig_path(&rig, 3, 1, "seq_shift", "direction=reverse delta=1");
	assert_true(rig_ask(&rig, &p));
	quote = rig_quote(&rig);
	assert_int_equal(quote.tcp.seq, 0x01020304);
	assert_int_equal(quote.tcp.ack, 0xff);
	assert_string_equal(rig_options(&quote, hex), "0101050a0000000000000001");
	assert_sound(&quote);
	rig_fini(&rig);
	rig_path(&rig, 3, 1, "seq_shift", "direction=reverse delta=1 sack=false");
	assert_true(rig_ask(&rig, &p));
	quote = rig_quote(&rig);
	assert_string_equal(rig_options(&quote, hex), "0101050a0000000100000002");
	rig_fini(&rig);
}

static void nat_without_quotes(void **state)
{
	struct packet quote;
	struct rig rig;

	(void)state;
	quote = quoted(&rig, "nat", "outside=198.51.100.200 ports=rewrite quotes=none");
	assert_true(rig_is(&rig.packet.ip.dst, RIG_CLIENT));
	assert_true(rig_is(&quote.ip.src, "198.51.100.200"));
	assert_int_not_equal(quote.tcp.src_port, 40001);
	assert_sound(&quote);
	rig_fini(&rig);
}

static void nat_with_partial_quotes(void **state)
{
	struct packet quote;
	struct rig rig;

	(void)state;
	quote = quoted(&rig, "nat", "outside=198.51.100.200 ip_id=true quotes=partial");
	assert_true(rig_is(&quote.ip.src, RIG_CLIENT));
	assert_int_equal(quote.tcp.src_port, 40001);
	assert_int_not_equal(quote.ip.id, 2);
	assert_int_not_equal(quote.tcp.checksum, packet_transport_checksum(&quote));
	assert_int_not_equal(quote.ip.checksum, packet_ip_checksum(&quote));
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
}

/* Linux masquerade: the quote is what was sent, but for TTL and IP checksum. */
static void nat_with_full_quotes(void **state)
{
	struct packet quote;
	struct rig rig;

	(void)state;
	quote = quoted(&rig, "nat", "outside=198.51.100.200 ports=rewrite quotes=full");
	assert_int_equal(quote.octets.len, rig.sent_len);
	assert_memory_equal(quote.octets.at + 12, rig.sent + 12, rig.sent_len - 12);
	assert_sound(&quote);
	rig_fini(&rig);
}

static void nat_carries_connections_and_echoes(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64), stray = rig_syn(OPTIONS, 64);
	struct rig rig;

	(void)state;
	rig_path(&rig, 2, 1, "nat", "outside=198.51.100.200 ports=rewrite");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_true(rig_is(&rig.packet.ip.dst, RIG_CLIENT));
	assert_int_equal(rig.packet.tcp.dst_port, 40001);
	assert_int_equal(rig.packet.tcp.checksum, packet_transport_checksum(&rig.packet));
	stray.have = PACKET_HAS_IP | PACKET_HAS_ICMP | PACKET_HAS_ALL;
	stray.ip.proto = stray.ip.next_header = IP_PROTO_ICMP;
	memset(&stray.icmp, 0, sizeof(stray.icmp));
	stray.icmp.type = 8;
	stray.icmp.rest = 0x12340001;
	assert_true(rig_ask(&rig, &stray));
	assert_int_equal(rig.packet.icmp.type, 0);
	assert_int_equal(rig.packet.icmp.rest, 0x12340001);
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
}

static void nat_ipv6(void **state)
{
	struct packet p = rig_syn6(OPTIONS, 2), quote;
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 1, "nat", "outside=2001:db8:ffff::1 quotes=full");
	assert_true(rig_ask(&rig, &p));
	quote = rig_quote(&rig);
	assert_true(rig_is(&rig.packet.ip.dst, RIG_CLIENT6));
	assert_true(rig_is(&quote.ip.src, RIG_CLIENT6));
	assert_int_equal(quote.tcp.checksum, packet_transport_checksum(&quote));
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
}

static void dnat(void **state)
{
	struct packet p = rig_syn(OPTIONS, 2), quote;
	struct lab_target target = rig_target();
	struct lab_router routers[2] = {rig_router(1), rig_router(2)};
	struct ip_addr addr;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	lab_add_router(rig.lab, &routers[0], NULL);
	rig_box(&rig, "dnat", "outside=203.0.113.80 inside=10.0.0.80");
	lab_add_router(rig.lab, &routers[1], NULL);
	target.addr4 = rig_addr("10.0.0.80");
	target.outside4 = rig_addr(RIG_TARGET);
	lab_add_target(rig.lab, &target, NULL);
	rig_open(&rig);
	assert_int_equal(lab_resolve(rig.lab, "example.net", 4, &addr, NULL), 0);
	assert_true(rig_is(&addr, RIG_TARGET));
	assert_true(rig_ask(&rig, &p));
	quote = rig_quote(&rig);
	assert_true(rig_is(&rig.packet.ip.src, RIG_TARGET)); /* not router 2's own */
	assert_true(rig_is(&quote.ip.dst, RIG_TARGET));
	assert_sound(&quote);
	p.ip.ttl = 64;
	assert_true(rig_ask(&rig, &p));
	assert_true(rig_is(&rig.packet.ip.src, RIG_TARGET));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seq_shift),
	    cmocka_unit_test(seq_shift_quotes),
	    cmocka_unit_test(seq_shift_keeps_connections),
	    cmocka_unit_test(seq_shift_sack),
	    cmocka_unit_test(nat_without_quotes),
	    cmocka_unit_test(nat_with_partial_quotes),
	    cmocka_unit_test(nat_with_full_quotes),
	    cmocka_unit_test(nat_carries_connections_and_echoes),
	    cmocka_unit_test(nat_ipv6),
	    cmocka_unit_test(dnat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
