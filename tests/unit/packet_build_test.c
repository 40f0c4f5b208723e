#include "support/cmocka_all.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/mptcp_option.h"
#include "packet/packet.h"
#include "support/hex.h"
#include "support/random_packet.h"
#include "support/seed.h"

static void assert_round_trip(const uint8_t *octets, size_t len)
{
	static uint8_t out[65536 + 256];
	struct packet p;

	memset(&p, 0x5a, sizeof(p));
	if (packet_parse(&p, span_of(octets, len)))
		return;
	assert_int_equal(packet_build(&p, PACKET_VERBATIM, out, sizeof(out)), len);
	assert_memory_equal(out, octets, len);
	assert_int_equal(packet_build(&p, PACKET_VERBATIM, out, len - 1), ERR_NOSPACE);
}

static void random_packets_come_back(void **state)
{
	struct rng r = test_rng("packet_build");
	uint8_t octets[RANDOM_PACKET_MAX];

	(void)state;
	for (int n = 0; n < 100000; n++) {
		size_t len = random_packet(&r, octets);

		assert_round_trip(octets, len);
		len = random_mutate(&r, octets, len);
		assert_round_trip(octets, len);
	}
}

/* A well-formed packet has the right lengths already: fixing them changes nothing. */
static void right_lengths_stay(void **state)
{
	struct rng r = test_rng("packet_build lengths");
	uint8_t octets[RANDOM_PACKET_MAX], out[RANDOM_PACKET_MAX];
	struct packet p;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		size_t len = random_packet(&r, octets);

		assert_int_equal(packet_parse(&p, span_of(octets, len)), 0);
		if ((p.have & PACKET_HAS_TCP) && !(p.have & PACKET_HAS_OPTIONS))
			continue;
		if (!(p.have & PACKET_HAS_IP) || p.ip.options.len % (p.ip.version == 4 ? 4 : 8))
			continue;
		assert_int_equal(packet_build(&p, PACKET_FIX_LENGTHS, out, sizeof(out)), len);
		assert_memory_equal(out, octets, len);
		assert_int_equal(packet_build(&p, PACKET_FIX_ALL, out, sizeof(out)), len);
		packet_fix_checksums(octets, len);
		assert_memory_equal(out, octets, len);
	}
}

static int link_header(int type)
{
	switch (type) {
	case DLT_EN10MB: return 14;
	case DLT_LINUX_SLL: return 16;
	case DLT_LINUX_SLL2: return 20;
	case DLT_NULL: return 4;
	default: return 0;
	}
}

static int check_capture(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *file = pcap_open_offline(path, why);
	struct pcap_pkthdr *header;
	const u_char *octets;
	int count = 0;

	assert_non_null(file);
	for (; pcap_next_ex(file, &header, &octets) == 1; count++) {
		uint32_t skip = (uint32_t)link_header(pcap_datalink(file));

		if (header->caplen >= skip)
			assert_round_trip(octets + skip, header->caplen - skip);
	}
	pcap_close(file);
	return count;
}

static void captured_packets_come_back(void **state)
{
	const char *dir = getenv("MBOXTRACE_PCAPS");
	DIR *d = dir ? opendir(dir) : NULL;
	int packets = 0;

	(void)state;
	if (!d) {
		printf("# SKIPPED: MBOXTRACE_PCAPS names no directory of captures\n");
		skip();
	}
	for (struct dirent *e; (e = readdir(d));) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (strstr(e->d_name, ".pcap"))
			packets += check_capture(path);
	}
	closedir(d);
	printf("# %d captured packets\n", packets);
	assert_true(packets > 0);
}

static struct packet made_by_hand(uint8_t version)
{
	struct packet p = {0};

	p.ip.version = version;
	p.ip.ttl = 7;
	p.ip.proto = IP_PROTO_TCP;
	assert_true(ip_addr_parse(&p.ip.src, version == 4 ? "192.0.2.7" : "2001:db8::1"));
	assert_true(ip_addr_parse(&p.ip.dst, version == 4 ? "203.0.113.80" : "2001:db8::2"));
	p.tcp.src_port = 40001;
	p.tcp.dst_port = 443;
	p.tcp.seq = 0x01020304;
	p.tcp.flags = TCP_SYN;
	p.tcp.window = 65535;
	return p;
}

static void add_option(struct packet *p, const char *octets, uint8_t len)
{
	p->tcp.options.item[p->tcp.options.count++] = (struct tcp_option){
	    .kind = (uint8_t)octets[0], .len = len, .at = (const uint8_t *)octets};
}

static void assert_built(const struct packet *p, unsigned fix, const char *hex)
{
	uint8_t want[200], out[200];
	size_t len = hex_octets(hex, want, sizeof(want));

	assert_int_equal(packet_build(p, fix, out, sizeof(out)), len);
	assert_memory_equal(out, want, len);
}

static void builds_a_syn_by_hand(void **state)
{
	struct packet p = made_by_hand(4);

	(void)state;
	p.ip.id = 0x1234;
	p.ip.flags = 2;
	add_option(&p, "\x02\x04\x05\xb4", 4);
	add_option(&p, "\x1e\x04\x01\x81", 4);
	p.payload = span_of("hi", 2);
	/* IP (ttl 7, id 4660, flags [DF], length 50) 192.0.2.7.40001 > 203.0.113.80.443: Flags [S],
	 * cksum 0x5fd7 (correct), seq 16909060:16909062, win 65535, options [mss 1460,mptcp 4
	 * capable v1], length 2 */
	assert_built(&p, PACKET_FIX_ALL,
		     "4500 0032 1234 4000 0706 633a c0000207 cb007150"
		     "9c41 01bb 01020304 00000000 7002 ffff 5fd7 0000 020405b4 1e040181 6869");
	/* as it stands: no lengths, no checksums */
	assert_built(&p, PACKET_VERBATIM,
		     "4000 0000 1234 4000 0706 0000 c0000207 cb007150"
		     "9c41 01bb 01020304 00000000 0002 ffff 0000 0000 020405b4 1e040181 6869");
}

static void builds_ip6_by_hand(void **state)
{
	struct packet p = made_by_hand(6);
	static const uint8_t options[8] = {IP_PROTO_TCP, 0, 1, 4};

	(void)state;
	p.ip.flow_label = 0xabcde;
	/* IP6 (flowlabel 0xabcde, hlim 7) 2001:db8::1.40001 > 2001:db8::2.443: Flags [S], cksum
	 * 0xb26b (correct), seq 16909060, win 65535, length 0 */
	assert_built(&p, PACKET_FIX_ALL,
		     "600abcde 0014 06 07"
		     "20010db8000000000000000000000001 20010db8000000000000000000000002"
		     "9c41 01bb 01020304 00000000 5002 ffff b26b 0000");
	/* with a destination options header */
	p.ip.options = span_of(options, sizeof(options));
	p.ip.next_header = IP_PROTO_DSTOPTS;
	assert_built(&p, PACKET_FIX_ALL,
		     "600abcde 001c 3c 07"
		     "20010db8000000000000000000000001 20010db8000000000000000000000002"
		     "0600010400000000"
		     "9c41 01bb 01020304 00000000 5002 ffff b26b 0000");
}

static void refuses_what_no_length_can_say(void **state)
{
	struct packet p = made_by_hand(4);
	uint8_t out[200];
	static uint8_t big[70000];

	(void)state;
	add_option(&p, "\x03\x03\x07", 3);
	assert_int_equal(packet_build(&p, PACKET_FIX_ALL, out, sizeof(out)), ERR_MALFORMED);
	assert_int_equal(packet_build(&p, PACKET_VERBATIM, out, sizeof(out)), 43);
	p.tcp.options.count = 0;
	for (int i = 0; i < 11; i++)
		add_option(&p, "\x02\x04\x05\xb4", 4);
	assert_int_equal(packet_build(&p, PACKET_VERBATIM, out, sizeof(out)), ERR_MALFORMED);
	p.tcp.options.count = 10;
	assert_int_equal(packet_build(&p, PACKET_FIX_ALL, out, sizeof(out)), 80);
	assert_int_equal(packet_build(&p, PACKET_FIX_ALL, out, 79), ERR_NOSPACE);
	p.payload = span_of(big, sizeof(big));
	assert_int_equal(packet_build(&p, PACKET_FIX_ALL, big, sizeof(big)), ERR_MALFORMED);
	p.ip.version = 5;
	assert_int_equal(packet_build(&p, PACKET_FIX_ALL, out, sizeof(out)), ERR_MALFORMED);
}

/* An edited packet: an option taken out, the padding behind an EOL kept. */
static void builds_what_was_edited(void **state)
{
	/* IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], options [mss 1460,mptcp 4 capable
	 * v1,nop, nop,nop,eol], options behind the EOL: de ad be ef */
	const char *syn = "4500 0038 1234 4000 0706 0000 c0000207 cb007150"
			  "9c41 01bb 01020304 00000000 9002 ffff 0000 0000"
			  "020405b4 1e040181 01010100 deadbeef";
	uint8_t octets[200], out[200];
	struct packet p, q;

	(void)state;
	assert_int_equal(packet_parse(&p, span_of(octets, hex_octets(syn, octets, 200))), 0);
	assert_int_equal(p.tcp.options.count, 6);
	assert_int_equal(p.tcp.options.tail.len, 4);
	memmove(&p.tcp.options.item[1], &p.tcp.options.item[2], 4 * sizeof(struct tcp_option));
	p.tcp.options.count--;
	assert_int_equal(packet_build(&p, PACKET_FIX_ALL, out, sizeof(out)), 52);
	assert_int_equal(packet_parse(&q, span_of(out, 52)), 0);
	assert_int_equal(q.tcp.header_len, 32);
	assert_null(tcp_option_find(&q.tcp.options, TCP_OPT_MPTCP, -1));
	assert_memory_equal(q.tcp.options.tail.at, "\xde\xad\xbe\xef", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_packets_come_back),
	    cmocka_unit_test(right_lengths_stay),
	    cmocka_unit_test(captured_packets_come_back),
	    cmocka_unit_test(builds_a_syn_by_hand),
	    cmocka_unit_test(builds_ip6_by_hand),
	    cmocka_unit_test(refuses_what_no_length_can_say),
	    cmocka_unit_test(builds_what_was_edited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
