/* What leaves the engine: one flow a probe, told apart by IP ID and TSval alone (rule 7 of how not
 * to be fooled), interleaved at random, nothing beyond the target, everything closed at the end. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "packet/field.h"
#include "packet/mptcp_option.h"
#include "probe/trace.h"
#include "support/rig.h"
#include "util/octets.h"

#define PACKETS_MAX 512

struct flow {
	struct trace *trace;
	int64_t now_ns;
	size_t count;
	struct {
		uint8_t octets[256];
		size_t len;
	} packet[PACKETS_MAX];
};

static struct trace_config config_for(uint8_t family)
{
	struct trace_config c;

	trace_config_defaults(&c);
	c.source = rig_addr(family == 6 ? RIG_CLIENT6 : RIG_CLIENT);
	c.target = rig_addr(family == 6 ? RIG_TARGET6 : RIG_TARGET);
	c.seed = 7;
	for (unsigned i = 0; i < TRACE_PROBES_MAX; i++)
		c.local_ports[i] = (uint16_t)(40000 + i);
	return c;
}

static void start(struct flow *f, const struct trace_config *c)
{
	struct error err = {0};

	memset(f, 0, sizeof(*f));
	f->trace = trace_new(c, NULL, &err);
	if (!f->trace)
		fail_msg("%s", err.text);
}

/* Lets time pass, collecting what is sent. */
static void collect(struct flow *f, int64_t until_ns)
{
	struct span out;

	while (f->now_ns <= until_ns && !trace_finished(f->trace)) {
		while (trace_send(f->trace, f->now_ns, &out) && f->count < PACKETS_MAX) {
			memcpy(f->packet[f->count].octets, out.at, out.len);
			f->packet[f->count++].len = out.len;
		}
		f->now_ns += NS_PER_MS / 20;
	}
}

static struct packet parsed(const struct flow *f, size_t i)
{
	struct packet p;

	assert_int_equal(packet_parse(&p, span_of(f->packet[i].octets, f->packet[i].len)), 0);
	return p;
}

static bool may_differ(enum field f)
{
	return f == FIELD_IP4_ID || f == FIELD_IP4_TTL || f == FIELD_IP4_CHECKSUM ||
	       f == FIELD_IP6_HLIM || f == FIELD_TCP_CHECKSUM;
}

static void check_constant(const struct packet *a, const struct packet *b)
{
	struct value x, y;

	for (int f = FIELD_NONE + 1; f < FIELD_COUNT; f++)
		if (!may_differ((enum field)f) && field_read(a, (enum field)f, &x) &&
		    field_read(b, (enum field)f, &y) && !value_equal(&x, &y))
			fail_msg("%s differs between TTL %u and %u",
				 field_info((enum field)f)->name, a->ip.ttl, b->ip.ttl);
	assert_int_equal(a->tcp.options.count, b->tcp.options.count);
	for (unsigned i = 0; i < a->tcp.options.count; i++) {
		const struct tcp_option *o = &a->tcp.options.item[i];

		if (o->kind != TCP_OPT_TIMESTAMP)
			assert_memory_equal(o->at, b->tcp.options.item[i].at, o->len);
	}
}

static void constant_over_ttls(uint8_t family)
{
	struct trace_config c = config_for(family);
	static struct flow f;

	start(&f, &c);
	collect(&f, 100 * NS_PER_MS);
	assert_true(f.count >= 48);
	for (size_t i = 0; i < f.count; i++) {
		for (size_t j = 0; j < i; j++) {
			struct packet a = parsed(&f, i), b = parsed(&f, j);

			if (a.ip.proto != IP_PROTO_TCP || b.ip.proto != IP_PROTO_TCP)
				continue;
			if (a.tcp.src_port == b.tcp.src_port)
				check_constant(&a, &b);
			else
				assert_int_not_equal(a.tcp.seq, b.tcp.seq);
			assert_true(family == 6 || a.ip.id != b.ip.id);
		}
	}
	trace_free(f.trace);
}

static void test_constant_over_ttls(void **state)
{
	(void)state;
	constant_over_ttls(4);
	constant_over_ttls(6);
}

/* Rule 6: whichever probe goes first, it is not always the same one. */
static void test_interleaved_at_random(void **state)
{
	struct trace_config c = config_for(4);
	unsigned first[TRACE_PROBES_MAX] = {0};
	uint8_t last_ttl = 0;
	static struct flow f;

	(void)state;
	c.max_ttl = c.in_flight = 60;
	start(&f, &c);
	collect(&f, 100 * NS_PER_MS);
	for (size_t i = 0; i < f.count; i++) {
		struct packet p = parsed(&f, i);

		if (p.ip.proto != IP_PROTO_TCP || p.ip.ttl == last_ttl)
			continue;
		last_ttl = p.ip.ttl;
		first[p.tcp.src_port - 40000]++;
	}
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(first[i], 5, 45);
	trace_free(f.trace);
}

/* An ICMP error about somebody else's packet. The quote is
 * IP{ttl=1,src=…,dst=…}/TCP{src=port,dst=443,seq=…} of 28 octets. */
static size_t foreign_error(uint8_t *out, size_t cap, struct span mine)
{
	uint8_t octets[256];
	struct icmp_error_spec spec = {.kind = ICMP_KIND_TIME_EXCEEDED,
				       .from = rig_addr("198.51.100.1"),
				       .to = rig_addr(RIG_CLIENT),
				       .ttl = 64,
				       .quote = QUOTE_8};

	memcpy(octets, mine.at, mine.len);
	field_write(octets, mine.len, FIELD_TCP_SRC_PORT, 50123);
	field_write(octets, mine.len, FIELD_TCP_SEQ, 99);
	field_write(octets, mine.len, FIELD_IP4_ID, 3);
	packet_fix_checksums(octets, mine.len);
	return (size_t)icmp_error_build(&spec, span_of(octets, mine.len), out, cap);
}

static void test_foreign_errors_are_ignored(void **state)
{
	struct trace_config c = config_for(4);
	uint8_t out[512];
	static struct flow f;
	size_t len;

	(void)state;
	start(&f, &c);
	collect(&f, 10 * NS_PER_MS);
	len = foreign_error(out, sizeof(out), span_of(f.packet[5].octets, f.packet[5].len));
	trace_receive(f.trace, f.now_ns, span_of(out, len));
	assert_int_equal(trace_result(f.trace)->reply_count, 0);
	trace_free(f.trace);
}

/* SYN/ACK for the packet i, as its target would send it; an unknown TSecr if `ts` is 0. */
static size_t syn_ack(const struct flow *f, size_t i, uint8_t *out, size_t cap)
{
	struct packet p = parsed(f, i);
	struct ip_addr client = p.ip.src;
	uint16_t port = p.tcp.src_port;
	int len;

	p.ip.src = p.ip.dst;
	p.ip.dst = client;
	p.ip.ttl = 60;
	p.tcp.src_port = p.tcp.dst_port;
	p.tcp.dst_port = port;
	p.tcp.ack = p.tcp.seq + 1;
	p.tcp.seq = 1;
	p.tcp.flags = TCP_SYN | TCP_ACK;
	p.tcp.options = (struct tcp_option_list){0};
	len = packet_build(&p, PACKET_FIX_ALL, out, cap);
	assert_true(len > 0);
	return (size_t)len;
}

static unsigned count_resets(const struct flow *f, size_t from, uint16_t port, uint32_t seq)
{
	unsigned resets = 0;

	for (size_t i = from; i < f->count; i++) {
		struct packet p = parsed(f, i);

		if (p.ip.proto == IP_PROTO_TCP && p.tcp.src_port == port && p.tcp.flags & TCP_RST) {
			assert_int_equal(p.tcp.seq, seq + 1);
			resets++;
		}
	}
	return resets;
}

static void test_half_open_is_closed_when_stopped(void **state)
{
	struct trace_config c = config_for(4);
	uint8_t out[256];
	static struct flow f;
	struct packet p;
	size_t len, before;

	(void)state;
	start(&f, &c);
	collect(&f, 10 * NS_PER_MS);
	p = parsed(&f, 5);
	len = syn_ack(&f, 5, out, sizeof(out));
	trace_receive(f.trace, f.now_ns, span_of(out, len));
	before = f.count;
	trace_stop(f.trace, f.now_ns);
	collect(&f, f.now_ns + NS_PER_S);
	assert_true(trace_finished(f.trace));
	assert_true(trace_result(f.trace)->interrupted);
	assert_int_equal(count_resets(&f, before, p.tcp.src_port, p.tcp.seq), 1);
	trace_free(f.trace);
}

/* Somebody who is not the target, or knows neither acknowledgement nor TSval, cannot answer for it.
 */
static void test_blind_answers_are_ignored(void **state)
{
	struct trace_config c = config_for(4);
	uint8_t out[256];
	static struct flow f;
	size_t len;

	(void)state;
	start(&f, &c);
	collect(&f, 10 * NS_PER_MS);
	len = syn_ack(&f, 5, out, sizeof(out));
	store_u32(out + 28, 12345); /* acknowledgement */
	packet_fix_checksums(out, len);
	trace_receive(f.trace, f.now_ns, span_of(out, len));
	assert_false(trace_result(f.trace)->reached);
	len = syn_ack(&f, 5, out, sizeof(out));
	out[12] ^= 1; /* source address */
	packet_fix_checksums(out, len);
	trace_receive(f.trace, f.now_ns, span_of(out, len));
	assert_false(trace_result(f.trace)->reached);
	trace_free(f.trace);
}

static void test_refuses_bad_configurations(void **state)
{
	struct trace_config c = config_for(4);
	struct error err;

	(void)state;
	c.first_ttl = 9;
	c.max_ttl = 3;
	assert_null(trace_new(&c, NULL, &err));
	assert_int_equal(err.code, ERR_USAGE);
	c = config_for(4);
	c.target = rig_addr(RIG_TARGET6);
	assert_null(trace_new(&c, NULL, &err));
	c = config_for(4);
	c.in_flight = 0;
	assert_null(trace_new(&c, NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_constant_over_ttls),
	    cmocka_unit_test(test_interleaved_at_random),
	    cmocka_unit_test(test_foreign_errors_are_ignored),
	    cmocka_unit_test(test_half_open_is_closed_when_stopped),
	    cmocka_unit_test(test_blind_answers_are_ignored),
	    cmocka_unit_test(test_refuses_bad_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
