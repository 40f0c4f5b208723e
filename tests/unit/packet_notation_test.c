/* The notation: what it builds, what it says of mistakes, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet/notation.h"
#include "util/octets.h"
#include "util/rng.h"

static void hex_of(const void *octets, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", ((const uint8_t *)octets)[i]);
	out[2 * len] = '\0';
}

static void builds(const char *text, const char *hex4, const char *hex6)
{
	struct notation n;
	struct error err = {0};
	char hex[2 * PROBE_OCTETS_MAX + 1];

	if (notation_parse(&n, text, &err) != 0)
		fail_msg("%s", err.text);
	hex_of(n.octets4, n.len4, hex);
	assert_string_equal(hex, hex4);
	hex_of(n.octets6, n.len6, hex);
	assert_string_equal(hex, hex6);
}

/* Only the options of a TCP packet. */
static void builds_options(const char *options, const char *expected)
{
	struct notation n;
	struct error err = {0};
	char text[256], hex[2 * TCP_OPTIONS_MAX + 1];

	snprintf(text, sizeof text, "IP/TCP/%s", options);
	if (notation_parse(&n, text, &err) != 0)
		fail_msg("%s", err.text);
	hex_of(n.octets4 + 40, n.len4 - 40u, hex);
	assert_string_equal(hex, expected);
}

static void test_default_probe(void **state)
{
	(void)state;
	builds("IP/TCP{dst=443}/MSS(1460)/SACKP/TS/WS(7)/MPCAPABLE{v=1}",
	       "450000400000400040060000"
	       "0000000000000000"
	       "000001bb0000000000000000b002ffff00000000"
	       "020405b40402080a00000000000000000303071e04010100",
	       "60000000002c0640"
	       "00000000000000000000000000000000"
	       "00000000000000000000000000000000"
	       "000001bb0000000000000000b002ffff00000000"
	       "020405b40402080a00000000000000000303071e04010100");
}

static void test_as_tracebox_writes_it(void **state)
{
	(void)state;
	/* IP 0.0.0.0.0 > 0.0.0.0.80: Flags [S], win 65535, options [mss 9000,mptcp capable v1] */
	builds("ip / tcp{dst=80} / mss(9000) / mpcapable",
	       "45000030000040004006000000000000000000000000005000000000000000007002ffff"
	       "00000000020423281e040101",
	       "60000000001c0640000000000000000000000000000000000000000000000000000000000000000000"
	       "00005000000000000000007002ffff00000000020423281e040101");
}

static void test_one_family_only(void **state)
{
	struct notation n;

	(void)state;
	assert_int_equal(notation_parse(&n, "IP{id=0x1234}/TCP", NULL), 0);
	assert_int_equal(n.family, 4);
	assert_int_equal(n.len6, 0);
	assert_int_equal(load_u16(n.octets4 + 4), 0x1234);
	assert_true(n.fields_set & FIELD_BIT(FIELD_IP4_ID));
	assert_int_equal(notation_parse(&n, "IP{dst=2001:db8::1,dscp=0x2e}/TCP", NULL), 0);
	assert_int_equal(n.family, 6);
	assert_int_equal(n.len4, 0);
	assert_int_equal(notation_parse(&n, "IPV6/TCP", NULL), 0);
	assert_int_equal(n.family, 6);
	assert_int_equal(notation_parse(&n, "IP{ttl=3,dscp=1,ecn=2}/TCP", NULL), 0);
	assert_int_equal(n.family, 0);
	assert_int_equal(n.octets6[7], 3);
	assert_int_equal(n.octets4[1], 6);
}

static void test_fields(void **state)
{
	struct notation n;

	(void)state;
	/* IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S.UEC], seq 1, ack 2, win 3, urg 4 */
	assert_int_equal(notation_parse(&n,
					"IP{src=192.0.2.7,dst=203.0.113.80,df=0,rb=1,ttl=5}/"
					"TCP{src=40001,dst=443,seq=1,ack=2,res=7,flags=SAUEC,win=3,"
					"urg=4,chksum=0xbeef}/RAW(\"hi\")",
					NULL),
			 0);
	notation_finish(&n, n.octets4, n.len4);
	assert_memory_equal(n.octets4,
			    "\x45\x00\x00\x2a\x00\x00\x80\x00\x05\x06\x37\x76\xc0\x00\x02\x07\xcb"
			    "\x00\x71\x50\x9c\x41\x01\xbb\x00\x00\x00\x01\x00\x00\x00\x02\x5e\xf2"
			    "\x00\x03\xbe\xef\x00\x04hi",
			    42);
}

static void test_options(void **state)
{
	(void)state;
	builds_options("NOP/WS(14)", "0103030e");
	builds_options("TS(1,0x10)/NOP/NOP", "080a00000001000000100101");
	builds_options("SACK(1,2,3,4)", "0512000000010000000200000003000000040000");
	builds_options("TFO/TFO(xc0ffee)", "22022205c0ffee00");
	builds_options("UTO(0x8005)", "1c048005");
	builds_options("MD5(x00112233445566778899aabbccddeeff)",
		       "131200112233445566778899aabbccddeeff0000");
	builds_options("OPT(254,xdeadbeef)", "fe06deadbeef0000");
	builds_options("OPT(254)/OCTETS(x1e)", "fe021e00");
	builds_options("MPCAPABLE{v=0}", "1e0c00010102030405060708");
	builds_options("MPCAPABLE{v=1,skey=1,rkey=2,flags=0x81}",
		       "1e14018100000000000000010000000000000002");
	builds_options("MPCAPABLE{skey=1,rkey=2,dlen=5,csum=0xbeef}",
		       "1e180101000000000000000100000000000000020005beef");
	builds_options("MPJOIN{token=0xdeadbeef,nonce=7,id=3,backup}", "1e0c1103deadbeef00000007");
	builds_options("MPJOIN{hmac=x0011223344556677,nonce=1}",
		       "1e101000001122334455667700000001");
	builds_options("DSS{ack8=1,dsn=2,ssn=3,len=4,fin}",
		       "1e1620170000000000000001000000020000000300040000");
	builds_options("ADDADDR{id=2,addr=10.0.0.1,echo}", "1e0831020a000001");
	builds_options("ADDADDR{id=2,addr=10.0.0.1,port=80,v=0}", "1e0a34020a00000100500000");
	builds_options("RMADDR(1,2)/MPPRIO{backup}/MPRST{reason=6}", "1e05400102"
								     "1e0351"
								     "1e048006");
	builds_options("MPFAIL{dsn=1}/FASTCLOSE{key=2}",
		       "1e0c600000000000000000011e0c70000000000000000002");
}

static void test_icmp(void **state)
{
	(void)state;
	/* IP 0.0.0.0 > 0.0.0.0: ICMP echo request, id 1, seq 2 */
	builds("IP/ICMP{rest=0x00010002}",
	       "4500001c000040004001000000000000000000000800000000010002",
	       "6000000000083a400000000000000000000000000000000000000000000000000000000000000000"
	       "8000000000010002");
}

static void fails(const char *text, const char *message)
{
	struct notation n;
	struct error err = {0};

	assert_int_equal(notation_parse(&n, text, &err), ERR_USAGE);
	assert_string_equal(err.text, message);
}

static void test_mistakes(void **state)
{
	(void)state;
	fails("IP/TCP{dts=443}",
	      "probe 'IP/TCP{dts=443}': column 8: 'dts' is not a field of TCP (src, dst, seq, ack, "
	      "off, res, flags, win, chksum, urg)");
	fails("TCP", "probe 'TCP': column 1: expected IP or IPV6 as the first layer, not 'TCP'");
	fails("IP/TCP{dst=70000}",
	      "probe 'IP/TCP{dst=70000}': column 12: '70000' is not a value of "
	      "dst (0 to 65535, or 0x hex)");
	fails("IP/MSS", "probe 'IP/MSS': column 4: MSS is a TCP option: write TCP before it");
	fails("IP/TCP/MSS(1,2)", "probe 'IP/TCP/MSS(1,2)': column 14: MSS takes 1 argument");
	fails("IP/TCP/MPJOIN{key=1}",
	      "probe 'IP/TCP/MPJOIN{key=1}': column 15: 'key' is not an argument of MPJOIN (token, "
	      "nonce, id, backup, hmac)");
	fails("IP{id=1,flow=2}/TCP", "probe 'IP{id=1,flow=2}/TCP': column 9: 'flow' is of IPv6 "
				     "only, but 'id' is not");
	fails("IP{src=1.2.3}/TCP", "probe 'IP{src=1.2.3}/TCP': column 8: '1.2.3' is not an IP "
				   "address (as 192.0.2.1 or 2001:db8::1)");
	fails("IP/TCP{flags=SX}", "probe 'IP/TCP{flags=SX}': column 15: 'X' is not a TCP flag "
				  "(letters of SAFRPUEC, or a number up to 0x1ff)");
	fails("IP/TCP/SACK(1,2,3,4,5,6)/TS/DSS{dsn8=1}",
	      "probe 'IP/TCP/SACK(1,2,3,4,5,6)/TS/DSS{dsn8=1}': column 29: with DSS there are 54 "
	      "octets of options; TCP has room for 40");
	fails(
	    "IP/TCP/OPT(254,xabc)",
	    "probe 'IP/TCP/OPT(254,xabc)': column 16: 'xabc' are not octets (x and an even number "
	    "of hex digits)");
	fails("IP/TCP/OPT(254,xzz)",
	      "probe 'IP/TCP/OPT(254,xzz)': column 17: 'zz' are not two hex digits");
	fails("IP/TCP/OPT", "probe 'IP/TCP/OPT': column 8: OPT needs its argument kind");
	fails("IP/TCP{dst=443", "probe 'IP/TCP{dst=443': column 15: expected ',' or '}'");
	fails("IP/TCP/DSS{csum=1}",
	      "probe 'IP/TCP/DSS{csum=1}': column 8: no form of DSS has these arguments");
	fails("IP/TCP/RAW(x00)/NOP",
	      "probe 'IP/TCP/RAW(x00)/NOP': column 17: nothing can follow RAW");
	fails("IP/TCP{off=21}",
	      "probe 'IP/TCP{off=21}': column 12: off counts octets in steps of 4");
	fails("IP/TCP extra",
	      "probe 'IP/TCP extra': column 8: expected '/' and a layer, or the end");
	fails(
	    "IP/MSSS",
	    "probe 'IP/MSSS': column 4: 'MSSS' is not a layer (TCP, ICMP, RAW, MSS, WS, SACKP, TS, "
	    "SACK, NOP, EOL, MD5, TFO, UTO, OPT, OCTETS, MPCAPABLE, MPJOIN, DSS, ADDADDR, RMADDR, "
	    "MPPRIO, MPFAIL, FASTCLOSE, MPRST)");
	fails("IP/TCP{dst=443,dst=444}",
	      "probe 'IP/TCP{dst=443,dst=444}': column 16: dst is given twice");
	fails("IP{ttl=1,TTL=1}", "probe 'IP{ttl=1,TTL=1}': column 10: ttl is given twice");
	fails("IP{src=::1,src=::1}", "probe 'IP{src=::1,src=::1}': column 12: src is given twice");
	fails("IP/TCP/MSS(1){v=2}", "probe 'IP/TCP/MSS(1){v=2}': column 15: v is given twice");
	fails("IP/TCP/MPPRIO{backup,backup=0}",
	      "probe 'IP/TCP/MPPRIO{backup,backup=0}': column 22: backup is given twice");
	fails("", "probe '': column 1: expected IP or IPV6 as the first layer, not ''");
}

static void test_too_large(void **state)
{
	char text[3200] = "IP/TCP/RAW(x";
	struct notation n;
	struct error err;

	(void)state;
	memset(text + 12, '0', 2 * 1480);
	strcpy(text + 12 + 2 * 1480, ")");
	assert_int_equal(notation_parse(&n, text, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "the IPv4 packet has 1520 octets, more than 1500"));
}

/* Prints, reads, finishes and compares. */
static void leads_back(const uint8_t *octets, size_t len, const char *expected)
{
	struct packet p;
	struct notation n;
	struct error err = {0};
	struct buf text = {0};
	char hex[2 * PROBE_OCTETS_MAX + 1];
	uint8_t *back;
	size_t back_len;

	assert_int_equal(packet_parse(&p, span_of(octets, len)), 0);
	notation_print(&text, &p);
	hex_of(octets, len, hex);
	if (notation_parse(&n, buf_text(&text), &err) != 0)
		fail_msg("%s\nof %s\n%s", buf_text(&text), hex, err.text);
	back = p.ip.version == 4 ? n.octets4 : n.octets6;
	back_len = p.ip.version == 4 ? n.len4 : n.len6;
	notation_finish(&n, back, back_len);
	if (back_len != len || memcmp(back, octets, len) != 0) {
		char other[2 * PROBE_OCTETS_MAX + 1];

		hex_of(back, back_len, other);
		fail_msg("%s\nsent %s\nback %s", buf_text(&text), hex, other);
	}
	if (expected)
		assert_string_equal(buf_text(&text), expected);
	buf_fini(&text);
}

static void prints(const char *notation, const char *expected)
{
	struct notation n;
	struct error err;
	bool v4;

	if (notation_parse(&n, notation, &err) != 0)
		fail_msg("%s", err.text);
	v4 = n.len4 > 0;
	notation_finish(&n, v4 ? n.octets4 : n.octets6, v4 ? n.len4 : n.len6);
	leads_back(v4 ? n.octets4 : n.octets6, v4 ? n.len4 : n.len6, expected);
}

static void prints_itself(const char *notation)
{
	prints(notation, notation);
}

static void test_print(void **state)
{
	(void)state;
	prints_itself("IP/TCP{dst=443}/MSS(1460)/SACKP/TS/WS(7)/MPCAPABLE{v=1}");
	prints_itself("IP{id=0x1234,src=192.0.2.7,dst=203.0.113.80}/TCP{src=40001,dst=443,seq=7}");
	prints_itself("IPV6{dscp=0x0a,src=2001:db8::7,dst=2001:db8::80}/TCP{flags=SEC}");
	prints_itself("IP/TCP{ack=5}");
	prints_itself("IP/TCP{ack=5,flags=S}");
	prints_itself("IP/TCP{flags=0x000}/EOL/EOL/EOL/EOL");
	prints_itself("IP/TCP/NOP/NOP/TS(1)/EOL/OCTETS(x0405b4)");
	prints("IP/TCP/WS(7)/EOL", "IP/TCP/WS(7)");
	prints_itself("IP/TCP/OPT(2,x05)/OCTETS(x1e)");
	prints_itself("IP/TCP/OPT(30,xff00)");
	prints_itself("IP/TCP/DSS{ack=0x00000001,dsn8=0x0000000000000002,ssn=3,len=4,fin=1}");
	prints_itself("IP/TCP/ADDADDR{id=2,addr=10.0.0.1,hmac=x0011223344556677}/RMADDR(1,2)");
	prints_itself("IP/TCP{off=24,chksum=0x1234}/RAW(x00)");
	prints_itself("IP{len=60}/TCP");
	prints_itself("IP{ihl=24,proto=6}/RAW(x01010101)");
	prints_itself("IP/ICMP{rest=0x00010002}/RAW(x6869)");
	prints_itself("IP");
}

/* --- Random packets --- */

static void fill(struct rng *r, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)rng_u32(r);
}

/* Options of random kinds, mostly well-formed, then anything. */
static size_t random_area(struct rng *r, uint8_t area[40])
{
	static const uint8_t KINDS[][2] = {
	    {0, 1},   {1, 1},	{2, 4},	  {3, 3},   {4, 2},   {5, 10},	{8, 10},
	    {19, 18}, {28, 4},	{30, 3},  {30, 4},  {30, 12}, {30, 16}, {30, 20},
	    {30, 22}, {30, 24}, {30, 26}, {30, 28}, {30, 30}, {30, 8},	{30, 10},
	    {30, 18}, {34, 2},	{34, 10}, {254, 6}, {2, 3},   {8, 12},	{7, 2},
	};
	size_t len = rng_below(r, 11) * 4, at = 0;

	fill(r, area, 40);
	while (at < len && rng_below(r, 12)) {
		const uint8_t *k = KINDS[rng_below(r, sizeof KINDS / sizeof *KINDS)];

		area[at] = k[0];
		if (k[1] > 1 && at + 1 < len)
			area[at + 1] = k[1];
		if (k[0] == 30 && at + 3 < len && rng_below(r, 4)) {
			area[at + 2] = (uint8_t)(rng_below(r, 9) << 4 | rng_below(r, 2));
			area[at + 3] &= 0x1f;
		}
		at += k[1];
	}
	if (at < len && rng_below(r, 2))
		memset(area + at, 0, len - at);
	return len;
}

static size_t random_packet(struct rng *r, uint8_t *out)
{
	bool v6 = rng_below(r, 2);
	size_t ip = v6 ? 40 : 20, len, payload = rng_below(r, 3) ? 0 : rng_below(r, 60);

	fill(r, out, ip + 20);
	out[0] = v6 ? (uint8_t)(0x60 | (out[0] & 15)) : 0x45;
	len = ip + 20 + random_area(r, out + ip + 20);
	out[ip + 12] = (uint8_t)((len - ip) / 4 << 4 | (out[ip + 12] & 15));
	fill(r, out + len, payload);
	len += payload;
	store_u16(out + (v6 ? 4 : 2), (uint16_t)(v6 ? len - 40 : len));
	out[v6 ? 6 : 9] = rng_below(r, 8) ? 6 : (uint8_t)(v6 ? 58 : 1);
	if (!v6)
		store_u16(out + 6, rng_below(r, 8) ? 0x4000 : (uint16_t)rng_u32(r));
	packet_fix_checksums(out, len);
	/* Spoilt here and there, cut now and then. */
	for (size_t n = rng_below(r, 4) ? 0 : 3; n > 0; n--)
		out[1 + rng_below(r, (uint32_t)len - 1)] = (uint8_t)rng_u32(r);
	return rng_below(r, 6) ? len : ip + rng_below(r, (uint32_t)(len - ip) + 1);
}

static void test_random_packets_lead_back(void **state)
{
	const char *text = getenv("MBOXTRACE_SEED");
	struct rng r;
	uint8_t octets[256];

	(void)state;
	rng_seed(&r, text ? strtoull(text, NULL, 0) : 4711);
	printf("MBOXTRACE_SEED=%llu\n", (unsigned long long)r.state);
	for (size_t i = 0; i < 40000; i++) {
		size_t len = random_packet(&r, octets);

		leads_back(octets, len, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_default_probe),   cmocka_unit_test(test_as_tracebox_writes_it),
	    cmocka_unit_test(test_one_family_only), cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_options),	    cmocka_unit_test(test_icmp),
	    cmocka_unit_test(test_mistakes),	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_print),	    cmocka_unit_test(test_random_packets_lead_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
