/* What the owner is asked, told and may do. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/tcp_pair.h"
#include "util/octets.h"

/* What the first end's owner was asked for, packet by packet. */
static struct asked {
	struct tcp_segment segment;
	struct tcp_piece piece;
	size_t room;
} asked[64];
static unsigned asked_count;

/* An option of kind 30 as long as `option_octets`, on everything. */
static size_t note(struct tcp_pair_end *end, const struct tcp_segment *segment, uint8_t *out,
		   size_t room)
{
	struct asked *a = &asked[asked_count];
	size_t len = end->option_octets;

	asked_count += asked_count < 63;
	a->segment = *segment;
	a->room = room;
	if (segment->piece)
		a->piece = *segment->piece;
	if (len < 2 || len > room)
		return 0;
	memset(out, 0x20, len);
	out[0] = TCP_OPT_MPTCP;
	out[1] = (uint8_t)len;
	return len;
}

static void begin(struct tcp_pair *pair, size_t option)
{
	asked_count = 0;
	memset(asked, 0, sizeof(asked));
	pair_init(pair, 1);
	pair->end[0].options = note;
	pair->end[0].option_octets = option;
	pair_connect(pair);
}

static struct packet last_of(const struct tcp_pair_end *end)
{
	struct packet p;

	assert_int_equal(packet_parse(&p, span_of(end->last, end->last_len)), 0);
	return p;
}

static void handshake(void **state)
{
	struct tcp_pair pair;

	(void)state;
	begin(&pair, 12);
	assert_int_equal(asked_count, 2);
	assert_true(asked[0].segment.syn && !asked[0].segment.ack);
	assert_int_equal(asked[0].room, 20); /* MSS, SACK, timestamps, window scale before */
	assert_true(asked[1].segment.third_ack && !asked[1].segment.syn);
	assert_int_equal(asked[1].room, 28);
	assert_int_equal(last_of(&pair.end[0]).tcp.header_len, 44);
	pair.end[1].to_send = 10;
	pair_run(&pair, NS_PER_S);
	assert_false(asked[asked_count - 1].segment.third_ack);
	pair_fini(&pair);
}

static bool lose_first_data(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			    const struct packet *p)
{
	(void)octets;
	(void)len;
	return !(from == 0 && p->payload.len && pair->counter++ == 0);
}

/* A full piece fits with its options; sent again, it has the same mapping. */
static void same_again(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 1);
	begin(&pair, 28);
	pair.filter = lose_first_data;
	assert_int_equal(tcp_payload_max(&pair.end[0].tcp, 28), 1420);
	pair.end[0].to_send = 1420;
	pair_run(&pair, NS_PER_S);
	assert_true(pair_whole(&pair));
	assert_int_equal(asked_count, 4);
	assert_true(asked[2].segment.piece && !asked[2].segment.retransmission);
	assert_true(asked[3].segment.piece && asked[3].segment.retransmission);
	assert_int_equal(asked[2].room, 28);
	assert_int_equal(asked[2].segment.seq, asked[3].segment.seq);
	assert_memory_equal(&asked[2].piece, &asked[3].piece, sizeof(asked[2].piece));
	pair_fini(&pair);
}

/* A piece without octets is an ACK, once. */
static void empty_piece(void **state)
{
	struct tcp_piece piece = {.mapping = {.present = true, .data_fin = true, .len = 1}};
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;
	uint32_t next;

	(void)state;
	begin(&pair, 20);
	next = t->snd_nxt;
	assert_int_equal(tcp_push(t, &piece), 0);
	assert_ptr_equal(tcp_unacked(t, 0)->chunk, NULL);
	pair_run(&pair, NS_PER_S);
	assert_int_equal(asked_count, 3);
	assert_true(asked[2].piece.mapping.data_fin);
	assert_int_equal(t->snd_nxt, next);
	assert_null(tcp_unacked(t, 0));
	assert_int_equal(last_of(&pair.end[0]).payload.len, 0);
	pair_fini(&pair);
}

/* 30 octets need an ACK without timestamps; data keep theirs. */
static void bare_ack(void **state)
{
	struct tcp_pair pair;
	struct packet p;

	(void)state;
	begin(&pair, 30);
	tcp_ack_bare(&pair.end[0].tcp);
	pair_run(&pair, 30 * NS_PER_MS);
	p = last_of(&pair.end[0]);
	assert_null(tcp_option_find(&p.tcp.options, TCP_OPT_TIMESTAMP, -1));
	assert_int_equal(tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, -1)->len, 30);
	tcp_ack_now(&pair.end[0].tcp);
	pair_run(&pair, 30 * NS_PER_MS);
	p = last_of(&pair.end[0]);
	assert_non_null(tcp_option_find(&p.tcp.options, TCP_OPT_TIMESTAMP, -1));
	assert_null(tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, -1));
	pair_fini(&pair);
}

/* SACK takes what the owner leaves. */
static void sack_last(void **state)
{
	static const struct {
		size_t option;
		size_t sack; /* length of the option; 0: none */
	} cases[] = {{0, 26}, {3, 18}, {8, 18}, {12, 10}, {16, 10}, {17, 0}, {28, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct tcp_option *sack;
		struct tcp_pair pair;
		struct tcp *t = &pair.end[0].tcp;
		struct packet p;

		begin(&pair, cases[i].option);
		for (uint32_t k = 1; k <= 4; k++)
			pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt + 10 * k, t->snd_nxt,
				   span_of("x", 1));
		p = last_of(&pair.end[0]);
		sack = tcp_option_find(&p.tcp.options, TCP_OPT_SACK, -1);
		assert_int_equal(sack ? sack->len : 0, cases[i].sack);
		if (sack) /* the latest first */
			assert_int_equal(load_u32(sack->at + 2), t->rcv_nxt + 40);
		pair_fini(&pair);
	}
}

/* What came twice is said so, first, and once (RFC 2883). */
static void duplicate_reported(void **state)
{
	const struct tcp_option *sack;
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;
	struct packet p;

	(void)state;
	begin(&pair, 0);
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt + 10, t->snd_nxt, span_of("abcd", 4));
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt + 12, t->snd_nxt, span_of("cdef", 4));
	p = last_of(&pair.end[0]);
	sack = tcp_option_find(&p.tcp.options, TCP_OPT_SACK, -1);
	assert_int_equal(sack->len, 18);
	assert_int_equal(load_u32(sack->at + 2), t->rcv_nxt + 12);
	assert_int_equal(load_u32(sack->at + 6), t->rcv_nxt + 14);
	assert_int_equal(load_u32(sack->at + 10), t->rcv_nxt + 10);
	assert_int_equal(load_u32(sack->at + 14), t->rcv_nxt + 16);
	tcp_ack_now(t);
	pair_run(&pair, NS_PER_MS);
	p = last_of(&pair.end[0]);
	sack = tcp_option_find(&p.tcp.options, TCP_OPT_SACK, -1);
	assert_int_equal(sack->len, 10);
	pair_fini(&pair);
}

/* Every second full segment is acknowledged at once, a lone one after the delay. */
static void delayed_acks(void **state)
{
	struct tcp_pair pair;
	uint64_t before;

	(void)state;
	begin(&pair, 0);
	pair.end[0].to_send = 100000;
	assert_true(pair_settle(&pair, NS_PER_S)); /* beyond the quick ones */
	before = pair.packets[1];
	pair.end[0].to_send += 20 * 1448;
	pair_run(&pair, 25 * NS_PER_MS);
	assert_int_equal(pair.packets[1], before + 10);
	pair.end[0].to_send += 1000;
	pair_run(&pair, 45 * NS_PER_MS);
	assert_int_equal(pair.packets[1], before + 10);
	pair_run(&pair, 10 * NS_PER_MS);
	assert_int_equal(pair.packets[1], before + 11);
	pair.end[0].to_send += 1000; /* after a pause, a push is answered at once */
	pair_run(&pair, 11 * NS_PER_MS);
	assert_int_equal(pair.packets[1], before + 12);
	pair_fini(&pair);
}

/* Room is a segment or nothing, and a closed window admits one to probe for. */
static void room(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;

	(void)state;
	begin(&pair, 0);
	assert_int_equal(tcp_room(t), 10 * 1448);
	pair.end[0].to_send = 9 * 1448 + 10;
	pair_run(&pair, 0);
	assert_int_equal(tcp_room(t), 0); /* 1438 were left */
	assert_true(pair_settle(&pair, NS_PER_S));
	pair.end[1].tcp.shared_window = true;
	pair.end[1].buffer = 0;
	tcp_ack_now(&pair.end[1].tcp);
	pair_run(&pair, 30 * NS_PER_MS);
	assert_int_equal(t->snd_wnd, 0);
	assert_int_equal(tcp_room(t), 1460);
	pair.end[0].to_send += 1000;
	pair_run(&pair, 0);
	assert_int_equal(tcp_room(t), 0);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(handshake),    cmocka_unit_test(same_again),
	    cmocka_unit_test(empty_piece),  cmocka_unit_test(bare_ack),
	    cmocka_unit_test(sack_last),    cmocka_unit_test(duplicate_reported),
	    cmocka_unit_test(delayed_acks), cmocka_unit_test(room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
