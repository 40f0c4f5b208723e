/* Boxes that work on streams, driven by hand: a segment in, segments out. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/hex.h"
#include "support/rig.h"

#define OUT_MAX 16
#define ISN	1000u /* the client's; its data starts with 1001 */
#define ISN2	7000u /* the server's */

/* DSS, 4-octet DSN 1, SSN 1, length 8: DSS{dsn=1,ssn=1,len=8} */
#define DSS1                                                                                       \
	"1e0e20040000000100000001000800"                                                           \
	"00"
/* DSS, 4-octet DSN 9, SSN 9, length 8 */
#define DSS9                                                                                       \
	"1e0e20040000000900000009000800"                                                           \
	"00"
/* TS(5,6)/NOP/NOP */
#define TS "080a00000005000000060101"

struct stage {
	struct box *box;
	struct rng rng;
	int64_t now_ns;
	size_t count;
	struct box_packet out[OUT_MAX];
	struct packet seen[OUT_MAX];
};

static void collect(void *context, const struct box_packet *packet)
{
	struct stage *s = context;

	assert_true(s->count < OUT_MAX);
	memcpy(&s->out[s->count++], packet, sizeof(*packet));
}

static void stage_parse(struct stage *s)
{
	for (size_t i = 0; i < s->count; i++) {
		assert_int_equal(
		    packet_parse(&s->seen[i], span_of(s->out[i].octets, s->out[i].len)), 0);
		assert_true(s->seen[i].have & PACKET_HAS_ALL);
	}
}

static void stage_open(struct stage *s, const char *name, const char *params)
{
	memset(s, 0, sizeof(*s));
	s->box = box_new(name, NULL);
	assert_non_null(s->box);
	rig_set(s->box, params);
	rng_seed(&s->rng, 1);
	s->now_ns = NS_PER_S;
}

static struct box_io io_of(struct stage *s)
{
	return (struct box_io){
	    .emit = collect, .context = s, .rng = &s->rng, .now_ns = s->now_ns, .path = 3};
}

/* What comes out, passed first, then emitted, as the lab has it. */
static void give(struct stage *s, enum box_direction direction, uint32_t seq, uint32_t ack,
		 unsigned flags, const char *options, const char *data)
{
	struct packet p = rig_syn("", 64);
	struct box_packet in = {.direction = direction, .path = 3};
	struct box_io io = io_of(s);
	uint8_t area[TCP_OPTIONS_MAX];
	struct ip_addr addr = p.ip.src;
	int len;

	if (direction == BOX_REVERSE) {
		p.ip.src = p.ip.dst;
		p.ip.dst = addr;
		p.tcp.src_port = p.tcp.dst_port;
		p.tcp.dst_port = 40001;
	}
	p.tcp.seq = seq;
	p.tcp.ack = ack;
	p.tcp.flags = (uint16_t)flags;
	p.tcp.option_area = span_of(area, hex_octets(options, area, sizeof(area)));
	tcp_options_parse(&p.tcp.options, p.tcp.option_area);
	p.payload = span_of(data, strlen(data));
	len = packet_build(&p, PACKET_FIX_ALL, in.octets, sizeof(in.octets));
	assert_true(len > 0);
	in.len = (size_t)len;
	s->count = 1;
	if (s->box->ops->packet(s->box, &in, &io) == BOX_PASS)
		memcpy(&s->out[0], &in, sizeof(in));
	else if (s->count-- > 1)
		memmove(s->out, s->out + 1, s->count * sizeof(s->out[0]));
	stage_parse(s);
}

/* Time passes, and the box's timers with it. */
static void elapse(struct stage *s, int64_t ns)
{
	int64_t end_ns = s->now_ns + ns, due_ns;
	struct box_io io;

	s->count = 0;
	while ((due_ns = s->box->ops->expiry_ns(s->box)) <= end_ns) {
		s->now_ns = due_ns;
		io = io_of(s);
		s->box->ops->expire(s->box, &io);
	}
	s->now_ns = end_ns;
	stage_parse(s);
}

static void handshake(struct stage *s)
{
	give(s, BOX_FORWARD, ISN, 0, TCP_SYN, "020405b404020101", "");
	give(s, BOX_REVERSE, ISN2, ISN + 1, TCP_SYN | TCP_ACK, "020405b404020101", "");
	give(s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK, "", "");
}

static void data(struct stage *s, uint32_t at, const char *octets)
{
	give(s, BOX_FORWARD, ISN + 1 + at, ISN2 + 1, TCP_ACK, "", octets);
}

static void acknowledge(struct stage *s, uint32_t octets)
{
	give(s, BOX_REVERSE, ISN2 + 1, ISN + 1 + octets, TCP_ACK, "", "");
}

static void assert_data(const struct stage *s, size_t i, uint32_t at, const char *octets)
{
	const struct packet *p = &s->seen[i];

	assert_true(i < s->count);
	assert_int_equal(p->tcp.seq, ISN + 1 + at);
	assert_int_equal(p->payload.len, strlen(octets));
	assert_memory_equal(p->payload.at, octets, strlen(octets));
	assert_int_equal(p->tcp.checksum, packet_transport_checksum(p));
	assert_int_equal(s->out[i].path, 3);
}

static void assert_options(const struct stage *s, size_t i, const char *hex)
{
	char text[2 * TCP_OPTIONS_MAX + 1];

	assert_string_equal(rig_options(&s->seen[i], text), hex);
}

static void split_cuts(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "split", "pieces=3");
	handshake(&s);
	give(&s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK | TCP_PSH | TCP_FIN, DSS1, "abcdefgh");
	assert_int_equal(s.count, 3);
	assert_data(&s, 0, 0, "abc");
	assert_data(&s, 1, 3, "def");
	assert_data(&s, 2, 6, "gh");
	assert_options(&s, 0, DSS1);
	assert_options(&s, 1, DSS1);
	assert_int_equal(s.seen[0].tcp.flags, TCP_ACK);
	assert_int_equal(s.seen[2].tcp.flags, TCP_ACK | TCP_PSH | TCP_FIN);
	data(&s, 8, "x");
	assert_int_equal(s.count, 1);
	box_free(s.box);
}

static void split_spares_options(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "split", "options=first");
	give(&s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK, DSS1, "abcdefgh");
	assert_options(&s, 0, DSS1);
	assert_options(&s, 1, "");
	box_free(s.box);
	stage_open(&s, "split", "options=last");
	give(&s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK, DSS1, "abcdefgh");
	assert_options(&s, 0, "");
	assert_options(&s, 1, DSS1);
	box_free(s.box);
}

static void coalesce_merges(void **state)
{
	static const struct {
		const char *params, *options;
	} rows[] = {
	    {"keep=first", DSS1},
	    {"keep=last", DSS9},
	    {"keep=all", DSS1 DSS9},
	};
	struct stage s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		stage_open(&s, "coalesce", rows[i].params);
		handshake(&s);
		assert_int_equal(s.count, 1);
		give(&s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK, DSS1, "abcdefgh");
		assert_int_equal(s.count, 0);
		give(&s, BOX_FORWARD, ISN + 9, ISN2 + 5, TCP_ACK | TCP_PSH, DSS9, "ijklmnop");
		assert_int_equal(s.count, 0);
		elapse(&s, 2 * NS_PER_MS);
		assert_int_equal(s.count, 1);
		assert_data(&s, 0, 0, "abcdefghijklmnop");
		assert_int_equal(s.seen[0].tcp.ack, ISN2 + 5);
		assert_int_equal(s.seen[0].tcp.flags, TCP_ACK | TCP_PSH);
		if (i < 2)
			assert_options(&s, 0, rows[i].options);
		box_free(s.box);
	}
}

static void coalesce_keeps_order(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "coalesce", "max=4");
	data(&s, 0, "abc");
	data(&s, 5, "fg"); /* not adjacent */
	assert_int_equal(s.count, 1);
	assert_data(&s, 0, 0, "abc");
	give(&s, BOX_FORWARD, ISN + 8, ISN2 + 1, TCP_ACK | TCP_FIN, "", "");
	assert_int_equal(s.count, 2);
	assert_data(&s, 0, 5, "fg");
	assert_int_equal(s.seen[1].tcp.flags, TCP_ACK | TCP_FIN);
	data(&s, 0, "abc");
	data(&s, 3, "def"); /* too long together */
	assert_data(&s, 0, 0, "abc");
	box_free(s.box);
}

static void payload_substitutes(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "payload", "at=2 octets=2 fill=45");
	handshake(&s);
	data(&s, 0, "abc");
	assert_data(&s, 0, 0, "ab-");
	data(&s, 3, "def");
	assert_data(&s, 0, 3, "-ef");
	acknowledge(&s, 6);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 7);
	box_free(s.box);
	stage_open(&s, "payload", "at=0 checksum=false");
	handshake(&s);
	data(&s, 0, "abc");
	assert_int_not_equal(s.seen[0].tcp.checksum, packet_transport_checksum(&s.seen[0]));
	box_free(s.box);
}

static void payload_inserts(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "payload", "mode=insert at=4 octets=3 fill=45");
	handshake(&s);
	data(&s, 0, "abc");
	assert_data(&s, 0, 0, "abc");
	data(&s, 3, "defg");
	assert_data(&s, 0, 3, "d---efg");
	data(&s, 7, "hi");
	assert_data(&s, 0, 10, "hi");
	data(&s, 4, "ef"); /* again, otherwise cut */
	assert_data(&s, 0, 4, "---ef");
	acknowledge(&s, 4);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 5);
	acknowledge(&s, 6); /* in the middle of what was inserted */
	assert_int_equal(s.seen[0].tcp.ack, ISN + 5);
	acknowledge(&s, 12);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 1 + 9);
	/* SACK{1013:1014} */
	give(&s, BOX_REVERSE, ISN2 + 1, ISN + 1 + 7, TCP_ACK, "0101050a000003f5000003f6", "");
	assert_options(&s, 0, "0101050a000003f2000003f3");
	box_free(s.box);
}

static void payload_deletes(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "payload", "mode=delete at=2 octets=3");
	handshake(&s);
	data(&s, 0, "ab");
	acknowledge(&s, 2);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 1 + 2);
	data(&s, 2, "cd"); /* all of it goes */
	assert_data(&s, 0, 2, "");
	acknowledge(&s, 2);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 1 + 4);
	data(&s, 4, "efg");
	assert_data(&s, 0, 2, "fg");
	acknowledge(&s, 4);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 1 + 7);
	box_free(s.box);
}

static void early_ack_acknowledges(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "early_ack", "rto_ms=100");
	handshake(&s);
	give(&s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK, TS, "abcdefgh");
	assert_int_equal(s.count, 2);
	assert_data(&s, 0, 0, "abcdefgh");
	assert_int_equal(s.out[1].direction, BOX_REVERSE);
	assert_int_equal(s.seen[1].tcp.ack, ISN + 9);
	assert_int_equal(s.seen[1].tcp.seq, ISN2 + 1);
	assert_options(&s, 1, "0101080a0000000000000005"); /* TS(0,5) */
	acknowledge(&s, 0);				   /* an older one does not take it back */
	assert_int_equal(s.seen[0].tcp.ack, ISN + 9);
	elapse(&s, 150 * NS_PER_MS);
	assert_int_equal(s.count, 1);
	assert_data(&s, 0, 0, "abcdefgh");
	data(&s, 0, "abcdefgh"); /* sent again by the sender: known */
	assert_int_equal(s.count, 1);
	assert_int_equal(s.out[0].direction, BOX_REVERSE);
	acknowledge(&s, 8);
	elapse(&s, NS_PER_S);
	assert_int_equal(s.count, 0);
	box_free(s.box);
}

static void early_ack_loses(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "early_ack", "lose=2");
	handshake(&s);
	data(&s, 0, "ab");
	assert_int_equal(s.count, 2);
	data(&s, 2, "cd");
	assert_int_equal(s.count, 1); /* the ACK, and nothing else */
	assert_int_equal(s.seen[0].tcp.ack, ISN + 5);
	box_free(s.box);
}

static void hold_holes_orders(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "hold_holes", "");
	handshake(&s);
	data(&s, 4, "ef");
	assert_int_equal(s.count, 0);
	data(&s, 2, "cd");
	assert_int_equal(s.count, 0);
	give(&s, BOX_FORWARD, ISN + 7, ISN2 + 1, TCP_ACK, "", ""); /* no data: passes */
	assert_int_equal(s.count, 1);
	data(&s, 0, "ab");
	assert_int_equal(s.count, 3);
	assert_data(&s, 0, 0, "ab");
	assert_data(&s, 1, 2, "cd");
	assert_data(&s, 2, 4, "ef");
	data(&s, 2, "cd");
	assert_int_equal(s.count, 1); /* a retransmission */
	box_free(s.box);
}

static void rexmit_insists(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "rexmit", "");
	handshake(&s);
	data(&s, 0, "abcd");
	data(&s, 2, "XYef");
	assert_data(&s, 0, 2, "cdef");
	data(&s, 0, "abcdef");
	assert_data(&s, 0, 0, "abcdef");
	box_free(s.box);
	stage_open(&s, "rexmit", "how=drop");
	data(&s, 0, "abcd");
	data(&s, 2, "XYef");
	assert_int_equal(s.count, 0);
	data(&s, 2, "cdef");
	assert_int_equal(s.count, 1);
	box_free(s.box);
}

static void clamp_ack_drops(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "clamp_ack", "");
	handshake(&s);
	data(&s, 0, "abcd");
	acknowledge(&s, 4);
	assert_int_equal(s.count, 1);
	acknowledge(&s, 5);
	assert_int_equal(s.count, 0);
	box_free(s.box);
	stage_open(&s, "clamp_ack", "how=lower");
	handshake(&s);
	acknowledge(&s, 5);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 1);
	assert_int_equal(s.seen[0].tcp.checksum, packet_transport_checksum(&s.seen[0]));
	box_free(s.box);
}

static void window_caps(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "window", "max=4096");
	handshake(&s); /* without window scaling */
	acknowledge(&s, 0);
	assert_int_equal(s.seen[0].tcp.window, 4096);
	assert_int_equal(s.seen[0].tcp.checksum, packet_transport_checksum(&s.seen[0]));
	box_free(s.box);
	stage_open(&s, "window", "max=4096");
	/* WS(2)/NOP and WS(4)/NOP */
	give(&s, BOX_FORWARD, ISN, 0, TCP_SYN, "03030201", "");
	give(&s, BOX_REVERSE, ISN2, ISN + 1, TCP_SYN | TCP_ACK, "03030401", "");
	acknowledge(&s, 0);
	assert_int_equal(s.seen[0].tcp.window, 256);
	data(&s, 0, "a");
	assert_int_equal(s.seen[0].tcp.window, 1024);
	box_free(s.box);
}

static void state_remembers(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "state", "idle_ms=1000");
	data(&s, 0, "a");
	assert_int_equal(s.count, 0);
	handshake(&s);
	data(&s, 0, "a");
	assert_int_equal(s.count, 1);
	s.now_ns += 2 * NS_PER_S;
	acknowledge(&s, 1);
	assert_int_equal(s.count, 0);
	box_free(s.box);
	stage_open(&s, "state", "how=reset");
	data(&s, 0, "a");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.seen[0].tcp.flags, TCP_RST);
	assert_int_equal(s.seen[0].tcp.seq, ISN2 + 1);
	box_free(s.box);
}

static void strip_waits(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "strip", "kind=mptcp after_octets=8");
	handshake(&s);
	give(&s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK, DSS1, "abcdefgh");
	assert_options(&s, 0, DSS1);
	give(&s, BOX_FORWARD, ISN + 9, ISN2 + 1, TCP_ACK, DSS9, "ijklmnop");
	assert_options(&s, 0, "00000000");
	box_free(s.box);
	stage_open(&s, "strip", "kind=mptcp after_ms=100");
	handshake(&s);
	give(&s, BOX_FORWARD, ISN + 1, ISN2 + 1, TCP_ACK, DSS1, "abcdefgh");
	assert_options(&s, 0, DSS1);
	s.now_ns += 100 * NS_PER_MS;
	give(&s, BOX_FORWARD, ISN + 9, ISN2 + 1, TCP_ACK, DSS9, "ijklmnop");
	assert_options(&s, 0, "00000000");
	box_free(s.box);
}

static void lb_resets_joins(void **state)
{
	/* MP_JOIN of 12 octets: MPJOIN{id=1,token=0x01020304,nonce=0x05060708} */
	static const char join[] = "1e0c1001010203040506"
				   "0708";
	struct stage s;

	(void)state;
	stage_open(&s, "lb", "backends=0");
	give(&s, BOX_FORWARD, ISN, 0, TCP_SYN, join, "");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.seen[0].tcp.flags, TCP_RST | TCP_ACK);
	assert_int_equal(s.seen[0].tcp.ack, ISN + 1);
	assert_options(&s, 0, "1e048001");
	box_free(s.box);
	stage_open(&s, "lb", "backends=1");
	give(&s, BOX_FORWARD, ISN, 0, TCP_SYN, join, "");
	assert_int_equal(s.out[0].direction, BOX_FORWARD);
	box_free(s.box);
}

static void syn_proxy_relays(void **state)
{
	struct stage s;
	uint32_t cookie;

	(void)state;
	stage_open(&s, "syn_proxy", "");
	/* MSS(1460)/SACKP/NOP/NOP/MPCAPABLE{v=1} */
	give(&s, BOX_FORWARD, ISN, 0, TCP_SYN, "020405b4040201011e040101", "");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.out[0].direction, BOX_REVERSE);
	assert_options(&s, 0, "0204056404020101");
	cookie = s.seen[0].tcp.seq;
	give(&s, BOX_FORWARD, ISN + 1, cookie + 1, TCP_ACK, "", "");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.seen[0].tcp.flags, TCP_SYN);
	assert_int_equal(s.seen[0].tcp.seq, ISN);
	assert_options(&s, 0, "020405b404020101");
	give(&s, BOX_REVERSE, ISN2, ISN + 1, TCP_SYN | TCP_ACK, "", "");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.out[0].direction, BOX_FORWARD);
	assert_int_equal(s.seen[0].tcp.ack, ISN2 + 1);
	assert_int_equal(s.seen[0].tcp.dst_port, RIG_PORT);
	give(&s, BOX_FORWARD, ISN + 1, cookie + 1, TCP_ACK, "", "abc");
	assert_data(&s, 0, 0, "abc");
	assert_int_equal(s.seen[0].tcp.ack, ISN2 + 1);
	acknowledge(&s, 3);
	assert_int_equal(s.seen[0].tcp.seq, cookie + 1);
	assert_int_equal(s.seen[0].tcp.checksum, packet_transport_checksum(&s.seen[0]));
	box_free(s.box);
}

/* A table that is full forgets who was silent longest, and nothing leaks or grows. */
static void flows_are_bounded(void **state)
{
	static const char *const boxes[] = {"coalesce", "payload", "early_ack", "hold_holes",
					    "rexmit",	"state",   "window",	"syn_proxy"};
	struct stage s;

	(void)state;
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		stage_open(&s, boxes[i], "");
		for (unsigned n = 0; n < 400; n++) {
			struct packet p = rig_syn("", 64);
			struct box_packet in = {.direction = BOX_FORWARD, .path = 3};
			struct box_io io = io_of(&s);

			p.tcp.src_port = (uint16_t)(1000 + n);
			p.payload = span_of("abcd", 4);
			p.tcp.flags = n % 3 ? TCP_ACK : TCP_SYN;
			in.len =
			    (size_t)packet_build(&p, PACKET_FIX_ALL, in.octets, sizeof(in.octets));
			s.count = 0;
			s.now_ns++;
			s.box->ops->packet(s.box, &in, &io);
		}
		box_free(s.box);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(split_cuts),	   cmocka_unit_test(split_spares_options),
	    cmocka_unit_test(coalesce_merges),	   cmocka_unit_test(coalesce_keeps_order),
	    cmocka_unit_test(payload_substitutes), cmocka_unit_test(payload_inserts),
	    cmocka_unit_test(payload_deletes),	   cmocka_unit_test(early_ack_acknowledges),
	    cmocka_unit_test(early_ack_loses),	   cmocka_unit_test(hold_holes_orders),
	    cmocka_unit_test(rexmit_insists),	   cmocka_unit_test(clamp_ack_drops),
	    cmocka_unit_test(window_caps),	   cmocka_unit_test(state_remembers),
	    cmocka_unit_test(strip_waits),	   cmocka_unit_test(lb_resets_joins),
	    cmocka_unit_test(syn_proxy_relays),	   cmocka_unit_test(flows_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
