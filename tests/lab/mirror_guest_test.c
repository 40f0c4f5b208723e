/* What a mirror must not be used for: to whom says little it says no more, who did not complete a
 * handshake is not walked to, and who speaks another version is told so. */
#include <string.h>

#include "packet/packet.h"
#include "probe/drive.h"
#include "support/cmocka_all.h"
#include "support/lab_plan.h"
#include "support/rig.h"

struct guest {
	struct lab *lab;
	struct net *net;
	struct endpoint *endpoint;
	struct conn *conn;
	struct span say;
	bool said, ended;
	uint64_t heard;
	uint8_t head[MIRROR_HEAD];
};

static void guest_event(void *context, const struct endpoint_event *event)
{
	(void)context;
	(void)event;
}

static int64_t guest_pump(void *context, int64_t now_ns)
{
	struct guest *g = context;
	struct span octets;

	if (conn_state(g->conn) == CONN_OPENING)
		return TIME_NEVER;
	if (!g->said) {
		conn_write(g->conn, now_ns, g->say);
		conn_shutdown(g->conn, now_ns);
	}
	g->said = true;
	while ((octets = conn_peek(g->conn)).len) {
		if (g->heard < MIRROR_HEAD)
			memcpy(g->head + g->heard, octets.at,
			       octets.len < MIRROR_HEAD - g->heard ? octets.len
								   : MIRROR_HEAD - g->heard);
		g->heard += octets.len;
		conn_consume(g->conn, octets.len);
	}
	g->ended = conn_read_ended(g->conn);
	return LAB_START_NS + 60 * NS_PER_S;
}

static bool guest_finished(void *context)
{
	const struct guest *g = context;

	return g->ended || net_now_ns(g->net) >= LAB_START_NS + 60 * NS_PER_S;
}

static struct lab *mirror_lab(bool cookies)
{
	struct lab_plan plan;

	lab_plan_defaults(&plan);
	plan.routers = 6;
	plan.serve.walk_back = true;
	plan.serve.cookies = cookies;
	while (strcmp(lab_app_name(plan.serve.service), "mirror") != 0)
		plan.serve.service++;
	return lab_plan_build(&plan, 1);
}

/* Says `say` to a mirror that walks, and nothing more; what it got back is then in `g`. */
static void visit(struct guest *g, struct span say)
{
	struct endpoint_config config = {.seed = 1};
	struct drive drive = {
	    .context = g, .event = guest_event, .pump = guest_pump, .finished = guest_finished};
	struct ip_addr client[LAB_ADDRS_MAX], target[LAB_ADDRS_MAX];
	struct conn_config conn;
	struct error err = {0};

	*g = (struct guest){.lab = mirror_lab(false), .say = say};
	g->net = lab_net(g->lab);
	conn_config_defaults(&conn);
	conn.local_count = lab_client_addrs(g->lab, client);
	lab_target_addrs(g->lab, target);
	conn.local[0].addr = client[0];
	g->endpoint = endpoint_new(&config, NULL);
	g->conn =
	    endpoint_connect(g->endpoint, &target[0], RIG_PORT, &conn, net_now_ns(g->net), NULL);
	drive.endpoint = g->endpoint;
	drive.net = g->net;
	assert_int_equal(drive_run(&drive, &err), 0);
}

static void leave(struct guest *g)
{
	endpoint_free(g->endpoint);
	net_close(g->net);
	lab_free(g->lab);
}

static void no_more_octets_than_came(void **state)
{
	static uint8_t say[6000];

	(void)state;
	mirror_put_head(MIRROR_CLIENT, say);
	for (size_t len = MIRROR_HEAD; len <= sizeof(say); len += 1 + len / 6) {
		const struct mirror_server *m;
		struct guest g;

		visit(&g, span_of(say, len));
		m = &lab_endpoint_at(lab_endpoint(g.lab), 0)->app.mirror;
		assert_true(g.ended && g.heard >= MIRROR_HEAD && g.heard <= len);
		assert_int_equal(m->read, len);
		assert_true(m->written + m->walked <= len);
		leave(&g);
	}
}

static void other_version_is_told(void **state)
{
	uint8_t say[1000] = {0}, head[MIRROR_HEAD];
	struct guest g;

	(void)state;
	mirror_put_head(MIRROR_CLIENT, say);
	say[8] = 9;
	mirror_put_head(MIRROR_SERVER, head);
	visit(&g, span_of(say, sizeof(say)));
	assert_true(g.ended);
	assert_int_equal(g.heard, MIRROR_HEAD);
	assert_memory_equal(g.head, head, MIRROR_HEAD);
	leave(&g);
}

/* IP/TCP{dst=443}, from 192.0.2.7:40001, with flags, acknowledgement and the head of a client. */
static void forge(struct net *net, uint16_t flags, uint32_t seq, uint32_t ack)
{
	struct packet p = rig_syn("", 64);
	uint8_t head[MIRROR_HEAD], out[200];
	int len;

	mirror_put_head(MIRROR_CLIENT, head);
	p.ip.dst = rig_addr(RIG_TARGET);
	p.tcp.flags = flags;
	p.tcp.seq = seq;
	p.tcp.ack = ack;
	if (!(flags & TCP_SYN))
		p.payload = span_of(head, sizeof(head));
	len = packet_build(&p, PACKET_FIX_ALL, out, sizeof(out));
	assert_true(len > 0);
	assert_int_equal(net_send(net, span_of(out, (size_t)len), NULL), 0);
}

/* Who sends in somebody else's name does not know what to acknowledge. */
static void no_walk_without_handshake(void **state)
{
	(void)state;
	for (unsigned cookies = 0; cookies < 2; cookies++) {
		struct lab *lab = mirror_lab(cookies);
		struct net *net = lab_net(lab);
		struct net_packet answer;
		unsigned answers = 0;

		forge(net, TCP_SYN, 1000, 0);
		for (uint32_t i = 0; i < 50; i++)
			forge(net, TCP_ACK | TCP_PSH, 1001, i * 0x05000000);
		while (net_receive(net, net_now_ns(net) + 70 * NS_PER_S, &answer, NULL) > 0)
			answers++;
		assert_true(answers > 1); /* a SYN/ACK, and resets */
		assert_null(lab_endpoint_at(lab_endpoint(lab), 0));
		net_close(net);
		lab_free(lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_more_octets_than_came),
	    cmocka_unit_test(other_version_is_told),
	    cmocka_unit_test(no_walk_without_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
