#include "support/cmocka_all.h"

#include <string.h>

#include "packet/packet.h"
#include "support/hex.h"

static uint8_t octets[600];
static struct packet p;

/* Parses, and checks that building gives the same octets. */
static int parse_len(size_t len)
{
	uint8_t out[600];
	int err;

	memset(&p, 0xa5, sizeof(p));
	err = packet_parse(&p, span_of(octets, len));
	if (err == 0) {
		assert_int_equal(packet_build(&p, PACKET_VERBATIM, out, sizeof(out)), len);
		assert_memory_equal(out, octets, len);
	}
	return err;
}

static void parse(const char *hex)
{
	assert_int_equal(parse_len(hex_octets(hex, octets, sizeof(octets))), 0);
}

static void assert_have(unsigned have)
{
	assert_int_equal(p.have, have | PACKET_HAS_FIXED);
}

#define IP   PACKET_HAS_IP
#define PORT (IP | PACKET_HAS_PORTS)
#define TCP  (PORT | PACKET_HAS_TCP)
#define OPTS (TCP | PACKET_HAS_OPTIONS)
#define ALL  PACKET_HAS_ALL

/* IP (tos 0x2a, ttl 7, id 0x1234, flags [DF]) 192.0.2.7.40001 > 203.0.113.80.443: Flags [S],
 * seq 0x01020304, win 65535, options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7,mptcp 4 capable
 * v1] */
#define SYN                                                                                        \
	"452a 0040 1234 4000 0706 aabb c0000207 cb007150"                                          \
	"9c41 01bb 01020304 00000000 b002 ffff ccdd 0000"                                          \
	"020405b4 0402 080a0000000100000000 01 030307 1e040181"

static void reads_a_syn(void **state)
{
	char text[IP_ADDR_TEXT];

	(void)state;
	parse(SYN);
	assert_have(OPTS | ALL);
	assert_int_equal(p.ip.version, 4);
	assert_int_equal(p.ip.dscp, 10);
	assert_int_equal(p.ip.ecn, 2);
	assert_int_equal(p.ip.length, 64);
	assert_int_equal(p.ip.id, 0x1234);
	assert_int_equal(p.ip.flags, 2);
	assert_int_equal(p.ip.ttl, 7);
	assert_int_equal(p.ip.checksum, 0xaabb);
	assert_int_equal(p.ip.header_len, 20);
	assert_string_equal(ip_addr_print(&p.ip.src, text), "192.0.2.7");
	assert_string_equal(ip_addr_print(&p.ip.dst, text), "203.0.113.80");
	assert_int_equal(p.tcp.src_port, 40001);
	assert_int_equal(p.tcp.dst_port, 443);
	assert_int_equal(p.tcp.seq, 0x01020304);
	assert_int_equal(p.tcp.flags, TCP_SYN);
	assert_int_equal(p.tcp.header_len, 44);
	assert_int_equal(p.tcp.window, 65535);
	assert_int_equal(p.tcp.checksum, 0xccdd);
	assert_int_equal(p.tcp.options.count, 6);
	assert_int_equal(p.tcp.option_area.len, 24);
	assert_int_equal(p.transport.len, 44);
	assert_int_equal(p.payload.len, 0);
	assert_int_equal(p.trailer.len, 0);
}

static void says_how_far_a_cut_reaches(void **state)
{
	static const struct {
		size_t from, to;
		unsigned have;
	} cuts[] = {{20, 27, IP}, {28, 39, PORT}, {40, 63, TCP}, {64, 64, OPTS | ALL}};

	(void)state;
	hex_octets(SYN, octets, sizeof(octets));
	for (size_t len = 0; len < 20; len++)
		assert_int_equal(parse_len(len), ERR_TRUNCATED);
	for (size_t i = 0; i < 4; i++) {
		for (size_t len = cuts[i].from; len <= cuts[i].to; len++) {
			assert_int_equal(parse_len(len), 0);
			assert_have(cuts[i].have);
		}
	}
	/* Cut inside the timestamp: what there is of it is an option that reaches too far. */
	assert_int_equal(parse_len(50), 0);
	assert_int_equal(p.tcp.options.count, 3);
	assert_true(p.tcp.options.item[2].malformed);
	assert_int_equal(p.tcp.options.item[2].len, 4);
}

static void keeps_what_follows_eight_octets(void **state)
{
	(void)state;
	hex_octets(SYN, octets, sizeof(octets));
	parse_len(33);
	assert_int_equal(p.tcp.seq, 0x01020304);
	assert_int_equal(p.payload.len, 5);
	assert_int_equal(p.tcp.options.count, 0);
}

static void refuses_what_is_no_ip(void **state)
{
	(void)state;
	hex_octets(SYN, octets, sizeof(octets));
	octets[0] = 0x44;
	assert_int_equal(parse_len(64), ERR_MALFORMED);
	octets[0] = 0x55;
	assert_int_equal(parse_len(64), ERR_MALFORMED);
	octets[0] = 0x60;
	assert_int_equal(parse_len(39), ERR_TRUNCATED);
	assert_int_equal(parse_len(40), 0);
}

static void reads_behind_ip_options(void **state)
{
	(void)state;
	/* IP (options (RR 0.0.0.0, EOL)) 192.0.2.7.40001 > 203.0.113.80.443: Flags [.] */
	parse("4700 0030 0001 0000 4006 0000 c0000207 cb007150 07070400000000 00"
	      "9c41 01bb 00000001 00000002 5010 0400 0000 0000");
	assert_have(OPTS | ALL);
	assert_int_equal(p.ip.header_len, 28);
	assert_int_equal(p.ip.options.len, 8);
	assert_int_equal(p.tcp.flags, TCP_ACK);
	/* cut inside the options: no transport is known */
	for (size_t len = 20; len < 28; len++) {
		assert_int_equal(parse_len(len), 0);
		assert_have(0);
		assert_int_equal(p.ip.options.len, len - 20);
		assert_int_equal(p.transport.len, 0);
	}
}

static void lengths_that_lie(void **state)
{
	(void)state;
	/* longer than the octets: as far as they reach */
	hex_octets(SYN, octets, sizeof(octets));
	octets[3] = 100;
	parse_len(64);
	assert_have(OPTS);
	/* zero, as from segmentation offload: all there is */
	octets[3] = 0;
	parse_len(64);
	assert_have(OPTS | ALL);
	/* shorter than the header: it tells nothing */
	octets[3] = 19;
	parse_len(64);
	assert_have(OPTS);
	assert_int_equal(p.trailer.len, 0);
	/* shorter than the options: they are not to be believed */
	octets[3] = 50;
	parse_len(64);
	assert_have(TCP | ALL);
	assert_int_equal(p.trailer.len, 14);
}

static void sets_padding_apart(void **state)
{
	(void)state;
	/* IP 192.0.2.7.1000 > 203.0.113.80.443: Flags [R], padded to 46 octets by Ethernet */
	parse("4500 0028 0001 0000 4006 0000 c0000207 cb007150"
	      "03e8 01bb 00000001 00000000 5004 0000 0000 0000 000000000000");
	assert_have(OPTS | ALL);
	assert_int_equal(p.payload.len, 0);
	assert_int_equal(p.trailer.len, 6);
}

static void data_offsets_that_lie(void **state)
{
	(void)state;
	hex_octets(SYN, octets, sizeof(octets));
	/* under 20: options are not to be told from payload */
	octets[32] = 0x40;
	parse_len(64);
	assert_have(TCP | ALL);
	assert_int_equal(p.tcp.header_len, 16);
	assert_int_equal(p.tcp.options.count, 0);
	assert_int_equal(p.payload.len, 24);
	/* past the end */
	octets[32] = 0xf0;
	parse_len(64);
	assert_have(TCP | ALL);
	assert_int_equal(p.tcp.option_area.len, 24);
	assert_int_equal(p.payload.len, 0);
}

static void has_no_transport_in_later_fragments(void **state)
{
	(void)state;
	hex_octets(SYN, octets, sizeof(octets));
	octets[7] = 1;
	parse_len(64);
	assert_have(IP | ALL);
	assert_int_equal(p.ip.frag_offset, 1);
	assert_int_equal(p.payload.len, 44);
	/* the first fragment has one */
	octets[6] = 0x20;
	octets[7] = 0;
	parse_len(64);
	assert_have(OPTS | ALL);
	assert_int_equal(p.ip.flags, 1);
}

#define IP6_ADDRS "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define TCP20	  "9c41 01bb 00000001 00000000 5002 ffff 0000 0000"

static void reads_ip6(void **state)
{
	(void)state;
	/* IP6 (class 0xb9, flowlabel 0x12345, hlim 3) 2001:db8::1.40001 > 2001:db8::2.443: Flags
	 * [S] */
	parse("6b912345 0014 06 03" IP6_ADDRS TCP20);
	assert_have(OPTS | ALL);
	assert_int_equal(p.ip.dscp, 46);
	assert_int_equal(p.ip.ecn, 1);
	assert_int_equal(p.ip.flow_label, 0x12345);
	assert_int_equal(p.ip.ttl, 3);
	assert_int_equal(p.ip.length, 20);
	assert_int_equal(p.ip.header_len, 40);
	assert_int_equal(p.tcp.src_port, 40001);
}

/* IP6: hop-by-hop, routing, destination options, authentication, first fragment, TCP SYN */
#define CHAIN                                                                                      \
	"60000000 004c 00 03" IP6_ADDRS "2b00 010400000000 3c00 000000000000"                      \
	"3300 010400000000 2c04 0000 0000000100000002 0011223344556677 66778899"                   \
	"0600 0001 0000abcd" TCP20

static void walks_extension_headers(void **state)
{
	(void)state;
	parse(CHAIN);
	assert_have(OPTS | ALL);
	assert_int_equal(p.ip.next_header, IP_PROTO_HOPOPTS);
	assert_int_equal(p.ip.proto, IP_PROTO_TCP);
	assert_int_equal(p.ip.header_len, 96);
	assert_int_equal(p.ip.options.len, 56);
	assert_int_equal(p.ip.flags, 1);
	assert_int_equal(p.ip.frag_offset, 0);
	for (size_t len = 40; len < 96; len++) {
		assert_int_equal(parse_len(len), 0);
		assert_int_equal(p.transport.len, 0);
		assert_false(p.have & (PACKET_HAS_PORTS | PACKET_HAS_ALL | PACKET_HAS_IP));
	}
	assert_int_equal(parse_len(96), 0);
	assert_have(IP);
	assert_int_equal(p.ip.proto, IP_PROTO_TCP);
}

static void stops_at_later_fragments_of_ip6(void **state)
{
	(void)state;
	/* IP6 2001:db8::1 > 2001:db8::2: frag (0x0000abcd:8|20) */
	parse("60000000 001c 2c 03" IP6_ADDRS "0600 0008 0000abcd" TCP20);
	assert_have(IP | ALL);
	assert_int_equal(p.ip.frag_offset, 1);
	assert_int_equal(p.ip.proto, IP_PROTO_TCP);
	assert_int_equal(p.payload.len, 20);
}

static void lengths_of_ip6(void **state)
{
	(void)state;
	/* IP6 next header none, with padding behind */
	parse("60000000 0000 3b 03" IP6_ADDRS "0000");
	assert_have(IP | ALL);
	assert_int_equal(p.trailer.len, 2);
	/* payload length zero and TCP: offloaded */
	parse("60000000 0000 06 03" IP6_ADDRS TCP20);
	assert_have(OPTS | ALL);
	/* an extension header that reaches past the payload length */
	parse("60000000 0008 3c 03" IP6_ADDRS "0601 0104 00000000" TCP20);
	assert_have(ALL);
	assert_int_equal(p.trailer.len, 20);
}

static void reads_icmp(void **state)
{
	(void)state;
	/* IP 192.0.2.7 > 203.0.113.80: ICMP echo request, id 1, seq 2, length 9 */
	parse("4500 001d 0001 0000 4001 0000 c0000207 cb007150 0800 1234 0001 0002 61");
	assert_have(IP | PACKET_HAS_ICMP | ALL);
	assert_int_equal(p.icmp.type, 8);
	assert_int_equal(p.icmp.checksum, 0x1234);
	assert_int_equal(p.icmp.rest, 0x00010002);
	assert_int_equal(p.payload.len, 1);
	/* ICMPv6 inside IPv4 is none of ours */
	octets[9] = IP_PROTO_ICMPV6;
	parse_len(29);
	assert_have(IP | ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_syn),
	    cmocka_unit_test(says_how_far_a_cut_reaches),
	    cmocka_unit_test(keeps_what_follows_eight_octets),
	    cmocka_unit_test(refuses_what_is_no_ip),
	    cmocka_unit_test(reads_behind_ip_options),
	    cmocka_unit_test(lengths_that_lie),
	    cmocka_unit_test(sets_padding_apart),
	    cmocka_unit_test(data_offsets_that_lie),
	    cmocka_unit_test(has_no_transport_in_later_fragments),
	    cmocka_unit_test(reads_ip6),
	    cmocka_unit_test(walks_extension_headers),
	    cmocka_unit_test(stops_at_later_fragments_of_ip6),
	    cmocka_unit_test(lengths_of_ip6),
	    cmocka_unit_test(reads_icmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
