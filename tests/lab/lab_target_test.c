/* The target: which SYNs it answers how, and what it remembers of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/rig.h"

/* MSS(1460)/SACKP/TS(0xa,0)/NOP/WS(7) and the MP_CAPABLE of v1, v0 and an MP_JOIN. */
#define PLAIN	"020405b40402080a0000000a0000000001030307"
#define CAPABLE "1e040101"
#define V0	"1e0c00010102030405060708"
#define JOIN	"1e0c1000aabbccdd11223344"

static void open_target(struct rig *rig, enum lab_mptcp mptcp)
{
	struct lab_target target = rig_target();
	struct error err;

	target.mptcp = mptcp;
	rig_init(rig);
	assert_int_equal(lab_add_target(rig->lab, &target, &err), 0);
	rig_open(rig);
}

static const struct tcp_option *answer_option(struct rig *rig, uint8_t kind)
{
	return tcp_option_find(&rig->packet.tcp.options, kind, -1);
}

static void assert_syn_ack(struct rig *rig)
{
	assert_int_equal(rig->packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(rig->packet.tcp.ack, 0x01020305);
	assert_int_equal(rig->packet.tcp.checksum, packet_transport_checksum(&rig->packet));
}

static void answers_with_what_was_offered(void **state)
{
	struct packet p = rig_syn(PLAIN CAPABLE, 64);
	const struct tcp_option *o;
	struct mptcp_option m;
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	assert_true(rig_ask(&rig, &p));
	assert_syn_ack(&rig);
	assert_non_null(answer_option(&rig, TCP_OPT_MSS));
	assert_non_null(answer_option(&rig, TCP_OPT_SACK_PERM));
	assert_non_null(answer_option(&rig, TCP_OPT_WSCALE));
	o = answer_option(&rig, TCP_OPT_TIMESTAMP);
	assert_non_null(o);
	assert_memory_equal(o->at + 6, "\0\0\0\x0a", 4); /* TSecr */
	o = answer_option(&rig, TCP_OPT_MPTCP);
	assert_non_null(o);
	assert_int_equal(o->len, 12);
	assert_int_equal(mptcp_option_parse(&m, o), 0);
	assert_int_equal(m.capable.version, 1);
	assert_true(m.capable.has_sender_key);
	rig_fini(&rig);
}

static void sends_no_option_unasked(void **state)
{
	struct packet p = rig_syn("", 64);
	char hex[2 * TCP_OPTIONS_MAX + 1];
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	assert_true(rig_ask(&rig, &p));
	assert_syn_ack(&rig);
	assert_string_equal(rig_options(&rig.packet, hex), "020405b4");
	rig_fini(&rig);
}

static bool speaks(enum lab_mptcp mptcp, const char *options)
{
	struct packet p = rig_syn(options, 64);
	struct rig rig;
	bool has;

	open_target(&rig, mptcp);
	assert_true(rig_ask(&rig, &p));
	assert_syn_ack(&rig);
	has = answer_option(&rig, TCP_OPT_MPTCP) != NULL;
	rig_fini(&rig);
	return has;
}

static void speaks_its_version_only(void **state)
{
	(void)state;
	assert_true(speaks(LAB_MPTCP_V1, CAPABLE));
	assert_false(speaks(LAB_MPTCP_V1, V0));
	assert_true(speaks(LAB_MPTCP_V0, V0));
	assert_false(speaks(LAB_MPTCP_V0, CAPABLE));
	assert_false(speaks(LAB_MPTCP_NONE, CAPABLE));
	assert_false(speaks(LAB_MPTCP_V1, "1e040141"));	  /* the B bit */
	assert_false(speaks(LAB_MPTCP_V1, "1e040100"));	  /* no hash algorithm */
	assert_false(speaks(LAB_MPTCP_V1, CAPABLE JOIN)); /* both: plain TCP */
}

static void refuses_unknown_joins(void **state)
{
	struct packet p = rig_syn(JOIN, 64);
	char hex[2 * TCP_OPTIONS_MAX + 1];
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_RST | TCP_ACK);
	assert_int_equal(rig.packet.tcp.ack, 0x01020305);
	assert_string_equal(rig_options(&rig.packet, hex), "1e048001");
	assert_int_equal(lab_half_open(rig.lab), 0);
	rig_fini(&rig);
	open_target(&rig, LAB_MPTCP_NONE);
	assert_true(rig_ask(&rig, &p));
	assert_syn_ack(&rig);
	rig_fini(&rig);
}

/* A SYN/ACK is repeated to the octet; another ISN on the same ports gets a challenge ACK. */
static void repeats_its_syn_ack(void **state)
{
	struct packet p = rig_syn(PLAIN CAPABLE, 64);
	uint8_t first[200];
	struct rig rig;
	size_t len;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	assert_true(rig_ask(&rig, &p));
	len = rig.last.octets.len;
	assert_true(len <= sizeof(first));
	memcpy(first, rig.last.octets.at, len);
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.last.octets.len, len);
	assert_memory_equal(rig.last.octets.at, first, len);
	p.tcp.seq++;
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_ACK);
	assert_int_equal(lab_half_open(rig.lab), 1);
	rig_fini(&rig);
}

static struct packet segment(uint16_t flags, uint32_t seq, uint32_t ack)
{
	struct packet p = rig_syn("", 64);

	p.tcp.flags = flags;
	p.tcp.seq = seq;
	p.tcp.ack = ack;
	return p;
}

static void only_a_rst_in_window_closes(void **state)
{
	struct packet p = rig_syn(PLAIN, 64);
	struct packet blind = segment(TCP_RST, 0x09020305, 0);
	struct packet rst = segment(TCP_RST, 0x01020305, 0);
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(lab_half_open(rig.lab), 1);
	assert_false(rig_ask(&rig, &blind));
	assert_int_equal(lab_half_open(rig.lab), 1);
	assert_false(rig_ask(&rig, &rst));
	assert_int_equal(lab_half_open(rig.lab), 0);
	rig_fini(&rig);
}

static void handshake_and_close(void **state)
{
	struct packet p = rig_syn(PLAIN, 64), ack, fin;
	struct rig rig;
	uint32_t isn;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	assert_true(rig_ask(&rig, &p));
	isn = rig.packet.tcp.seq;
	ack = segment(TCP_ACK, 0x01020305, isn + 1);
	assert_false(rig_ask(&rig, &ack));
	assert_int_equal(lab_half_open(rig.lab), 0);
	fin = segment(TCP_FIN | TCP_ACK, 0x01020305, isn + 1);
	assert_true(rig_ask(&rig, &fin));
	assert_int_equal(rig.packet.tcp.flags, TCP_FIN | TCP_ACK);
	assert_int_equal(rig.packet.tcp.ack, 0x01020306);
	ack = segment(TCP_ACK, 0x01020306, isn + 2);
	assert_false(rig_ask(&rig, &ack));
	assert_true(rig_ask(&rig, &ack)); /* now it knows nothing of it */
	assert_int_equal(rig.packet.tcp.flags, TCP_RST);
	assert_int_equal(rig.packet.tcp.seq, isn + 2);
	rig_fini(&rig);
}

static void closed_port_resets(void **state)
{
	struct packet p = rig_syn(PLAIN CAPABLE, 64);
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	p.tcp.dst_port = 81;
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_RST | TCP_ACK);
	assert_int_equal(rig.packet.tcp.ack, 0x01020305);
	assert_int_equal(rig.packet.tcp.seq, 0);
	rig_fini(&rig);
}

static void bad_checksums_are_dropped(void **state)
{
	struct packet p = rig_syn(PLAIN, 64);
	uint8_t octets[200];
	struct rig rig;
	int len;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	len = packet_build(&p, PACKET_FIX_ALL, octets, sizeof(octets));
	assert_true(len > 40);
	octets[37] ^= 1;
	rig_send_octets(&rig, octets, (size_t)len);
	assert_false(rig_next(&rig));
	octets[37] ^= 1;
	rig_send_octets(&rig, octets, (size_t)len);
	assert_true(rig_next(&rig));
	rig_fini(&rig);
}

static struct packet echo(const struct packet *like, uint8_t type)
{
	struct packet p = *like;

	p.have = PACKET_HAS_IP | PACKET_HAS_ICMP | PACKET_HAS_ALL;
	p.ip.proto = p.ip.next_header = p.ip.version == 6 ? IP_PROTO_ICMPV6 : IP_PROTO_ICMP;
	memset(&p.icmp, 0, sizeof(p.icmp));
	p.icmp.type = type;
	p.icmp.rest = 0x12340001;
	p.payload = span_of("ping", 4);
	return p;
}

static void echoes(void **state)
{
	struct packet syn4 = rig_syn("", 64), syn6 = rig_syn6("", 64);
	struct packet p4 = echo(&syn4, 8), p6 = echo(&syn6, 128);
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	assert_true(rig_ask(&rig, &p4));
	assert_int_equal(rig.packet.icmp.type, 0);
	assert_int_equal(rig.packet.icmp.rest, 0x12340001);
	assert_memory_equal(rig.packet.payload.at, "ping", 4);
	assert_true(rig_ask(&rig, &p6));
	assert_int_equal(rig.packet.icmp.type, 129);
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
}

/* IP 192.0.2.7.40001 > 203.0.113.80.33434: UDP, length 0 (no checksum) */
static void udp_is_unreachable(void **state)
{
	static const uint8_t udp[] = {0x45, 0,	  0,	28,   0, 1, 0,	 0, 64,	 17,
				      0,    0,	  192,	0,    2, 7, 203, 0, 113, 80,
				      0x9c, 0x41, 0x82, 0x9a, 0, 8, 0,	 0};
	uint8_t octets[sizeof(udp)];
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	memcpy(octets, udp, sizeof(udp));
	packet_fix_checksums(octets, sizeof(octets));
	rig_send_octets(&rig, octets, sizeof(octets));
	assert_true(rig_next(&rig));
	assert_int_equal(rig.error.kind, ICMP_KIND_UNREACHABLE);
	assert_int_equal(rig.error.code, 3);
	rig_fini(&rig);
}

/* A flood cannot make the table grow; the oldest go. */
static void half_open_is_bounded(void **state)
{
	struct packet p = rig_syn("", 64);
	struct rig rig;

	(void)state;
	open_target(&rig, LAB_MPTCP_V1);
	for (unsigned i = 0; i < 3000; i++) {
		p.tcp.src_port = (uint16_t)(1000 + i);
		assert_true(rig_ask(&rig, &p));
	}
	assert_in_range(lab_half_open(rig.lab), 1, 1024);
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_with_what_was_offered),
	    cmocka_unit_test(sends_no_option_unasked),
	    cmocka_unit_test(speaks_its_version_only),
	    cmocka_unit_test(refuses_unknown_joins),
	    cmocka_unit_test(repeats_its_syn_ack),
	    cmocka_unit_test(only_a_rst_in_window_closes),
	    cmocka_unit_test(handshake_and_close),
	    cmocka_unit_test(closed_port_resets),
	    cmocka_unit_test(bad_checksums_are_dropped),
	    cmocka_unit_test(echoes),
	    cmocka_unit_test(udp_is_unreachable),
	    cmocka_unit_test(half_open_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
