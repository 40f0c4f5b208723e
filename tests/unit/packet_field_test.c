/* Fixed fields: names, reading from cut packets, writing in place, and how values look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packet/field.h"
#include "packet/notation.h"
#include "packet/print.h"

#define PROBE4                                                                                     \
	"IP{src=192.0.2.7,dst=203.0.113.80,id=0x1234,dscp=0x0a,ecn=2}/"                            \
	"TCP{src=40001,dst=443,seq=7}/MSS/WS(7)"
#define PROBE6 "IP{src=2001:db8::7,dst=2001:db8::80,flow=0x12345}/TCP{dst=443}"

struct probe {
	struct notation n;
	struct packet p;
	uint8_t *octets;
	size_t len;
};

static void probe_init(struct probe *pr, const char *text)
{
	struct error err;

	if (notation_parse(&pr->n, text, &err) != 0)
		fail_msg("%s", err.text);
	pr->octets = pr->n.len4 ? pr->n.octets4 : pr->n.octets6;
	pr->len = pr->n.len4 ? pr->n.len4 : pr->n.len6;
	notation_finish(&pr->n, pr->octets, pr->len);
	assert_int_equal(packet_parse(&pr->p, span_of(pr->octets, pr->len)), 0);
}

static void reads(const struct packet *p, const char *name, const char *expected)
{
	struct buf text = {0};
	struct value v;

	assert_int_not_equal(field_by_name(name), FIELD_NONE);
	field_read(p, field_by_name(name), &v);
	value_print(&text, &v);
	assert_string_equal(buf_text(&text), expected);
	buf_fini(&text);
}

static void test_read(void **state)
{
	struct probe pr;

	(void)state;
	probe_init(&pr, PROBE4);
	reads(&pr.p, "ip.dsfield.dscp", "0x0a");
	reads(&pr.p, "ip.dsfield.ecn", "0x02");
	reads(&pr.p, "ip.len", "48");
	reads(&pr.p, "ip.id", "0x1234");
	reads(&pr.p, "ip.flags.df", "1");
	reads(&pr.p, "ip.ttl", "64");
	reads(&pr.p, "ip.hdr_len", "20");
	reads(&pr.p, "ip.src", "192.0.2.7");
	reads(&pr.p, "ip.dst", "203.0.113.80");
	reads(&pr.p, "tcp.srcport", "40001");
	reads(&pr.p, "tcp.seq", "7");
	reads(&pr.p, "tcp.hdr_len", "28");
	reads(&pr.p, "tcp.flags", "0x002");
	reads(&pr.p, "tcp.window_size_value", "65535");
	reads(&pr.p, "ipv6.flow", "");
	reads(&pr.p, "icmp.type", "");
	probe_init(&pr, PROBE6);
	reads(&pr.p, "ipv6.flow", "0x12345");
	reads(&pr.p, "ipv6.dst", "2001:db8::80");
	reads(&pr.p, "ipv6.hlim", "64");
	reads(&pr.p, "tcp.dstport", "443");
	probe_init(&pr, "IP{id=0}/ICMP{rest=0x00010002}");
	reads(&pr.p, "icmp.rest", "0x00010002");
}

static void test_every_field_has_a_row_of_its_own(void **state)
{
	(void)state;
	for (unsigned f = 1; f < FIELD_COUNT; f++) {
		const struct field_info *info = field_info((enum field)f);

		assert_int_equal(field_by_name(info->name), f);
		assert_int_equal(field_by_key(info->layer, info->key), f);
		assert_true(info->bits > 0);
	}
	assert_int_equal(field_by_name("tcp.nonsense"), FIELD_NONE);
	assert_int_equal(field_by_name(""), FIELD_NONE);
}

/* A field is read from a cut packet if and only if its last bit is there. */
static void test_cut_anywhere(void **state)
{
	struct probe pr;
	struct packet cut;
	struct value v;

	(void)state;
	probe_init(&pr, PROBE4);
	for (size_t len = 20; len <= pr.len; len++) {
		assert_int_equal(packet_parse(&cut, span_of(pr.octets, len)), 0);
		for (enum field f = field_next(LAYER_TCP, FIELD_NONE); f;
		     f = field_next(LAYER_TCP, f)) {
			const struct field_info *info = field_info(f);

			assert_int_equal(field_read(&cut, f, &v),
					 (len - 20) * 8 >= (size_t)info->bit + info->bits);
		}
	}
}

static void test_write(void **state)
{
	struct probe pr;
	struct ip_addr addr;

	(void)state;
	probe_init(&pr, PROBE4);
	assert_true(field_write(pr.octets, pr.len, FIELD_IP4_DSCP, 0x2e));
	assert_true(field_write(pr.octets, pr.len, FIELD_TCP_FLAGS, 0x1c2));
	assert_true(field_write(pr.octets, pr.len, FIELD_TCP_SEQ, 0xfffffffe));
	assert_true(ip_addr_parse(&addr, "198.51.100.1"));
	assert_true(field_write_addr(pr.octets, pr.len, FIELD_IP4_SRC, &addr));
	assert_false(field_write(pr.octets, pr.len, FIELD_IP4_SRC, 1));
	assert_false(field_write(pr.octets, pr.len, FIELD_IP6_FLOW, 1));
	assert_false(field_write(pr.octets, 30, FIELD_TCP_FLAGS, 1));
	assert_true(ip_addr_parse(&addr, "2001:db8::1"));
	assert_false(field_write_addr(pr.octets, pr.len, FIELD_IP4_SRC, &addr));
	assert_int_equal(packet_parse(&pr.p, span_of(pr.octets, pr.len)), 0);
	reads(&pr.p, "ip.dsfield.dscp", "0x2e");
	reads(&pr.p, "ip.dsfield.ecn", "0x02");
	reads(&pr.p, "tcp.flags", "0x1c2");
	reads(&pr.p, "tcp.hdr_len", "28");
	reads(&pr.p, "tcp.seq", "4294967294");
	reads(&pr.p, "ip.src", "198.51.100.1");
}

static void prints(const char *notation, size_t cut, const char *expected)
{
	struct probe pr;
	struct packet p;
	struct buf text = {0};

	probe_init(&pr, notation);
	assert_int_equal(packet_parse(&p, span_of(pr.octets, cut ? cut : pr.len)), 0);
	packet_print(&text, &p);
	assert_string_equal(buf_text(&text), expected);
	buf_fini(&text);
}

static void test_print_as_tcpdump(void **state)
{
	(void)state;
	prints(PROBE4, 0,
	       "IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], seq 7, win 65535, options [mss "
	       "1460,wscale 7,eol], length 0");
	prints(PROBE4, 28, "IP 192.0.2.7.40001 > 203.0.113.80.443: seq 7 [|tcp]");
	prints(PROBE4, 44,
	       "IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], seq 7, win 65535, options [mss "
	       "1460] [|tcp]");
	prints(
	    "IP{src=2001:db8::1,dst=2001:db8::2}/TCP{src=1,dst=2,flags=PA,seq=5,ack=9}/RAW(xabcd)",
	    0,
	    "IP6 2001:db8::1.1 > 2001:db8::2.2: Flags [P.], seq 5:7, ack 9, win 65535, length 2");
	prints("IP{src=192.0.2.1,dst=192.0.2.2}/ICMP{rest=0x00010002}", 0,
	       "IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1, seq 2, length 8");
	prints("IP{src=192.0.2.1,dst=192.0.2.2}/ICMP{type=11}/"
	       "RAW(x4500001c0000000001060000c0000202c0000203000100020000000700)",
	       0, "IP 192.0.2.1 > 192.0.2.2: ICMP time-exceeded code 0, length 37");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_every_field_has_a_row_of_its_own),
	    cmocka_unit_test(test_cut_anywhere),
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_print_as_tcpdump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
