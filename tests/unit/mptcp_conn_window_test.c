/* The window that all subflows of a connection share (RFC 8684 §3.3.5). */
#include <string.h>

#include "mptcp/dsn.h"
#include "packet/mptcp_option.h"
#include "support/cmocka_all.h"
#include "support/endpoint_pair.h"

/* The reader sleeps: the sender fills the window, probes, and goes on when it wakes. */
static void test_closed_window(void **state)
{
	struct duo p;

	(void)state;
	for (unsigned paths = 1; paths < 3; paths++) {
		duo_init(&p, 8);
		duo_addresses(&p, paths, 1);
		p.config[SERVER].receive_buffer = 100000;
		p.side[CLIENT].to_send = 1000000;
		p.side[SERVER].deaf = true;
		duo_start(&p);
		while (p.now_ns < 100 * NS_PER_S && duo_step(&p, 100 * NS_PER_S))
			;
		assert_true(duo_info(&p, SERVER).received <= 2 * 100000);
		assert_true(duo_info(&p, SERVER).memory < 400000);
		p.side[SERVER].deaf = false;
		assert_true(duo_run(&p, 400 * NS_PER_S));
		assert_true(duo_complete(&p));
		duo_fini(&p);
	}
}

struct edge {
	uint64_t first, right; /* relative to `first` */
	unsigned scale, seen;
	bool back, over; /* it moved back; the client sent beyond it */
};

static void watch_server(struct edge *e, const struct packet *p, const struct mptcp_option *o)
{
	uint64_t ack = dsn_expand(o->dss.ack, o->dss.flags & MPTCP_DSS_ACK8, e->first + e->right);
	uint64_t right = ack - e->first + ((uint64_t)p->tcp.window << e->scale);

	e->seen++;
	e->back = e->back || right + (1u << e->scale) <= e->right;
	e->right = right > e->right ? right : e->right;
}

static bool watch_edge(struct duo *pair, struct duo_packet *packet)
{
	struct edge *e = pair->context;
	const struct tcp_option *item;
	struct mptcp_option o;
	struct packet p;

	packet_parse(&p, span_of(packet->octets, packet->len));
	item = tcp_option_find(&p.tcp.options, TCP_OPT_WSCALE, -1);
	if (item && packet->from == SERVER && !e->seen) {
		e->scale = item->at[2];
		e->right = p.tcp.window;
	}
	item = tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, MPTCP_DSS);
	if (!item || mptcp_option_parse(&o, item))
		return true;
	if (packet->from == SERVER && o.dss.flags & MPTCP_DSS_ACK)
		watch_server(e, &p, &o);
	if (packet->from == CLIENT && o.dss.flags & MPTCP_DSS_DSN && p.payload.len)
		e->over = e->over || o.dss.dsn + p.payload.len - e->first > e->right + 3000;
	return true;
}

/* RFC 8684 §3.3.5: the right edge of the shared window, DATA_ACK and window together, never moves
 * back, over whichever path it is told; and nothing is sent beyond, but a segment to probe. */
static void test_right_edge(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 10; seed++) {
		struct edge e = {.first = UINT64_C(0xffffffff00000000)};
		struct duo p;

		duo_init(&p, 30 + seed);
		duo_addresses(&p, 2, 1);
		for (int i = 0; i < 2; i++)
			p.path[i] = (struct duo_path){.delay_ns = (5 + 30 * i) * NS_PER_MS,
						      .jitter_ns = 3 * NS_PER_MS,
						      .loss = 0.01,
						      .rate = 1250000};
		p.config[CLIENT].idsn = p.config[SERVER].idsn = e.first - 1;
		p.config[SERVER].receive_buffer = 60000 + 20000 * seed;
		p.side[CLIENT].to_send = 2000000;
		p.hook = watch_edge;
		p.context = &e;
		duo_start(&p);
		for (unsigned i = 0; i < 2000 && !duo_run(&p, 37 * NS_PER_MS); i++)
			p.side[SERVER].deaf = i % 3 == 0;
		assert_int_equal(p.side[SERVER].received, 2000000);
		assert_true(e.seen > 500);
		assert_false(e.back);
		assert_false(e.over);
		duo_fini(&p);
	}
}

/* What the client reads of the server's window is more than that. */
#define OVERRUN 30000

static bool widen(struct duo *pair, struct duo_packet *packet)
{
	unsigned *scale = pair->context;
	const struct tcp_option *item;
	uint8_t out[DUO_PACKET];
	struct packet p;

	if (packet->from == CLIENT || packet_parse(&p, span_of(packet->octets, packet->len)))
		return true;
	item = tcp_option_find(&p.tcp.options, TCP_OPT_WSCALE, -1);
	if (item) {
		*scale = item->at[2];
		return true;
	}
	p.tcp.window = (uint16_t)(p.tcp.window + (OVERRUN >> *scale));
	packet->len = (size_t)packet_build(&p, PACKET_FIX_ALL, out, sizeof(out));
	memcpy(packet->octets, out, packet->len);
	return true;
}

/* A peer that runs ahead of the window, as Linux does, loses nothing by it; but there is an end. */
static void test_overrun(void **state)
{
	unsigned scale = 0;
	struct duo p;

	(void)state;
	duo_init(&p, 10);
	duo_addresses(&p, 2, 1);
	duo_limit(&p, 0, 250000);
	duo_limit(&p, 1, 250000);
	p.config[SERVER].receive_buffer = 100000;
	p.side[CLIENT].to_send = 1000000;
	p.side[SERVER].deaf = true;
	p.hook = widen;
	p.context = &scale;
	duo_start(&p);
	duo_run(&p, 5 * NS_PER_S);
	assert_in_range(duo_info(&p, SERVER).received, 100000 + OVERRUN / 4, 2 * 100000);
	p.side[SERVER].deaf = false;
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	duo_fini(&p);
}

/* Two paths of very different delay and a window of the better one's product: no slower than the
 * better one alone would be (RFC 8041 §2.2). */
static void test_small_window(void **state)
{
	struct duo p;

	(void)state;
	duo_init(&p, 9);
	duo_addresses(&p, 2, 1);
	duo_limit(&p, 0, 1250000);
	duo_limit(&p, 1, 1250000);
	p.path[0].delay_ns = 5 * NS_PER_MS;
	p.path[1].delay_ns = 50 * NS_PER_MS;
	p.config[SERVER].receive_buffer = 60000;
	p.side[CLIENT].to_send = 10000000;
	duo_start(&p);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	assert_true(p.now_ns < (int64_t)(1 + 10.5) * NS_PER_S);
	duo_fini(&p);
}

/* What the sender leaves free of the window while the first path delivers nothing. */
struct hole {
	struct edge edge;
	uint64_t ack, sent; /* relative to `first` */
	int64_t from_ns, to_ns;
};

static bool watch_hole(struct duo *pair, struct duo_packet *packet)
{
	struct hole *h = pair->context;
	const struct tcp_option *item;
	struct mptcp_option o;
	struct packet p;

	pair->context = &h->edge;
	watch_edge(pair, packet);
	pair->context = h;
	packet_parse(&p, span_of(packet->octets, packet->len));
	item = tcp_option_find(&p.tcp.options, TCP_OPT_MPTCP, MPTCP_DSS);
	if (!item || mptcp_option_parse(&o, item))
		return true;
	if (packet->from == SERVER && o.dss.flags & MPTCP_DSS_ACK)
		h->ack =
		    dsn_expand(o.dss.ack, o.dss.flags & MPTCP_DSS_ACK8, h->ack + h->edge.first) -
		    h->edge.first;
	if (packet->from == CLIENT && o.dss.flags & MPTCP_DSS_DSN && p.payload.len &&
	    o.dss.dsn + p.payload.len - h->edge.first > h->sent)
		h->sent = o.dss.dsn + p.payload.len - h->edge.first;
	return packet->from == SERVER || !p.payload.len || p.ip.src.octets[3] != 1 ||
	       pair->now_ns < h->from_ns || pair->now_ns > h->to_ns;
}

/* What lies behind a hole costs a peer more memory than it offered octets, short segments above
 * all: Linux takes nothing any more once that is full, not even what fills the hole. */
static void test_room_behind_a_hole(void **state)
{
	struct hole h = {.edge.first = UINT64_C(0xffffffff00000000),
			 .from_ns = NS_PER_S,
			 .to_ns = NS_PER_S + 300 * NS_PER_MS};
	struct duo p;
	uint64_t window;

	(void)state;
	duo_init(&p, 11);
	duo_addresses(&p, 2, 1);
	duo_limit(&p, 0, 1250000);
	duo_limit(&p, 1, 1250000);
	p.config[CLIENT].idsn = p.config[SERVER].idsn = h.edge.first - 1;
	p.config[SERVER].receive_buffer = 200000;
	p.side[CLIENT].to_send = 5000000;
	p.hook = watch_hole;
	p.context = &h;
	duo_start(&p);
	while (p.now_ns < h.to_ns && duo_step(&p, h.to_ns))
		;
	window = h.edge.right - h.ack;
	assert_in_range(h.sent - h.ack, window / 4 * 3, window / 8 * 7 + 1500);
	assert_true(duo_run(&p, 60 * NS_PER_S));
	assert_true(duo_complete(&p));
	duo_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_closed_window),
	    cmocka_unit_test(test_right_edge),
	    cmocka_unit_test(test_overrun),
	    cmocka_unit_test(test_small_window),
	    cmocka_unit_test(test_room_behind_a_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
