/* The mirror's format: what is put is read, cut anywhere it waits, damaged it is refused. */
#include <stdlib.h>
#include <string.h>

#include "mptcp/mirror.h"
#include "packet/icmp.h"
#include "support/cmocka_all.h"
#include "support/seed.h"
#include "util/octets.h"

/* 192.0.2.7.40001 > 203.0.113.80.443: Flags [P.], seq 1000:1003, ack 2000, win 512,
 * options [nop,nop,TS val 1 ecr 2], length 3 */
static const uint8_t packet[] = {0x45, 0x00, 0x00, 0x37, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06, 0x00,
				 0x00, 192,  0,	   2,	 7,    203,  0,	   113,	 80,   0x9c, 0x41,
				 0x01, 0xbb, 0x00, 0x00, 0x03, 0xe8, 0x00, 0x00, 0x07, 0xd0, 0x80,
				 0x18, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x08, 0x0a,
				 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 'a',  'b',  'c'};

#define HEADERS (sizeof(packet) - 3)

static size_t put_one(uint8_t *out)
{
	struct mirror_log log;
	const struct mirror_segment *s;
	size_t len;

	assert_true(mirror_log_init(&log, 2));
	s = mirror_log_note(&log, MIRROR_ARRIVED, 5 * NS_PER_MS, span_of(packet, sizeof(packet)));
	assert_non_null(s);
	len = mirror_put_segment(s, 2 * NS_PER_MS, out);
	mirror_log_fini(&log);
	return len;
}

static void record_is_read_back(void **state)
{
	uint8_t octets[MIRROR_RECORD + MIRROR_HEADERS_MAX + MIRROR_DONE];
	struct mirror_record r;
	size_t len = put_one(octets);
	struct span rest;

	(void)state;
	assert_int_equal(len, MIRROR_RECORD + HEADERS);
	rest = span_of(octets,
		       len + mirror_put_done(&(struct mirror_untold){3, 4, 5, true}, octets + len));
	assert_int_equal(mirror_read_record(&r, &rest), 1);
	assert_int_equal(r.kind, MIRROR_ARRIVED);
	assert_int_equal(r.segment.header_len, HEADERS);
	assert_int_equal(r.segment.payload_len, 3);
	assert_int_equal(r.segment.time_ns, 3 * NS_PER_MS);
	assert_memory_equal(r.segment.header, packet, HEADERS);
	/* FNV-1a of "abc" */
	assert_true(r.segment.hash == UINT64_C(0xe71fa2190541574b));
	assert_int_equal(mirror_read_record(&r, &rest), 1);
	assert_int_equal(r.kind, MIRROR_FINISHED);
	assert_int_equal(r.untold.arrived, 3);
	assert_int_equal(r.untold.sent, 4);
	assert_int_equal(r.untold.pure, 5);
	assert_true(r.untold.gaps);
	assert_int_equal(rest.len, 0);
	assert_int_equal(mirror_read_record(&r, &rest), 0);
}

static void cut_or_damaged(void **state)
{
	struct rng rng = test_rng("damaged mirror records");
	uint8_t octets[MIRROR_RECORD + MIRROR_HEADERS_MAX];
	struct mirror_record r;
	size_t len = put_one(octets);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		struct span rest = span_of(octets, cut);

		assert_int_equal(mirror_read_record(&r, &rest), 0);
		assert_int_equal(rest.len, cut);
	}
	for (unsigned i = 0; i < 2000; i++) {
		size_t at = rng_below(&rng, (uint32_t)len);
		uint8_t was = octets[at];
		struct span rest = span_of(octets, len);

		octets[at] ^= (uint8_t)(1 + rng_below(&rng, 255));
		assert_true(mirror_read_record(&r, &rest) <= 0);
		octets[at] = was;
	}
}

static void heads(void **state)
{
	uint8_t head[MIRROR_HEAD];

	(void)state;
	mirror_put_head(MIRROR_CLIENT, head);
	for (size_t len = 0; len < MIRROR_HEAD; len++)
		assert_int_equal(mirror_match_head(MIRROR_CLIENT, span_of(head, len)),
				 MIRROR_MAY_BE);
	assert_int_equal(mirror_match_head(MIRROR_CLIENT, span_of(head, MIRROR_HEAD)), MIRROR_IS);
	/* An echo is no mirror. */
	assert_int_equal(mirror_match_head(MIRROR_SERVER, span_of(head, MIRROR_HEAD)),
			 MIRROR_IS_NOT);
	assert_int_equal(mirror_match_head(MIRROR_CLIENT, span_of("GET", 3)), MIRROR_IS_NOT);
}

/* Whatever another version has behind its role. */
static void other_versions(void **state)
{
	uint8_t head[MIRROR_HEAD];

	(void)state;
	for (unsigned version = 0; version < 256; version++) {
		mirror_put_head(MIRROR_SERVER, head);
		head[8] = (uint8_t)version;
		head[10] = head[11] = 0xff;
		if (version == MIRROR_VERSION)
			continue;
		assert_int_equal(mirror_match_head(MIRROR_SERVER, span_of(head, MIRROR_HEAD)),
				 MIRROR_IS_OTHER);
		assert_int_equal(mirror_match_head(MIRROR_CLIENT, span_of(head, MIRROR_HEAD)),
				 MIRROR_IS_NOT);
		assert_int_equal(mirror_match_head(MIRROR_SERVER, span_of(head, 11)),
				 MIRROR_MAY_BE);
		assert_int_equal(mirror_head_version(span_of(head, MIRROR_HEAD)), version);
	}
}

static void hop_is_read_back(void **state)
{
	struct mirror_hop hop = {.ttl = 3, .from = {.family = 4, .octets = {10, 0, 0, 1}}};
	uint8_t octets[MIRROR_HOP_RECORD_MAX];
	struct mirror_record r;
	struct span rest;

	(void)state;
	hop.quote_len = 28;
	memcpy(hop.quote, packet, 28);
	rest = span_of(octets, mirror_put_hop(&hop, octets));
	assert_int_equal(rest.len, MIRROR_HOP_RECORD + 28);
	assert_int_equal(mirror_read_record(&r, &rest), 1);
	assert_int_equal(r.kind, MIRROR_HOP);
	assert_int_equal(r.hop.ttl, 3);
	assert_true(ip_addr_equal(&r.hop.from, &hop.from));
	assert_int_equal(r.hop.quote_len, 28);
	assert_memory_equal(r.hop.quote, packet, 28);
	rest = span_of(octets, MIRROR_HOP_RECORD + 28);
	octets[9] ^= 1;
	assert_int_equal(mirror_read_record(&r, &rest), ERR_MALFORMED);
}

/* An ICMP time exceeded from 10.0.0.1 that quotes `quoted`. */
static size_t exceed(uint8_t *out, size_t cap, struct span quoted)
{
	struct icmp_error_spec spec = {.kind = ICMP_KIND_TIME_EXCEEDED,
				       .from = {.family = 4, .octets = {10, 0, 0, 1}},
				       .to = {.family = 4, .octets = {192, 0, 2, 7}},
				       .ttl = 64,
				       .quote = QUOTE_28};
	int len = icmp_error_build(&spec, quoted, out, cap);

	assert_true(len > 0);
	return (size_t)len;
}

/* Who asked is walked to, up to the hop before; who did not is not. */
static void walk_back(void **state)
{
	uint8_t copy[MIRROR_SEGMENT_MAX], error[256];
	struct mirror_back b = {.wanted = false};

	(void)state;
	mirror_back_sent(&b, 1, MIRROR_WALKED_DATA, span_of(packet, sizeof(packet)));
	assert_int_equal(b.walk[0].len, 0);
	assert_true(mirror_back_expiry_ns(&b) == TIME_NEVER);
	b.wanted = true;
	mirror_back_sent(&b, 1, MIRROR_WALKED_DATA, span_of(packet, sizeof(packet)));
	assert_true(mirror_back_expiry_ns(&b) == TIME_NEVER); /* how far, is not known yet */
	mirror_back_arrived(&b, 62);			      /* two routers */
	for (uint8_t ttl = 1; ttl <= 2; ttl++) {
		size_t len = mirror_back_next(&b, ttl * NS_PER_S, sizeof(packet), copy);

		assert_int_equal(len, sizeof(packet));
		assert_int_equal(copy[8], ttl);
		assert_int_equal(mirror_back_next(&b, ttl * NS_PER_S, 1500, copy + 100), 0);
		len = exceed(error, sizeof(error), span_of(copy, len));
		mirror_back_error(&b, ttl * NS_PER_S, span_of(error, len));
		assert_true(b.walk[0].hop[ttl].answered);
		assert_int_equal(b.walk[0].hop[ttl].quote_len, 40);
	}
	assert_false(b.done);
	assert_int_equal(mirror_back_next(&b, 3 * NS_PER_S, 1500, copy), 0);
	assert_true(b.done);
}

/* One that walks; nobody answers its copies. */
static void walking(struct mirror_server *m)
{
	*m = (struct mirror_server){.phase = MIRROR_TELLS, .read = 100000};
	m->back.wanted = true;
	mirror_back_sent(&m->back, 1, MIRROR_WALKED_DATA, span_of(packet, sizeof(packet)));
	mirror_back_arrived(&m->back, 40);
}

/* However many walk: a copy every five milliseconds, over all; and of one, none before the last was
 * given up. */
static void walks_are_paced(void **state)
{
	int64_t last_ns = 0, its_last_ns[8] = {0};
	struct mirror_rate rate = {0};
	uint8_t copy[MIRROR_SEGMENT_MAX];
	struct mirror_server *m = calloc(8, sizeof(*m));
	unsigned copies = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		walking(&m[i]);
	for (int64_t now_ns = NS_PER_MS; now_ns < 5 * NS_PER_S; now_ns += NS_PER_MS / 2)
		for (unsigned i = 0; i < 8; i++) {
			if (!mirror_server_copy(&m[i], &rate, now_ns, copy))
				continue;
			assert_true(!last_ns || now_ns - last_ns >= 5 * NS_PER_MS);
			assert_true(!its_last_ns[i] || now_ns - its_last_ns[i] >= 400 * NS_PER_MS);
			last_ns = its_last_ns[i] = now_ns;
			copies++;
		}
	assert_int_equal(copies, 8 * 3); /* three hops that say nothing are enough */
	for (unsigned i = 0; i < 8; i++)
		assert_true(m[i].back.done);
	free(m);
}

/* Copies count among what may be sent. */
static void walks_are_paid_for(void **state)
{
	struct mirror_rate rate = {0};
	uint8_t copy[MIRROR_SEGMENT_MAX];
	struct mirror_server m;

	(void)state;
	walking(&m);
	m.read = 2 * sizeof(packet) + 1;
	for (int64_t now_ns = NS_PER_MS; now_ns < 5 * NS_PER_S; now_ns += NS_PER_MS)
		mirror_server_copy(&m, &rate, now_ns, copy);
	assert_int_equal(m.walked, 2 * sizeof(packet));
	assert_false(m.back.done);
	/* Nobody is walked to who did not ask. */
	walking(&m);
	m.back.wanted = false;
	assert_true(mirror_server_expiry_ns(&m, &rate) == TIME_NEVER);
	assert_int_equal(mirror_server_copy(&m, &rate, 9 * NS_PER_S, copy), 0);
}

static void log_forgets_the_oldest(void **state)
{
	struct mirror_log log;

	(void)state;
	assert_true(mirror_log_init(&log, 4));
	assert_null(mirror_log_note(&log, MIRROR_SENT, 1, span_of(packet, 30)));
	for (int i = 0; i < 6; i++)
		mirror_log_note(&log, MIRROR_SENT, i, span_of(packet, sizeof(packet)));
	assert_null(mirror_log_at(&log, 1));
	assert_int_equal(mirror_log_at(&log, 2)->time_ns, 2);
	assert_int_equal(mirror_log_at(&log, 5)->time_ns, 5);
	assert_null(mirror_log_at(&log, 6));
	mirror_log_fini(&log);
}

/* The packet above with other flags, the acknowledgement `ack` and the sequence number `seq`; or as
 * its host sends it back. */
static void note_syn(struct mirror_log *log, enum mirror_kind kind, uint32_t seq, uint32_t ack)
{
	uint8_t octets[sizeof(packet)];

	memcpy(octets, packet, sizeof(packet));
	if (kind == MIRROR_SENT) {
		memcpy(octets + 12, packet + 16, 4);
		memcpy(octets + 16, packet + 12, 4);
		memcpy(octets + 20, packet + 22, 2);
		memcpy(octets + 22, packet + 20, 2);
	}
	store_u32(octets + 24, seq);
	store_u32(octets + 28, ack);
	octets[33] = kind == MIRROR_SENT ? TCP_SYN | TCP_ACK : TCP_SYN;
	assert_non_null(mirror_log_note(log, kind, 1, span_of(octets, sizeof(octets))));
}

/* What had the same ports before is another connection's. */
static void connection_starts_with_its_syn(void **state)
{
	struct mirror_log log;
	struct mirror_flow flow;
	struct packet p;

	(void)state;
	packet_parse(&p, span_of(packet, sizeof(packet)));
	flow = mirror_flow_of(&p, false);
	assert_true(mirror_log_init(&log, 8));
	assert_int_equal(mirror_log_start(&log, &flow), 0);
	note_syn(&log, MIRROR_ARRIVED, 50, 0);
	assert_int_equal(mirror_log_start(&log, &flow), 0);
	note_syn(&log, MIRROR_SENT, 900, 51);
	note_syn(&log, MIRROR_ARRIVED, 70, 0);
	note_syn(&log, MIRROR_ARRIVED, 70, 0);
	note_syn(&log, MIRROR_SENT, 950, 71);
	mirror_log_note(&log, MIRROR_ARRIVED, 1, span_of(packet, sizeof(packet)));
	assert_int_equal(mirror_log_start(&log, &flow), 2);
	flow.remote_port++;
	assert_int_equal(mirror_log_start(&log, &flow), 0);
	mirror_log_fini(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(record_is_read_back),
	    cmocka_unit_test(cut_or_damaged),
	    cmocka_unit_test(heads),
	    cmocka_unit_test(other_versions),
	    cmocka_unit_test(hop_is_read_back),
	    cmocka_unit_test(walk_back),
	    cmocka_unit_test(walks_are_paced),
	    cmocka_unit_test(walks_are_paid_for),
	    cmocka_unit_test(log_forgets_the_oldest),
	    cmocka_unit_test(connection_starts_with_its_syn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
