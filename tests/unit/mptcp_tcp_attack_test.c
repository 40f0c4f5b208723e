/* Segments that lie: they change nothing, or as little as RFC 5961 allows. */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/tcp_pair.h"
#include "util/octets.h"

static void begin(struct tcp_pair *pair, bool timestamps)
{
	pair_init(pair, 1);
	pair->config[0].timestamps = timestamps;
	pair->end[0].to_send = 5000;
	pair_connect(pair);
	assert_true(pair_settle(pair, NS_PER_S));
	pair_run(pair, 100 * NS_PER_MS);
}

/* The last packet that end 1 sent is a bare ACK of where it stands. */
static void assert_acked(const struct tcp_pair *pair, uint64_t packets_before)
{
	const struct tcp *t = &pair->end[1].tcp;

	assert_int_equal(pair->packets[1], packets_before + 1);
	assert_int_equal(pair->end[1].last[33], TCP_ACK);
	assert_int_equal(load_u32(pair->end[1].last + 24), t->snd_nxt);
	assert_int_equal(load_u32(pair->end[1].last + 28), t->rcv_nxt);
}

/* One segment that nobody sent, to an end that has had 5000 octets: what comes of it. */
static const struct forged {
	const char *name;
	unsigned flags;
	enum { NEXT, EDGE } at; /* rcv_nxt, or the right edge of the window */
	int seq;		/* from there on */
	int64_t ack;		/* from snd_nxt on */
	unsigned octets;	/* of payload */
	bool answered;		/* by an ACK of where the end stands */
	bool closed;
	unsigned taken, held; /* octets of payload; ranges out of order */
} forged[] = {
    /* RFC 5961 §3.2 */
    {"a RST within the window", TCP_RST, NEXT, 1, 0, 0, true, false, 0, 0},
    {"a RST before it", TCP_RST, NEXT, -1, 0, 0, false, false, 0, 0},
    {"a RST behind it", TCP_RST, EDGE, 1, 0, 0, false, false, 0, 0},
    {"the very RST", TCP_RST, NEXT, 0, 0, 0, false, true, 0, 0},
    /* §4.2 */
    {"a SYN within the window", TCP_SYN, NEXT, 0, 0, 0, true, false, 0, 0},
    {"a SYN from anywhere", TCP_SYN, NEXT, 0x12345678, 0, 0, true, false, 0, 0},
    /* §5.2 */
    {"an ACK of what was never sent", TCP_ACK, NEXT, 0, 1, 1, true, false, 0, 0},
    {"an ACK of long ago", TCP_ACK, NEXT, 0, -0x1000000, 1, true, false, 0, 0},
    {"data without an ACK", 0, NEXT, 0, 0, 1, false, false, 0, 0},
    /* RFC 9293 §3.10.7.4 */
    {"an octet behind the window", TCP_ACK, EDGE, 1, 0, 1, true, false, 0, 0},
    {"three, one of them in the window", TCP_ACK, EDGE, -1, 0, 3, true, false, 0, 1},
    {"urgent data are data", TCP_ACK | TCP_URG, NEXT, 0, 0, 1, true, false, 1, 0},
};

static bool is_as_said(const struct tcp_pair *pair, const struct forged *f, uint64_t before)
{
	const struct tcp *t = &pair->end[1].tcp;

	return pair->packets[1] == before + f->answered &&
	       t->state == (f->closed ? TCP_CLOSED : TCP_ESTABLISHED) &&
	       pair->end[1].events[TCP_EVENT_RESET] == f->closed &&
	       pair->end[1].received == 5000 + f->taken && !pair->end[1].corrupt &&
	       t->reorder.count == f->held && tcp_memory(t) < 3 << 20;
}

static void single_segments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forged) / sizeof(*forged); i++) {
		const struct forged *f = &forged[i];
		struct tcp_pair pair;
		struct tcp *t = &pair.end[1].tcp;
		uint8_t octets[] = {pair_octet(0, 5000), pair_octet(0, 5001), pair_octet(0, 5002)};
		uint64_t before;

		begin(&pair, false);
		before = pair.packets[1];
		pair_forge(&pair, 1, f->flags,
			   (f->at == NEXT ? t->rcv_nxt : t->rcv_edge) + (uint32_t)f->seq,
			   t->snd_nxt + (uint32_t)f->ack, span_of(octets, f->octets));
		if (!is_as_said(&pair, f, before))
			fail_msg("%s", f->name);
		if (f->answered)
			assert_acked(&pair, before);
		pair_fini(&pair);
	}
}

/* The owner says no: even a valid RST changes nothing. */
static void owner_refuses(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[1].tcp;

	(void)state;
	begin(&pair, true);
	pair.end[1].refuses = true;
	pair_forge(&pair, 1, TCP_RST, t->rcv_nxt, 0, span_of(NULL, 0));
	pair_forge(&pair, 1, TCP_ACK, t->rcv_nxt, t->snd_nxt, span_of("x", 1));
	assert_int_equal(t->state, TCP_ESTABLISHED);
	assert_int_equal(pair.end[1].received, 5000);
	pair_fini(&pair);
}

/* RFC 5961 §7: challenges are limited. */
static void a_flood_of_syns(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[1].tcp;
	uint64_t before;

	(void)state;
	begin(&pair, true);
	before = pair.packets[1];
	for (unsigned i = 0; i < 100; i++)
		pair_forge(&pair, 1, TCP_SYN, t->rcv_nxt + i, 0, span_of(NULL, 0));
	assert_int_equal(pair.packets[1], before + 10);
	pair_run(&pair, NS_PER_S);
	pair_forge(&pair, 1, TCP_SYN, 12345, 0, span_of(NULL, 0));
	assert_int_equal(pair.packets[1], before + 11);
	pair_fini(&pair);
}

/* The peer has filled the window and its segments are missing here: what it says then, it says from
 * the right edge. Its ACK is taken; one number further it is not. */
static void at_the_edge(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[1].tcp;

	(void)state;
	for (unsigned beyond = 0; beyond < 2; beyond++) {
		uint32_t una;

		begin(&pair, false);
		pair.end[1].to_send = 100;
		pair_feed(&pair.end[1]);
		pair.link.loss = 1;
		pair_run(&pair, NS_PER_MS);
		una = t->snd_una;
		assert_int_equal(t->snd_nxt - una, 100);
		pair_forge(&pair, 1, TCP_ACK, t->rcv_edge + beyond, t->snd_nxt, span_of(NULL, 0));
		assert_int_equal(t->snd_una, una + (beyond ? 0 : 100));
		/* Neither data nor a RST gains by it. */
		pair_forge(&pair, 1, TCP_ACK, t->rcv_edge, t->snd_nxt, span_of("x", 1));
		pair_forge(&pair, 1, TCP_RST, t->rcv_edge, 0, span_of(NULL, 0));
		assert_int_equal(pair.end[1].received, 5000);
		assert_int_equal(t->reorder.count, 0);
		assert_int_equal(t->state, TCP_ESTABLISHED);
		pair_fini(&pair);
	}
}

/* PAWS: an old segment of the same number, its stamp older. */
static void paws(void **state)
{
	struct tcp_pair pair;
	uint8_t old[PAIR_PACKET_MAX];
	struct tcp *t = &pair.end[1].tcp;
	size_t len;

	(void)state;
	begin(&pair, true);
	memcpy(old, pair.end[0].last, pair.end[0].last_len);
	len = pair.end[0].last_len;
	pair_run(&pair, NS_PER_S);
	pair.end[0].to_send += 100;
	assert_true(pair_settle(&pair, NS_PER_S));
	store_u32(old + 24, t->rcv_nxt); /* as if numbers had wrapped */
	packet_fix_checksums(old, len);
	pair_inject(&pair, 1, old, len);
	assert_int_equal(pair.end[1].received, 5100);
	assert_int_equal(pair.end[1].last[33], TCP_ACK);
	pair_run(&pair, 25 * 24 * 3600 * NS_PER_S); /* after 24 days stamps say nothing */
	store_u32(old + 24, t->rcv_nxt);
	packet_fix_checksums(old, len);
	pair_inject(&pair, 1, old, len);
	assert_true(pair.end[1].received > 5100);
	pair_fini(&pair);
}

static void damaged(void **state)
{
	struct tcp_pair pair;
	uint8_t bad[PAIR_PACKET_MAX];
	struct packet p;
	struct tcp *t = &pair.end[1].tcp;

	(void)state;
	begin(&pair, true);
	memcpy(bad, pair.end[0].last, pair.end[0].last_len);
	bad[40] ^= 1;
	pair_inject(&pair, 1, bad, pair.end[0].last_len);
	assert_int_equal(t->stats.bad_checksums, 1);
	assert_int_equal(packet_parse(&p, span_of(pair.end[0].last, 50)), 0);
	tcp_receive(t, pair.now_ns, &p);
	assert_int_equal(t->stats.dropped, 2);
	t->config.ignore_checksums = true;
	pair_inject(&pair, 1, bad, pair.end[0].last_len);
	assert_int_equal(t->stats.bad_checksums, 1);
	pair_fini(&pair);
}

/* Octets of the stream that end 0 has not sent: `at` is behind what it has. */
static void forge_stream(struct tcp_pair *pair, uint32_t base, uint32_t at, uint32_t len)
{
	uint8_t octets[1400];

	for (uint32_t i = 0; i < len; i++)
		octets[i] = pair_octet(0, 5000 + at + i);
	pair_forge(pair, 1, TCP_ACK, base + at, pair->end[1].tcp.snd_nxt, span_of(octets, len));
}

/* Every other octet, backwards, then all at once: memory and ranges are bounded, the stream is
 * what came first. */
static void overlaps(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[1].tcp;
	uint32_t base;

	(void)state;
	begin(&pair, false);
	base = t->rcv_nxt;
	for (uint32_t at = 20000; at > 0; at -= 2)
		forge_stream(&pair, base, at, 1);
	assert_true(t->reorder.count <= 4096 && t->reorder.count > 4000);
	assert_true(tcp_memory(t) < 200000);
	for (uint32_t at = 0; at < 21000; at += 1000)
		forge_stream(&pair, base, at, 1400);
	assert_false(pair.end[1].corrupt);
	assert_int_equal(pair.end[1].received, 5000 + 20000 + 1400);
	assert_int_equal(t->reorder.count, 0);
	pair_fini(&pair);
}

/* Random overlapping pieces of one stream in any order, from all sizes. */
static void random_overlaps(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[1].tcp;
	uint32_t base;

	(void)state;
	begin(&pair, false);
	base = t->rcv_nxt;
	for (unsigned n = 0; n < 20000; n++) {
		uint32_t at = rng_below(&pair.rng, 101000) - 1000,
			 len = 1 + rng_below(&pair.rng, rng_chance(&pair.rng, 0.5) ? 20 : 1400);

		forge_stream(&pair, base, at, len);
	}
	assert_false(pair.end[1].corrupt);
	assert_true(pair.end[1].received > 100000);
	assert_int_equal(pair.end[1].received, t->rcv_nxt - t->irs - 1);
	pair_fini(&pair);
}

/* Random SACK blocks on every ACK: whatever they claim, the stream arrives. */
static bool lie(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_SACK, -1);
	const struct tcp *t = &pair->end[0].tcp;

	if (from == 0 || !o)
		return !(from == 0 && p->payload.len && rng_chance(&pair->rng, 0.03));
	for (unsigned i = 2; i < o->len; i += 4)
		store_u32(octets + (o->at - octets) + i,
			  t->snd_una + rng_below(&pair->rng, t->snd_nxt - t->snd_una + 1000));
	packet_fix_checksums(octets, len);
	return true;
}

static void sack_lies(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 30; seed++) {
		struct tcp_pair pair;

		pair_init(&pair, seed);
		pair.filter = lie;
		pair.end[0].to_send = 300000;
		pair_open(&pair);
		assert_true(pair_settle(&pair, 600 * NS_PER_S));
		assert_true(pair_whole(&pair));
		assert_int_equal(pair.end[0].events[TCP_EVENT_FAILED], 0);
		pair_fini(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(single_segments),
	    cmocka_unit_test(owner_refuses),
	    cmocka_unit_test(a_flood_of_syns),
	    cmocka_unit_test(at_the_edge),
	    cmocka_unit_test(paws),
	    cmocka_unit_test(damaged),
	    cmocka_unit_test(overlaps),
	    cmocka_unit_test(random_overlaps),
	    cmocka_unit_test(sack_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
