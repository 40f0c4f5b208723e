/* The texts of capture filter and guard, and what the filter lets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <string.h>

#include "net/live_filter.h"
#include "net/live_guard.h"

static const uint16_t ports[] = {40001, 40002};

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr;

	assert_true(ip_addr_parse(&addr, text));
	return addr;
}

static struct buf filter_between(const char *target, const char *source, size_t port_count)
{
	struct buf text = {0};
	struct ip_addr to = ip(target), from = ip(source);

	live_filter_print(&text, &to, &from, ports, port_count);
	return text;
}

static void prints_filter(void **state)
{
	struct buf text = filter_between("10.0.2.1", "10.0.1.1", 2);

	(void)state;
	assert_string_equal(
	    buf_text(&text),
	    "ip dst host 10.0.1.1 and ((ip src host 10.0.2.1 and tcp and (dst port "
	    "40001 or dst port 40002)) or (icmp and (icmp[0] = 3 or icmp[0] = 11 or "
	    "icmp[0] = 12 or icmp[0] = 0)))");
	buf_fini(&text);
}

/* Whether `octets`, a packet of `len`, pass on a raw link. */
static bool passes(const struct buf *filter, const uint8_t *octets, unsigned len)
{
	pcap_t *pcap = pcap_open_dead(DLT_RAW, 2048);
	struct pcap_pkthdr head = {.caplen = len, .len = len};
	struct bpf_program program;
	bool passed;

	assert_int_equal(pcap_compile(pcap, &program, buf_text(filter), 1, PCAP_NETMASK_UNKNOWN),
			 0);
	passed = pcap_offline_filter(&program, &head, octets) != 0;
	pcap_freecode(&program);
	pcap_close(pcap);
	return passed;
}

static void filters_v4(void **state)
{
	struct buf filter = filter_between("10.0.2.1", "10.0.1.1", 2);
	/* IP 10.0.2.1.443 > 10.0.1.1.40002: Flags [S.], cut behind the ports */
	uint8_t tcp[] = {0x45, 0, 0, 40, 0,  0, 0, 0, 64,   6,	  0,	0,
			 10,   0, 2, 1,	 10, 0, 1, 1, 0x01, 0xbb, 0x9c, 0x42};
	/* IP 10.0.9.9 > 10.0.1.1: ICMP time exceeded in-transit, without quote */
	uint8_t icmp[] = {0x45, 0, 0,  28, 0, 0, 0,  0, 64, 1, 0, 0, 10, 0,
			  9,	9, 10, 0,  1, 1, 11, 0, 0,  0, 0, 0, 0,	 0};

	(void)state;
	assert_true(passes(&filter, tcp, sizeof(tcp)));
	tcp[23] = 0x43; /* another port of ours */
	assert_false(passes(&filter, tcp, sizeof(tcp)));
	tcp[23] = 0x42;
	tcp[15] = 2; /* another host */
	assert_false(passes(&filter, tcp, sizeof(tcp)));
	assert_true(passes(&filter, icmp, sizeof(icmp)));
	icmp[20] = 8; /* somebody pings us */
	assert_false(passes(&filter, icmp, sizeof(icmp)));
	icmp[20] = 3;
	icmp[19] = 2; /* to another address */
	assert_false(passes(&filter, icmp, sizeof(icmp)));
	buf_fini(&filter);
}

static void filters_v6(void **state)
{
	struct buf filter = filter_between("fd00:2::1", "fd00:1::1", 2);
	/* IP6 fd00:2::1.443 > fd00:1::1.40001: Flags [S.], cut behind the ports */
	uint8_t tcp[] = {0x60, 0, 0, 0, 0, 20, 6, 64, 0xfd, 0,	  0,	2,    0,    0,	 0,
			 0,    0, 0, 0, 0, 0,  0, 0,  1,    0xfd, 0,	0,    1,    0,	 0,
			 0,    0, 0, 0, 0, 0,  0, 0,  0,    1,	  0x01, 0xbb, 0x9c, 0x41};
	/* IP6 fd00:9::9 > fd00:1::1: ICMP6, time exceeded in-transit, without quote */
	uint8_t icmp[] = {0x60, 0, 0, 0, 0, 8, 58, 64, 0xfd, 0, 0, 9, 0, 0, 0, 0,
			  0,	0, 0, 0, 0, 0, 0,  9,  0xfd, 0, 0, 1, 0, 0, 0, 0,
			  0,	0, 0, 0, 0, 0, 0,  1,  3,    0, 0, 0, 0, 0, 0, 0};

	(void)state;
	assert_true(passes(&filter, tcp, sizeof(tcp)));
	tcp[43] = 0x43;
	assert_false(passes(&filter, tcp, sizeof(tcp)));
	tcp[6] = 60; /* behind destination options: not looked into */
	assert_true(passes(&filter, tcp, sizeof(tcp)));
	assert_true(passes(&filter, icmp, sizeof(icmp)));
	icmp[40] = 136; /* neighbour advertisement */
	assert_false(passes(&filter, icmp, sizeof(icmp)));
	buf_fini(&filter);
}

static void filters_icmp_only(void **state)
{
	struct buf v4 = filter_between("10.0.2.1", "10.0.1.1", 0);
	struct buf v6 = filter_between("fd00:2::1", "fd00:1::1", 0);
	/* IP 10.0.9.9 > 10.0.1.1: ICMP time exceeded in-transit, without quote */
	uint8_t icmp[] = {0x45, 0, 0,  28, 0, 0, 0,  0, 64, 1, 0, 0, 10, 0,
			  9,	9, 10, 0,  1, 1, 11, 0, 0,  0, 0, 0, 0,	 0};

	(void)state;
	assert_true(passes(&v4, icmp, sizeof(icmp)));
	assert_false(passes(&v6, icmp, sizeof(icmp)));
	buf_fini(&v4);
	buf_fini(&v6);
}

static void prints_guard(void **state)
{
	struct buf text = {0};
	struct ip_addr to = ip("fd00:2::1"), from = ip("fd00:1::1");

	(void)state;
	live_guard_print(&text, 77, &to, &from, ports, 2);
	assert_string_equal(
	    buf_text(&text),
	    "create table inet mboxtrace-77-40001 { flags owner; }\n"
	    "add chain inet mboxtrace-77-40001 input { type filter hook input priority "
	    "-10; policy accept; }\n"
	    "add rule inet mboxtrace-77-40001 input ip6 saddr fd00:2::1 ip6 daddr "
	    "fd00:1::1 tcp dport { 40001, 40002 } drop\n");
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prints_filter), cmocka_unit_test(filters_v4),
	    cmocka_unit_test(filters_v6),    cmocka_unit_test(filters_icmp_only),
	    cmocka_unit_test(prints_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
