/* What an endpoint claims: guard, filter, and the ports kept for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <string.h>
#include <unistd.h>

#include "net/live_block.h"
#include "net/live_filter.h"
#include "net/live_guard.h"
#include "packet/packet.h"

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr;

	assert_true(ip_addr_parse(&addr, text));
	return addr;
}

static struct live_scope two_hosts(void)
{
	struct live_scope scope = {0};
	struct ip_addr addrs[] = {ip("10.0.1.1"), ip("10.0.2.1"), ip("2001:db8::1")};

	for (size_t i = 0; i < 3; i++)
		assert_true(live_scope_add_addr(&scope, &addrs[i]));
	assert_true(live_scope_add_addr(&scope, &addrs[0])); /* is there already */
	assert_true(live_scope_add_range(&scope, 40000, 40063));
	assert_true(live_scope_add_range(&scope, 80, 80));
	assert_true(live_scope_add_range(&scope, 40007, 40007)); /* likewise */
	return scope;
}

static void prints_guard(void **state)
{
	struct live_scope scope = two_hosts();
	struct buf text = {0};

	(void)state;
	live_guard_print_scope(&text, 7, &scope);
	assert_string_equal(
	    buf_text(&text),
	    "create table inet mboxtrace-7-40000 { flags owner; }\n"
	    "add chain inet mboxtrace-7-40000 input { type filter hook input priority -10; "
	    "policy accept; }\n"
	    "add rule inet mboxtrace-7-40000 input ip daddr { 10.0.1.1, 10.0.2.1 } tcp dport "
	    "{ 40000-40063, 80 } drop\n"
	    "add rule inet mboxtrace-7-40000 input ip6 daddr { 2001:db8::1 } tcp dport "
	    "{ 40000-40063, 80 } drop\n");
	buf_fini(&text);
}

static bool passes(const struct live_scope *scope, const char *from, const char *to, uint8_t proto,
		   uint16_t port)
{
	struct ip_addr src = ip(from), dst = ip(to);
	struct packet p = {.ip = {.version = src.family, .proto = proto, .ttl = 9, .src = src}};
	pcap_t *pcap = pcap_open_dead(DLT_RAW, 2048);
	struct bpf_program program;
	struct pcap_pkthdr head = {0};
	struct buf text = {0};
	uint8_t octets[128];
	bool passed;

	p.ip.dst = dst;
	p.tcp.dst_port = port;
	if (proto != IP_PROTO_TCP) {
		p.icmp = (struct icmp_header){.type = (uint8_t)port};
	}
	head.caplen = head.len =
	    (bpf_u_int32)packet_build(&p, PACKET_FIX_ALL, octets, sizeof(octets));
	live_filter_print_scope(&text, scope, src.family);
	assert_int_equal(pcap_compile(pcap, &program, buf_text(&text), 1, PCAP_NETMASK_UNKNOWN), 0);
	passed = pcap_offline_filter(&program, &head, octets) != 0;
	pcap_freecode(&program);
	pcap_close(pcap);
	buf_fini(&text);
	return passed;
}

/* Whoever sends it, whichever of our addresses it goes to. */
static void filters(void **state)
{
	struct live_scope scope = two_hosts();

	(void)state;
	assert_true(passes(&scope, "192.0.2.9", "10.0.1.1", IP_PROTO_TCP, 80));
	assert_true(passes(&scope, "192.0.2.1", "10.0.2.1", IP_PROTO_TCP, 40063));
	assert_true(passes(&scope, "2001:db8::9", "2001:db8::1", IP_PROTO_TCP, 40000));
	assert_false(passes(&scope, "192.0.2.9", "10.0.1.1", IP_PROTO_TCP, 40064));
	assert_false(passes(&scope, "192.0.2.9", "10.0.1.1", IP_PROTO_TCP, 443));
	assert_false(passes(&scope, "192.0.2.9", "10.0.3.1", IP_PROTO_TCP, 80));
	assert_false(passes(&scope, "2001:db8::9", "2001:db8::2", IP_PROTO_TCP, 80));
	assert_false(passes(&scope, "192.0.2.9", "10.0.1.1", IP_PROTO_UDP, 80));
	assert_true(passes(&scope, "192.0.2.9", "10.0.1.1", IP_PROTO_ICMP, 3));
	assert_false(passes(&scope, "192.0.2.9", "10.0.1.1", IP_PROTO_ICMP, 8));
	assert_true(passes(&scope, "2001:db8::9", "2001:db8::1", IP_PROTO_ICMPV6, 2));
}

static bool is_free(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool is = !bind(fd, (struct sockaddr *)&at, sizeof(at));

	close(fd);
	return is;
}

static void keeps_ports(void **state)
{
	struct live_block block = {0}, other = {0};
	struct error err = {0};
	uint16_t first;

	(void)state;
	assert_int_equal(live_block_find(&block, 8, &first, &err), 0);
	assert_int_equal(block.count, 8);
	for (unsigned i = 0; i < 8; i++)
		assert_false(is_free((uint16_t)(first + i)));
	assert_int_equal(live_block_add(&other, first, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "in use by another program"));
	live_block_close(&block);
	for (unsigned i = 0; i < 8; i++)
		assert_true(is_free((uint16_t)(first + i)));
	assert_int_equal(live_block_add(&other, first, &err), 0);
	live_block_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prints_guard),
	    cmocka_unit_test(filters),
	    cmocka_unit_test(keeps_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
