/* The diff on the cases that matter by name: both packets in the notation, the outcome as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/diff_pair.h"

static void test_unchanged(void **state)
{
	struct pair p;

	(void)state;
	differs(PROBE, PROBE, "");
	differs(IP_ TCP_, "IP{src=192.0.2.7,dst=203.0.113.80,id=0x1234,dscp=0x0a,ttl=1}" TCP_, "");
	pair_make(&p, PROBE, PROBE);
	pair_diff(&p, ALL);
	assert_int_equal(p.d.options_seen, 0x3f); /* with the EOL behind */
	assert_true(p.d.options_complete);
	assert_true(p.d.payload_seen);
	assert_true(p.d.fields_seen & FIELD_BIT(FIELD_TCP_URGENT));
}

static void test_fields(void **state)
{
	(void)state;
	differs(PROBE,
		"IP{src=198.51.100.1,dst=203.0.113.80,id=0,dscp=0,ecn=1,df=0,ttl=9}"
		"/TCP{src=5,dst=443,seq=77,flags=SEC,win=8192,urg=3,res=1}"
		"/MSS(1460)/SACKP/TS(1,0)/WS(7)/MPCAPABLE{v=1}",
		"ip.dsfield.dscp rewritten 0x0a -> 0x00\n"
		"ip.dsfield.ecn rewritten 0x00 -> 0x01\n"
		"ip.id rewritten 0x1234 -> 0x0000\n"
		"ip.flags.df rewritten 1 -> 0\n"
		"ip.src rewritten 192.0.2.7 -> 198.51.100.1\n"
		"tcp.srcport rewritten 40001 -> 5\n"
		"tcp.seq rewritten 1000 -> 77\n"
		"tcp.flags.res rewritten 0x00 -> 0x01\n"
		"tcp.flags rewritten 0x002 -> 0x0c2\n"
		"tcp.window_size_value rewritten 65535 -> 8192\n"
		"tcp.urgent_pointer rewritten 0 -> 3");
	differs("IP{src=2001:db8::7,dst=2001:db8::80,flow=5,dscp=0x0a}" TCP_,
		"IP{src=2001:db8::7,dst=2001:db8::80,flow=6,ecn=3,ttl=3}" TCP_,
		"ipv6.tclass.dscp rewritten 0x0a -> 0x00\n"
		"ipv6.tclass.ecn rewritten 0x00 -> 0x03\n"
		"ipv6.flow rewritten 0x00005 -> 0x00006");
}

static void test_removed(void **state)
{
	(void)state;
	differs(PROBE, IP_ TCP_ "/MSS(1460)/SACKP/TS(1,0)/WS(7)",
		"tcp.options.mptcp.mp_capable removed 1e040101");
	differs(IP_ TCP_ "/MSS/MPCAPABLE/SACKP/TS/WS", IP_ TCP_ "/MSS/SACKP/TS/WS",
		"tcp.options.mptcp.mp_capable removed 1e040101");
	/* The data offset kept, the rest filled up. */
	differs(IP_ TCP_ "/MSS/MPCAPABLE/SACKP/TS/NOP/NOP",
		IP_ TCP_ "/MSS/SACKP/TS/NOP/NOP/EOL/EOL/EOL/EOL",
		"tcp.options.mptcp.mp_capable removed 1e040101");
	/* As many octets as an IP header has, which is not a router's way with lengths. */
	differs(IP_ TCP_ "/MSS/MPCAPABLE{skey=1,rkey=2}", IP_ TCP_ "/MSS",
		"tcp.options.mptcp.mp_capable removed 1e14010100000000000000010000000000000002");
	differs(PROBE, IP_ TCP_,
		"tcp.options.mss_val removed 020405b4\n"
		"tcp.options.sack_perm removed 0402\n"
		"tcp.options.timestamp removed 080a0000000100000000\n"
		"tcp.options.wscale.shift removed 030307\n"
		"tcp.options.mptcp.mp_capable removed 1e040101");
}

static void test_one_of_two_alike(void **state)
{
	(void)state;
	differs(IP_ TCP_ "/MPCAPABLE/MSS/MPCAPABLE{v=0}", IP_ TCP_ "/MSS/MPCAPABLE{v=0}",
		"tcp.options.mptcp.mp_capable removed 1e040101");
	differs(IP_ TCP_ "/MPCAPABLE{v=0}/MSS/MPCAPABLE{v=0,skey=2}",
		IP_ TCP_ "/MPCAPABLE{v=0}/MSS",
		"tcp.options.mptcp.mp_capable removed 1e0c00010000000000000002");
	differs(IP_ TCP_ "/MPCAPABLE/MPJOIN", IP_ TCP_ "/MPCAPABLE",
		"tcp.options.mptcp.mp_join removed 1e0c10000000000000000000");
}

static void test_blanked(void **state)
{
	(void)state;
	/* As nftables' "reset tcp option mptcp". */
	differs(PROBE, IP_ TCP_ "/MSS(1460)/SACKP/TS(1,0)/WS(7)/NOP/NOP/NOP/NOP",
		"tcp.options.mptcp.mp_capable blanked 1e040101");
	differs(PROBE, IP_ TCP_ "/MSS(1460)/NOP/NOP/TS(1,0)/WS(7)/MPCAPABLE{v=1}",
		"tcp.options.sack_perm blanked 0402");
	/* NOPs of the sender's own that moved up are not a blanked option. */
	differs(IP_ TCP_ "/MSS/SACKP/NOP/NOP/TS/NOP/NOP", IP_ TCP_ "/MSS/NOP/NOP/TS/NOP/NOP",
		"tcp.options.sack_perm removed 0402");
}

static void test_truncated(void **state)
{
	(void)state;
	/* An EOL on the option's kind; all else stays, but nobody reads it. */
	differs(IP_ TCP_ "/MSS(1460)/MPCAPABLE/SACKP/TS(1,0)/NOP/NOP",
		IP_ TCP_ "/MSS(1460)/EOL/OCTETS(x0401010402080a00000001000000000101)",
		"tcp.options.mptcp.mp_capable truncated 1e040101\n"
		"tcp.options.sack_perm truncated 0402\n"
		"tcp.options.timestamp truncated 080a0000000100000000");
	differs(PROBE, IP_ TCP_ "/MSS(1460)/SACKP/TS(1,0)/WS(7)/EOL/EOL/EOL/EOL/EOL",
		"tcp.options.mptcp.mp_capable truncated 1e040101");
	/* NOPs behind an EOL blank nothing. */
	differs(IP_ TCP_ "/WS/NOP/MPCAPABLE", IP_ TCP_ "/WS/EOL/OCTETS(x01010101)",
		"tcp.options.mptcp.mp_capable truncated 1e040101");
	/* The data offset alone lowered: the option has become payload. */
	differs(IP_ TCP_ "/MSS(1460)/MPCAPABLE", IP_ TCP_ "/MSS(1460)/RAW(x1e040101)",
		"tcp.options.mptcp.mp_capable truncated 1e040101");
	/* An area that ends amid an option. */
	differs(IP_ TCP_ "/MSS(1460)/MPCAPABLE{v=0}/SACKP",
		IP_ TCP_ "/MSS(1460)/OCTETS(x1e0c000101020304)",
		"tcp.options.mptcp.mp_capable truncated 1e0c00010102030405060708\n"
		"tcp.options.sack_perm truncated 0402");
}

static void test_reordered_and_added(void **state)
{
	(void)state;
	differs(IP_ TCP_ "/MPCAPABLE/MSS(1460)/SACKP/WS(7)/TS(1)",
		IP_ TCP_ "/MSS(1460)/SACKP/WS(7)/TS(1)/MPCAPABLE",
		"tcp.options.mptcp.mp_capable reordered");
	/* What was rewritten where it stands is not what moved. */
	differs(IP_ TCP_ "/MPCAPABLE/MSS(1460)", IP_ TCP_ "/MSS(1380)/MPCAPABLE",
		"tcp.options.mptcp.mp_capable reordered\n"
		"tcp.options.mss_val rewritten 1460 -> 1380");
	differs(IP_ TCP_ "/MPCAPABLE/MSS(1460)/WS(7)/SACKP",
		IP_ TCP_ "/MSS(1380)/WS(2)/MPCAPABLE/SACKP",
		"tcp.options.mptcp.mp_capable reordered\n"
		"tcp.options.mss_val rewritten 1460 -> 1380\n"
		"tcp.options.wscale.shift rewritten 7 -> 2");
	differs(IP_ TCP_ "/MPCAPABLE/MSS(1460)/WS(7)/SACKP", IP_ TCP_ "/WS(7)/MPCAPABLE/SACKP",
		"tcp.options.mptcp.mp_capable reordered\n"
		"tcp.options.mss_val removed 020405b4");
	differs(IP_ TCP_ "/SACKP", IP_ TCP_ "/MSS(1400)/SACKP",
		"tcp.options.mss_val added 02040578");
	/* Padding is not a change. */
	differs(IP_ TCP_ "/NOP/NOP/TS(1)", IP_ TCP_ "/TS(1)/NOP/NOP", "");
	differs(IP_ TCP_ "/TS(1)", IP_ TCP_ "/NOP/NOP/TS(1)/NOP/NOP/NOP/NOP", "");
}

static void test_rewritten(void **state)
{
	(void)state;
	differs(PROBE, IP_ TCP_ "/MSS(1380)/SACKP/TS(9,8)/WS(2)/MPCAPABLE{v=1,flags=0x81}",
		"tcp.options.mss_val rewritten 1460 -> 1380\n"
		"tcp.options.timestamp.tsval rewritten 1 -> 9\n"
		"tcp.options.timestamp.tsecr rewritten 0 -> 8\n"
		"tcp.options.wscale.shift rewritten 7 -> 2\n"
		"tcp.options.mptcp.mp_capable rewritten 1e040101 -> 1e040181");
	differs(IP_ TCP_ "/OPT(254,xdead)", IP_ TCP_ "/OPT(254,xbeef)",
		"tcp.options.kind_254 rewritten fe04dead -> fe04beef");
	differs(IP_ TCP_ "/OPT(254,xdead)", IP_ TCP_ "/OPT(253,xdead)",
		"tcp.options.kind_254 removed fe04dead\ntcp.options.kind_253 added fd04dead");
}

static void test_payload(void **state)
{
	(void)state;
	differs(PROBE "/RAW(\"hello\")", PROBE "/RAW(\"heLLo\")",
		"tcp.payload rewritten 6c6c6f -> 4c4c6f");
	differs(PROBE "/RAW(\"hello\")", PROBE "/RAW(\"he\")", "tcp.payload truncated 6c6c6f -> ");
	differs(PROBE, PROBE "/RAW(\"hi\")", "tcp.payload rewritten  -> 6869");
}

static void test_icmp_probe(void **state)
{
	(void)state;
	differs(IP_ "/ICMP{rest=0x00010002}", IP_ "/ICMP{rest=0x00050002}",
		"icmp.rest rewritten 0x00010002 -> 0x00050002");
	differs("IPV6/ICMP{rest=0x00010002}/RAW(x00)", "IPV6/ICMP{rest=0x00010002}/RAW(x00)", "");
}

/* What a quote does not reach it does not witness. */
static void test_short_quotes(void **state)
{
	struct pair p;

	(void)state;
	pair_make(&p, PROBE, IP_ "/TCP{src=40001,dst=443,seq=1000,win=1}/MSS(1380)/NOP/WS");
	pair_diff(&p, 28);
	pair_says(&p, "ip.len rewritten 64 -> 48");
	assert_int_equal(p.d.checksum, CHECKSUM_UNSEEN);
	assert_int_equal(p.d.options_seen, 0);
	assert_false(p.d.fields_seen & FIELD_BIT(FIELD_TCP_WINDOW));
	assert_false(p.d.complete || p.d.options_complete || p.d.payload_seen);
	pair_diff(&p, 40);
	pair_says(&p, "tcp.window_size_value rewritten 65535 -> 1\ntcp.hdr_len rewritten 44 -> 28");
	assert_int_equal(p.d.options_seen, 0);

	pair_make(&p, PROBE, IP_ TCP_ "/MSS(1380)/SACKP/TS(1,0)/WS(7)/MPCAPABLE{v=1}");
	pair_diff(&p, 45); /* MSS, and the kind of SACKP */
	pair_says(&p, "tcp.options.mss_val rewritten 1460 -> 1380");
	assert_int_equal(p.d.options_seen, 1);
	pair_make(&p, PROBE, IP_ TCP_ "/MSS(1460)/TS(1,0)/WS(7)/MPCAPABLE{v=1}");
	pair_diff(&p, 56); /* SACKP may still come */
	pair_says(&p, "");
	assert_int_equal(p.d.options_seen, 5);
}

/* --- Questions about the outcome --- */

static void test_reaches_and_find(void **state)
{
	struct pair full, cut;
	const struct change *c;

	(void)state;
	pair_make(&full, PROBE,
		  IP_ "/TCP{src=1,dst=443,seq=1000,win=1}/MSS(1460)/SACKP/WS(7)/OPT(7)");
	pair_diff(&full, ALL);
	pair_make(&cut, PROBE, PROBE);
	pair_diff(&cut, 44);
	assert_int_equal(full.d.count, 5); /* port, window, TS, MPCAPABLE, kind 7 */
	assert_true(diff_reaches(&cut.d, &full.d.changes[0]));
	assert_true(diff_reaches(&cut.d, &full.d.changes[1]));
	for (size_t i = 2; i < 5; i++)
		assert_false(diff_reaches(&cut.d, &full.d.changes[i]));
	for (size_t i = 0; i < 5; i++) {
		assert_ptr_equal(diff_find(&full.d, &full.d.changes[i]), &full.d.changes[i]);
		assert_null(diff_find(&cut.d, &full.d.changes[i]));
	}
	c = &full.d.changes[3];
	assert_string_equal(c->field, "tcp.options.mptcp.mp_capable");
	assert_int_equal(c->option, 4);
	assert_string_equal(change_kind_name(c->kind), "removed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unchanged),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_removed),
	    cmocka_unit_test(test_one_of_two_alike),
	    cmocka_unit_test(test_blanked),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_reordered_and_added),
	    cmocka_unit_test(test_rewritten),
	    cmocka_unit_test(test_payload),
	    cmocka_unit_test(test_icmp_probe),
	    cmocka_unit_test(test_short_quotes),
	    cmocka_unit_test(test_reaches_and_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
