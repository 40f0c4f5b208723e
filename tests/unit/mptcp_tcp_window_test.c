/* Windows: scaled, closed, tiny, reopened, shared. */
#include "support/cmocka_all.h"
#include "support/tcp_pair.h"

/* A megabyte in flight needs window scale, both ways. */
static void scaled(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 1);
	pair.link.delay_ns = 100 * NS_PER_MS;
	pair.end[0].buffer = pair.end[1].buffer = 4 << 20;
	pair_connect(&pair);
	pair.end[0].to_send = pair.end[1].to_send = 8000000;
	pair_run(&pair, 2 * NS_PER_S);
	assert_true(pair.end[0].tcp.snd_wnd_max > 1000000);
	assert_true(pair.end[0].tcp.snd_nxt - pair.end[0].tcp.snd_una > 200000 ||
		    pair.end[0].pushed == pair.end[0].to_send);
	assert_true(pair_settle(&pair, 20 * NS_PER_S));
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* The reader stops: the window closes, probes go on and are answered, never give up, and reading
 * again resumes at once. */
static void closed_and_reopened(void **state)
{
	struct tcp_pair pair;
	uint64_t packets;

	(void)state;
	pair_init(&pair, 2);
	pair.end[1].buffer = 20000;
	pair.end[1].reads = false;
	pair_connect(&pair);
	pair.end[0].to_send = 50000;
	pair_run(&pair, 10 * NS_PER_S);
	assert_true(pair.end[1].received <= 20000 && pair.end[1].received > 19000);
	packets = pair.packets[0];
	pair_run(&pair, 7200 * NS_PER_S);
	assert_int_equal(pair.end[0].tcp.state, TCP_ESTABLISHED);
	assert_true(pair.packets[0] - packets >= 55 && pair.packets[0] - packets < 100);
	pair.end[1].reads = true;
	pair_read(&pair.end[1], 20000);
	pair_run(&pair, 200 * NS_PER_MS);
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* The update that reopens the window is lost: the probe finds out. */
static bool lose_updates(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			 const struct packet *p)
{
	(void)octets;
	(void)len;
	return !(from == 1 && pair->counter && p->tcp.window > 0 && pair->counter-- > 0);
}

static void lost_update(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 3);
	pair.filter = lose_updates;
	pair.end[1].buffer = 20000;
	pair.end[1].reads = false;
	pair_connect(&pair);
	pair.end[0].to_send = 50000;
	pair_run(&pair, 2 * NS_PER_S);
	pair.counter = 1;
	pair.end[1].reads = true;
	pair_read(&pair.end[1], 20000);
	assert_true(pair_settle(&pair, 10 * NS_PER_S));
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* Reading by the octet: no silly segments, no silly updates. */
static void not_silly(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 4);
	pair.end[1].buffer = 20000;
	pair.end[1].reads = false;
	pair_connect(&pair);
	pair.end[0].to_send = 200000;
	for (unsigned i = 0; i < 200000; i++) {
		pair_run(&pair, NS_PER_MS);
		pair_read(&pair.end[1], 50);
		if (pair.end[1].received == 200000)
			break;
	}
	assert_true(pair_whole(&pair));
	assert_true(pair.packets[0] < 400);
	assert_true(pair.packets[1] < 400);
	pair_fini(&pair);
}

/* A buffer under a segment: pieces are split, the mapping of each part is that of the whole. */
static void tiny(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 5);
	pair.config[1].wscale = 0;
	pair.end[1].buffer = 700;
	pair_connect(&pair);
	pair.end[0].to_send = 20000;
	pair.end[0].shut_when_sent = true;
	assert_true(pair_settle(&pair, 100 * NS_PER_S));
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* The offered right edge never moves back, but for rounding, however the owner changes its mind. */
static bool watch_edge(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		       const struct packet *p)
{
	uint32_t scale = pair->config[1].wscale;
	uint64_t edge = p->tcp.ack - pair->end[0].tcp.iss + ((uint64_t)p->tcp.window << scale);

	(void)octets;
	(void)len;
	if (from == 0 || (p->tcp.flags & TCP_SYN))
		return true;
	assert_true(edge + (1u << scale) > pair->counter);
	if (edge > pair->counter)
		pair->counter = edge;
	pair->end[1].buffer = rng_below(&pair->rng, 100000);
	return true;
}

static void edge_stays(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 6);
	pair.filter = watch_edge;
	pair.config[1].wscale = 11;
	pair_connect(&pair);
	pair.end[0].to_send = 1000000;
	assert_true(pair_settle(&pair, 1000 * NS_PER_S));
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* With the coarsest scale, a reader who stops is not flooded. */
static void coarse_scale(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 8);
	pair.config[1].wscale = 14;
	pair.end[1].buffer = 1 << 20;
	pair.end[1].reads = false;
	pair_connect(&pair);
	assert_int_equal(pair.end[1].tcp.config.wscale, 14);
	pair.end[1].unread = pair.end[1].buffer - 50000;
	pair.end[0].to_send = 500000;
	pair_run(&pair, 100 * NS_PER_S);
	assert_true(pair.end[1].received <= 65536 && pair.end[1].received > 40000);
	pair.end[1].reads = true;
	pair_read(&pair.end[1], 1 << 20);
	assert_true(pair_settle(&pair, 300 * NS_PER_S));
	assert_true(pair_whole(&pair));
	pair_fini(&pair);
}

/* A shared window is announced as it is, even if it is less; what was offered is still taken. */
static void shared(void **state)
{
	struct tcp_pair pair;

	(void)state;
	pair_init(&pair, 7);
	pair_connect(&pair);
	pair.end[1].tcp.shared_window = true;
	pair.end[1].buffer = 10240;
	tcp_ack_now(&pair.end[1].tcp);
	pair_run(&pair, 20 * NS_PER_MS);
	assert_int_equal(pair.end[0].tcp.snd_wnd, 10240);
	tcp_window_heard(&pair.end[0].tcp, 50000);
	assert_int_equal(pair.end[0].tcp.snd_wnd, 50000);
	pair.end[0].to_send = 14480;
	pair_run(&pair, 30 * NS_PER_MS);
	assert_int_equal(pair.end[1].received, 14480);
	pair_fini(&pair);
}

/* RFC 7323 §2.2: the window of a SYN is never scaled; §2.3: a scale beyond 14 is taken as 14. */
static bool large_scale(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			const struct packet *p)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_WSCALE, -1);

	if (from == 1 && o) {
		octets[o->at - octets + 2] = (uint8_t)pair->counter;
		packet_fix_checksums(octets, len);
	}
	return true;
}

static void windows_of_syns(void **state)
{
	(void)state;
	for (unsigned scale = 13; scale <= 16; scale++) {
		struct tcp_pair pair;

		pair_init(&pair, 9);
		pair.filter = large_scale;
		pair.counter = scale;
		pair.end[1].buffer = 20000;
		pair_connect(&pair);
		assert_int_equal(pair.end[0].tcp.snd_wnd, 20000);
		assert_int_equal(pair.end[0].tcp.snd_wscale, scale < 14 ? scale : 14);
		pair_fini(&pair);
	}
}

/* RFC 9293 §3.10.7.4: an old segment that comes late does not set the window. */
static void windows_of_old_segments(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;
	uint32_t before;

	(void)state;
	pair_init(&pair, 10);
	pair.config[0].timestamps = false;
	pair.end[1].to_send = 5000;
	pair_connect(&pair);
	assert_true(pair_settle(&pair, NS_PER_S));
	before = t->snd_wnd;
	assert_true(before > 1000);
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt - 1400, t->snd_nxt, span_of("12345678", 8));
	assert_int_equal(t->snd_wnd, before);
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt - 2000, t->snd_nxt,
		   span_of(pair.end[0].last, 2001)); /* its last octet is new */
	assert_int_equal(pair.end[0].received, 5001);
	assert_int_equal(t->snd_wnd, before);
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt, t->snd_nxt, span_of(NULL, 0));
	assert_int_not_equal(t->snd_wnd, before);
	pair_fini(&pair);
}

/* The peer has sent beyond a window that we closed, and acknowledges from there on (RFC 9293
 * §3.10.7.4: "no segments should be acceptable except ACK segments"). */
static bool lose_client(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
			const struct packet *p)
{
	(void)octets;
	(void)len;
	(void)p;
	return from || !pair->counter;
}

static void acks_from_beyond(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[1].tcp;
	uint32_t far;

	(void)state;
	pair_init(&pair, 11);
	pair.config[0].timestamps = false;
	pair.config[0].wscale = pair.config[1].wscale = 0;
	pair.filter = lose_client;
	pair.end[1].buffer = 20000;
	pair.end[1].reads = false;
	pair_connect(&pair);
	pair.end[0].to_send = 50000;
	pair_run(&pair, 10 * NS_PER_S);
	assert_int_equal(t->rcv_edge, t->rcv_nxt);
	pair.counter = 1;
	pair.end[1].to_send = 5000;
	pair_run(&pair, 10 * NS_PER_MS);
	assert_true(t->snd_nxt - t->snd_una > 1000);
	far = t->rcv_nxt + t->rcv_wnd_max;
	pair_forge(&pair, 1, TCP_ACK, far + 1, t->snd_una + 500, span_of(NULL, 0));
	pair_forge(&pair, 1, TCP_ACK, t->rcv_nxt - 1, t->snd_una + 500, span_of(NULL, 0));
	pair_forge(&pair, 1, TCP_ACK, t->rcv_nxt + 71, t->snd_una + 500, span_of("x", 1));
	pair_forge(&pair, 1, TCP_ACK | TCP_FIN, t->rcv_nxt + 71, t->snd_una + 500,
		   span_of(NULL, 0));
	assert_true(t->snd_nxt - t->snd_una > 1000 && t->state == TCP_ESTABLISHED);
	pair_forge(&pair, 1, TCP_ACK, t->rcv_nxt + 71, t->snd_nxt, span_of(NULL, 0));
	assert_int_equal(t->snd_una, t->snd_nxt);
	pair_fini(&pair);
}

/* A FIN goes behind a window that the data fill, and a peer need not take it there. ACKs keep to
 * the edge: beyond it they would be dropped, and what they acknowledge sent for ever. */
static bool lose_fins(struct tcp_pair *pair, unsigned from, uint8_t *octets, size_t len,
		      const struct packet *p)
{
	(void)pair;
	(void)octets;
	(void)len;
	return from || !(p->tcp.flags & TCP_FIN);
}

static void acks_within_the_window(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;
	struct packet last;

	(void)state;
	pair_init(&pair, 13);
	pair.config[0].wscale = pair.config[1].wscale = 0;
	pair.filter = lose_fins;
	pair.end[1].buffer = 20000;
	pair.end[1].reads = false;
	pair_connect(&pair);
	pair.end[0].to_send = 20000;
	pair_run(&pair, 2 * NS_PER_S);
	assert_int_equal(pair.end[1].received, 20000);
	pair.end[0].shut_when_sent = true;
	pair_feed(&pair.end[0]);
	pair_run(&pair, 10 * NS_PER_MS);
	assert_int_equal(t->snd_nxt, pair.end[1].tcp.rcv_edge + 1);
	pair.end[1].to_send = 1000;
	pair_run(&pair, 12 * NS_PER_MS);
	assert_int_equal(pair.end[0].received, 1000);
	assert_int_equal(packet_parse(&last, span_of(pair.end[0].last, pair.end[0].last_len)), 0);
	assert_int_equal(last.tcp.flags, TCP_ACK);
	assert_int_equal(last.tcp.ack, t->rcv_nxt);
	assert_int_equal(last.tcp.seq, pair.end[1].tcp.rcv_edge);
	pair_fini(&pair);
}

/* An ACK of more was sent later, whatever its own number is: with a window of before, the edge
 * would move on by what it acknowledges. */
static void windows_of_repetitions(void **state)
{
	struct tcp_pair pair;
	struct tcp *t = &pair.end[0].tcp;

	(void)state;
	pair_init(&pair, 12);
	pair.config[0].timestamps = false;
	pair.config[0].wscale = pair.config[1].wscale = 0;
	pair_connect(&pair);
	pair.end[0].to_send = 5000;
	pair_run(&pair, NS_PER_MS);
	assert_true(t->snd_nxt - t->snd_una >= 4000);
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt, t->snd_una + 500, span_of(NULL, 0));
	t->snd_wl1 = t->rcv_nxt + 3000; /* of an ACK that came before the data that it was behind */
	t->snd_wnd = 2000;
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt, t->snd_una + 1000, span_of(NULL, 0));
	assert_int_equal(t->snd_wnd, 1000);
	t->snd_wnd = 2000; /* and one from before it comes last */
	pair_forge(&pair, 0, TCP_ACK, t->rcv_nxt + 2999, t->snd_una, span_of(NULL, 0));
	assert_int_equal(t->snd_wnd, 2000);
	pair_fini(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scaled),
	    cmocka_unit_test(closed_and_reopened),
	    cmocka_unit_test(lost_update),
	    cmocka_unit_test(not_silly),
	    cmocka_unit_test(tiny),
	    cmocka_unit_test(edge_stays),
	    cmocka_unit_test(shared),
	    cmocka_unit_test(coarse_scale),
	    cmocka_unit_test(windows_of_syns),
	    cmocka_unit_test(windows_of_old_segments),
	    cmocka_unit_test(acks_from_beyond),
	    cmocka_unit_test(acks_within_the_window),
	    cmocka_unit_test(windows_of_repetitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
