/* Each box, as the next router's quote shows its work. */
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

/* The box makes `options` of OPTIONS, with sound checksums and lengths. */
static void assert_makes(const char *box, const char *params, const char *options)
{
	char hex[2 * TCP_OPTIONS_MAX + 1];
	struct packet quote;
	struct rig rig;

	quote = quoted(&rig, box, params);
	assert_string_equal(rig_options(&quote, hex), options);
	assert_true(quote.have & PACKET_HAS_ALL);
	assert_int_equal(quote.ip.length, 40 + strlen(options) / 2);
	assert_int_equal(quote.tcp.header_len, 20 + strlen(options) / 2);
	assert_sound(&quote);
	rig_fini(&rig);
}

static void strip(void **state)
{
	(void)state;
	assert_makes("strip", "subtype=mp_capable", "020405b40402080a0000000a0000000001030307");
	assert_makes("strip", "kind=mptcp how=nop",
		     "020405b40402080a0000000a000000000101010101030307");
	assert_makes("strip", "kind=30 how=eol",
		     "020405b40402080a0000000a000000000000000001030307");
	assert_makes("strip", "kind=mptcp how=cut", "020405b40402080a0000000a00000000");
	assert_makes("strip", "kind=unknown", "020405b40402080a0000000a0000000001030307");
	assert_makes("strip", "kind=any", "01000000");
	/* two octets go: the rest moves up and is padded */
	assert_makes("strip", "kind=sack_perm", "020405b4080a0000000a000000001e040101010303070000");
	/* not these */
	assert_makes("strip", "subtype=mp_join", OPTIONS);
	assert_makes("strip", "kind=mptcp direction=reverse", OPTIONS);
	assert_makes("strip", "kind=mptcp segments=synack", OPTIONS);
}

static void strip_on_the_way_back(void **state)
{
	struct packet p = rig_syn(OPTIONS, 64);
	struct rig rig;

	(void)state;
	rig_path(&rig, 2, 1, "strip", "kind=mptcp direction=reverse");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_null(tcp_option_find(&rig.packet.tcp.options, TCP_OPT_MPTCP, -1));
	assert_non_null(tcp_option_find(&rig.packet.tcp.options, TCP_OPT_TIMESTAMP, -1));
	assert_int_equal(rig.packet.tcp.checksum, packet_transport_checksum(&rig.packet));
	rig_fini(&rig);
}

static void reorder(void **state)
{
	(void)state;
	assert_makes("reorder", "kind=mptcp to=first",
		     "1e040101020405b40402080a0000000a0000000001030307");
	assert_makes("reorder", "kind=mss to=last",
		     "0402080a0000000a000000001e04010101030307020405b4");
	assert_makes("reorder", "kind=fastopen", OPTIONS);
}

static void add(void **state)
{
	(void)state;
	assert_makes("add", "kind=76 length=4 fill=171", OPTIONS "4c04abab");
	assert_makes("add", "kind=254 length=3", OPTIONS "fe030000");
	assert_makes("add", "kind=mss", OPTIONS);
	assert_makes("add", "kind=254 length=40", OPTIONS); /* no room */
}

static void option_set(void **state)
{
	(void)state;
	assert_makes("option_set", "kind=wscale value=2",
		     "020405b40402080a0000000a000000001e04010101030302");
	assert_makes("option_set", "kind=timestamp value=255",
		     "020405b40402080a000000ff000000001e04010101030307");
	assert_makes("option_set", "kind=mptcp at=1 width=1 value=129",
		     "020405b40402080a0000000a000000001e04018101030307");
	assert_makes("option_set", "kind=sack_perm value=1", OPTIONS); /* it has no body */
}

static void mss_clamp(void **state)
{
	(void)state;
	assert_makes("mss_clamp", "max=1400",
		     "02040578"
		     "0402080a0000000a000000001e04010101030307");
	assert_makes("mss_clamp", "max=1460", OPTIONS);
	assert_makes("mss_clamp", "max=9000 insert=true", OPTIONS);
}

static void mss_insert(void **state)
{
	struct packet p = rig_syn("0402"
				  "0101",
				  2),
		      quote;
	char hex[2 * TCP_OPTIONS_MAX + 1];
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 1, "mss_clamp", "max=536 insert=true");
	assert_true(rig_ask(&rig, &p));
	quote = rig_quote(&rig);
	assert_string_equal(rig_options(&quote, hex), "0204021804020101");
	assert_sound(&quote);
	rig_fini(&rig);
}

static void set_fields(void **state)
{
	static const struct {
		const char *params;
		enum field field;
		uint64_t value;
	} rows[] = {
	    {"field=ip.dsfield.ecn value=3", FIELD_IP4_ECN, 3},
	    {"field=ip.dsfield.dscp value=8", FIELD_IP4_DSCP, 8},
	    {"field=ip.id value=0", FIELD_IP4_ID, 0},
	    {"field=tcp.window_size_value value=100", FIELD_TCP_WINDOW, 100},
	    {"field=tcp.flags value=194", FIELD_TCP_FLAGS, 194},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct value value;
		struct packet quote;
		struct rig rig;

		quote = quoted(&rig, "set", rows[i].params);
		assert_true(field_read(&quote, rows[i].field, &value));
		assert_int_equal(value.number, rows[i].value);
		assert_sound(&quote);
		rig_fini(&rig);
	}
}

static void set_means_the_twin_in_ipv6(void **state)
{
	struct packet p = rig_syn6(OPTIONS, 2);
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 1, "set", "field=ip.dsfield.dscp value=46");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig_quote(&rig).ip.dscp, 46);
	rig_fini(&rig);
}

/* A box that updates checksums incrementally leaves a wrong one as wrong as it was. */
static void wrong_checksums_stay_wrong(void **state)
{
	struct packet p = rig_syn(OPTIONS, 2), quote;
	uint8_t octets[200];
	struct rig rig;
	int len;

	(void)state;
	rig_path(&rig, 3, 1, "mss_clamp", "max=1400");
	len = packet_build(&p, PACKET_FIX_ALL, octets, sizeof(octets));
	octets[36] ^= 0x40;
	rig_send_octets(&rig, octets, (size_t)len);
	assert_true(rig_next(&rig));
	quote = rig_quote(&rig);
	assert_int_equal(quote.tcp.checksum ^ packet_transport_checksum(&quote), 0x4000);
	rig_fini(&rig);
}

static void ttl_set(void **state)
{
	struct packet p = rig_syn(OPTIONS, 2), one = rig_syn(OPTIONS, 1);
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 1, "ttl_set", "min=16");
	assert_true(rig_ask(&rig, &p)); /* gets through to the target */
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_true(rig_ask(&rig, &one)); /* router 1 stands before it */
	assert_int_equal(rig.error.kind, ICMP_KIND_TIME_EXCEEDED);
	rig_fini(&rig);
}

static bool passes(const char *box, const char *params, const char *options, uint8_t ecn)
{
	struct packet p = rig_syn(options, 64);
	struct rig rig;
	bool answered;

	p.ip.ecn = ecn;
	rig_path(&rig, 2, 1, box, params);
	answered = rig_ask(&rig, &p) && rig.packet.tcp.flags == (TCP_SYN | TCP_ACK);
	rig_fini(&rig);
	return answered;
}

static void drop(void **state)
{
	(void)state;
	assert_false(passes("drop", "kind=mptcp", OPTIONS, 0));
	assert_true(passes("drop", "kind=mptcp", "020405b4", 0));
	assert_true(passes("drop", "subtype=mp_join", OPTIONS, 0));
	assert_false(passes("drop", "kind=unknown", "fe040000", 0));
	assert_true(passes("drop", "kind=unknown",
			   "0204"
			   "05b40402"
			   "0101",
			   0));
	assert_false(passes("drop", "on=ecn", "", 2));
	assert_true(passes("drop", "on=ecn", "", 0));
	assert_false(passes("drop", "on=all segments=synack direction=reverse", "", 0));
	assert_true(passes("drop", "on=all port=80", "", 0));
}

static void reset(void **state)
{
	struct packet p = rig_syn(OPTIONS, 2), low = rig_syn(OPTIONS, 1);
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 1, "reset", "kind=mptcp");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_RST | TCP_ACK);
	assert_int_equal(rig.packet.tcp.ack, 0x01020305);
	assert_true(rig_is(&rig.packet.ip.src, RIG_TARGET));
	assert_int_equal(rig.packet.ip.ttl, 63);
	assert_true(rig_ask(&rig, &low));
	assert_int_equal(rig.error.kind, ICMP_KIND_TIME_EXCEEDED);
	rig_fini(&rig);
}

static void reject(void **state)
{
	struct packet p = rig_syn(OPTIONS, 2), plain = rig_syn("", 64);
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 1, "reject", "kind=mptcp from=198.51.100.1");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.error.kind, ICMP_KIND_UNREACHABLE);
	assert_int_equal(rig.error.code, 13);
	assert_int_equal(rig.error.quote.len, rig.sent_len);
	assert_int_equal(rig.packet.icmp.checksum, packet_transport_checksum(&rig.packet));
	assert_true(rig_ask(&rig, &plain));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	rig_fini(&rig);
}

static void mirror(void **state)
{
	struct packet p = rig_syn(OPTIONS, 2);
	char hex[2 * TCP_OPTIONS_MAX + 1];
	struct rig rig;

	(void)state;
	rig_path(&rig, 3, 1, "mirror", "mode=answer");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(rig.packet.tcp.ack, 0x01020305);
	assert_string_equal(rig_options(&rig.packet, hex), OPTIONS);
	rig_fini(&rig);
	rig_path(&rig, 3, 1, "mirror", "mode=edit");
	p.ip.ttl = 64;
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_string_equal(rig_options(&rig.packet, hex), OPTIONS);
	assert_int_equal(rig.packet.tcp.checksum, packet_transport_checksum(&rig.packet));
	assert_int_equal(lab_half_open(rig.lab), 1); /* it was the target's */
	rig_fini(&rig);
}

static void proxy(void **state)
{
	struct packet p = rig_syn(OPTIONS, 2), again;
	struct rig rig;
	uint32_t isn;

	(void)state;
	rig_path(&rig, 3, 1, "proxy", "mptcp=v1 mss=1200 ttl=128");
	assert_true(rig_ask(&rig, &p));
	assert_int_equal(rig.packet.tcp.flags, TCP_SYN | TCP_ACK);
	assert_true(rig_is(&rig.packet.ip.src, RIG_TARGET));
	assert_int_equal(rig.packet.ip.ttl, 127);
	assert_non_null(tcp_option_find(&rig.packet.tcp.options, TCP_OPT_MPTCP, MPTCP_CAPABLE));
	isn = rig.packet.tcp.seq;
	again = rig_syn(OPTIONS, 64);
	assert_true(rig_ask(&rig, &again));
	assert_int_equal(rig.packet.tcp.seq, isn); /* as a retransmission gets it */
	assert_int_equal(lab_half_open(rig.lab), 0);
	rig_fini(&rig);
}

static int set_text(struct box *box, const char *key, const char *text, struct error *err)
{
	struct box_value value = {.type = BOX_VALUE_TEXT, .text = text};

	return box_set(box, key, &value, err);
}

static void errors_say_what_was_expected(void **state)
{
	struct box_value big = {.type = BOX_VALUE_INT, .number = 70000};
	struct error err;
	struct box *box = box_new("strip", &err);

	(void)state;
	assert_int_equal(set_text(box, "how", "nopp", &err), ERR_USAGE);
	assert_string_equal(err.text,
			    "box 'strip': how = 'nopp': expected remove, nop, eol or cut");
	assert_int_equal(set_text(box, "hwo", "nop", &err), ERR_USAGE);
	assert_string_equal(err.text, "box 'strip': 'hwo' is no parameter: expected kind, subtype, "
				      "direction, segments, how, after_octets or after_ms");
	assert_int_equal(box_ready(box, &err), ERR_USAGE);
	assert_string_equal(err.text, "box 'strip': no option named: expected kind or subtype");
	box_free(box);
	box = box_new("mss_clamp", &err);
	assert_int_equal(box_set(box, "max", &big, &err), ERR_USAGE);
	assert_string_equal(
	    err.text, "box 'mss_clamp': max = 70000: expected a whole number from 0 to 65535");
	box_free(box);
	assert_null(box_new("stripp", &err));
	assert_non_null(strstr(err.text, "box 'stripp': expected strip, set,"));
}

/* A row for everybody in the list: names, summaries and help are there. */
static void every_box_is_documented(void **state)
{
	(void)state;
	for (const struct box_ops *const *b = box_list(); *b; b++) {
		assert_ptr_equal(box_find((*b)->name), *b);
		assert_true(strlen((*b)->summary) > 10);
		for (const struct box_param *p = (*b)->params; p->name; p++)
			assert_true(strlen(p->help) > 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strip),
	    cmocka_unit_test(strip_on_the_way_back),
	    cmocka_unit_test(reorder),
	    cmocka_unit_test(add),
	    cmocka_unit_test(option_set),
	    cmocka_unit_test(mss_clamp),
	    cmocka_unit_test(mss_insert),
	    cmocka_unit_test(set_fields),
	    cmocka_unit_test(set_means_the_twin_in_ipv6),
	    cmocka_unit_test(wrong_checksums_stay_wrong),
	    cmocka_unit_test(ttl_set),
	    cmocka_unit_test(drop),
	    cmocka_unit_test(reset),
	    cmocka_unit_test(reject),
	    cmocka_unit_test(mirror),
	    cmocka_unit_test(proxy),
	    cmocka_unit_test(errors_say_what_was_expected),
	    cmocka_unit_test(every_box_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
