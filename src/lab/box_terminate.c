/* A split proxy that is there in full: ends the client's connection, opens its own to the target in
 * the client's name, and relays what either says. Each side speaks the MPTCP version it is told. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lab/box_edit.h"
#include "lab/box_list.h"
#include "lab/lab_routes.h"
#include "mptcp/endpoint.h"
#include "util/time.h"

#define PAIRS_MAX 64

static const char *const versions[] = {"none", "v0", "v1", NULL};
static const uint8_t version_of[] = {255, 0, 1};

struct pair {
	struct conn *side[2]; /* towards the client, towards the target; NULL: closed */
	bool shut_down[2];
};

struct terminate {
	struct box box;
	int version[2];
	int64_t port;
	struct endpoint *endpoint[2]; /* owned; made when the first segment comes */
	struct lab_routes routes;
	struct pair pairs[PAIRS_MAX];
};

static const struct box_param terminate_params[] = {
    {.name = "client",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct terminate, version[0]),
     .choices = versions,
     .help = "the MPTCP version it speaks with the client"},
    {.name = "target",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct terminate, version[1]),
     .choices = versions,
     .help = "the MPTCP version it speaks with the target"},
    {.name = "port",
     .type = PARAM_INT,
     .offset = offsetof(struct terminate, port),
     .min = 1,
     .max = UINT16_MAX,
     .help = "the target's port that it proxies"},
    {0},
};

static void terminate_init(struct box *box)
{
	((struct terminate *)box)->port = 443;
}

static struct conn_config config_of(const struct terminate *t, unsigned side)
{
	struct conn_config config;

	conn_config_defaults(&config);
	config.version = version_of[t->version[side]];
	config.pm = "none";
	return config;
}

static bool start(struct terminate *t, struct rng *rng)
{
	struct listener_config listener = {
	    .port = (uint16_t)t->port,
	    .backlog = PAIRS_MAX,
	    .conn = config_of(t, 0),
	};

	for (unsigned side = 0; side < 2; side++) {
		struct endpoint_config config = {.seed = rng_u64(rng)};

		if (!t->endpoint[side])
			t->endpoint[side] = endpoint_new(&config, NULL);
		if (!t->endpoint[side])
			return false;
	}
	return endpoint_listen(t->endpoint[0], &listener, NULL);
}

static void release(struct terminate *t, struct pair *p, unsigned side, int64_t now_ns)
{
	if (p->side[side])
		endpoint_release(t->endpoint[side], p->side[side], now_ns);
	p->side[side] = NULL;
}

/* The other half: to where the client meant to connect, from the client's address. */
static struct conn *connect_on(struct terminate *t, const struct conn *from, int64_t now_ns)
{
	struct conn_config config = config_of(t, 1);
	struct conn_info info;

	conn_info(from, &info);
	config.local_count = 1;
	config.local[0] = (struct pm_addr){.addr = info.subflow[0].remote};
	return endpoint_connect(t->endpoint[1], &info.subflow[0].local, info.subflow[0].local_port,
				&config, now_ns, NULL);
}

static void accepted(struct terminate *t, struct conn *conn, int64_t now_ns)
{
	struct pair *p = NULL;

	for (size_t i = 0; i < PAIRS_MAX && !p; i++)
		if (!t->pairs[i].side[0] && !t->pairs[i].side[1])
			p = &t->pairs[i];
	if (!p) {
		endpoint_release(t->endpoint[0], conn, now_ns);
		return;
	}
	*p = (struct pair){.side = {conn, connect_on(t, conn, now_ns)}};
	conn_set_user(conn, p);
	if (p->side[1])
		conn_set_user(p->side[1], p);
	else
		release(t, p, 0, now_ns);
}

static void relay(struct pair *p, unsigned from, int64_t now_ns)
{
	struct conn *a = p->side[from], *b = p->side[!from];
	struct span octets;
	long taken;

	if (!a || !b)
		return;
	while ((octets = conn_peek(a)).len) {
		taken = conn_write(b, now_ns, octets);
		if (taken <= 0)
			return;
		conn_consume(a, (size_t)taken);
	}
	if (conn_read_ended(a) && !p->shut_down[!from]) {
		conn_shutdown(b, now_ns);
		p->shut_down[!from] = true;
	}
}

/* One half is gone: so is the other, unless all was said in good order. */
static void closed(struct terminate *t, struct pair *p, unsigned side, int64_t now_ns)
{
	enum conn_outcome outcome = conn_outcome(p->side[side]);

	relay(p, side, now_ns);
	release(t, p, side, now_ns);
	if (outcome != OUTCOME_MPTCP && outcome != OUTCOME_FALLBACK)
		release(t, p, !side, now_ns);
}

static void happened(struct terminate *t, unsigned side, const struct endpoint_event *event,
		     int64_t now_ns)
{
	struct pair *p;

	if (event->kind == EVENT_ACCEPTED)
		accepted(t, event->conn, now_ns);
	p = conn_user(event->conn);
	if (!p || p->side[side] != event->conn) {
		if (event->kind == EVENT_CLOSED)
			endpoint_release(t->endpoint[side], event->conn, now_ns);
		return;
	}
	relay(p, 0, now_ns);
	relay(p, 1, now_ns);
	if (event->kind == EVENT_CLOSED)
		closed(t, p, side, now_ns);
}

static void send_out(struct terminate *t, unsigned side, struct span octets,
		     const struct box_io *io)
{
	struct box_packet out = {.direction = side ? BOX_FORWARD : BOX_REVERSE};
	struct packet p;

	if (octets.len > sizeof(out.octets) || packet_parse(&p, octets))
		return;
	memcpy(out.octets, octets.at, octets.len);
	out.len = octets.len;
	out.path = side ? lab_routes_find(&t->routes, &p.ip.dst, &p.ip.src)
			: lab_routes_find(&t->routes, &p.ip.src, &p.ip.dst);
	io->emit(io->context, &out);
}

static void run(struct terminate *t, const struct box_io *io)
{
	struct endpoint_event event;
	struct span packet;
	bool more;

	do {
		more = false;
		for (unsigned side = 0; side < 2; side++) {
			for (; endpoint_send(t->endpoint[side], io->now_ns, &packet); more = true)
				send_out(t, side, packet, io);
			for (; endpoint_event(t->endpoint[side], &event); more = true)
				happened(t, side, &event, io->now_ns);
		}
	} while (more);
}

static bool is_proxied(const struct terminate *t, const struct box_packet *packet, struct packet *p)
{
	static const struct box_filter all = {.direction = BOX_BOTH - 1};

	return box_segment(p, packet, &all) &&
	       t->port == (packet->direction == BOX_FORWARD ? p->tcp.dst_port : p->tcp.src_port);
}

static enum box_fate terminate_packet(struct box *box, struct box_packet *packet,
				      const struct box_io *io)
{
	struct terminate *t = (struct terminate *)box;
	struct packet p;

	if (!is_proxied(t, packet, &p))
		return BOX_PASS;
	if (!t->endpoint[0] && !start(t, io->rng))
		return BOX_DROP;
	if (packet->direction == BOX_FORWARD)
		lab_routes_learn(&t->routes, &p.ip.dst, &p.ip.src, packet->path);
	endpoint_receive(t->endpoint[packet->direction == BOX_REVERSE], io->now_ns,
			 span_of(packet->octets, packet->len));
	run(t, io);
	return BOX_DROP;
}

static int64_t terminate_expiry_ns(const struct box *box)
{
	const struct terminate *t = (const struct terminate *)box;
	int64_t first = t->endpoint[0] ? endpoint_expiry_ns(t->endpoint[0]) : TIME_NEVER;
	int64_t second = t->endpoint[1] ? endpoint_expiry_ns(t->endpoint[1]) : TIME_NEVER;

	return first < second ? first : second;
}

static void terminate_expire(struct box *box, const struct box_io *io)
{
	run((struct terminate *)box, io);
}

static void terminate_fini(struct box *box)
{
	struct terminate *t = (struct terminate *)box;

	for (unsigned side = 0; side < 2; side++)
		if (t->endpoint[side])
			endpoint_free(t->endpoint[side]);
}

const struct box_ops box_terminate = {
    .name = "terminate",
    .summary = "a split proxy: ends connections and relays over its own",
    .size = sizeof(struct terminate),
    .params = terminate_params,
    .init = terminate_init,
    .packet = terminate_packet,
    .expiry_ns = terminate_expiry_ns,
    .expire = terminate_expire,
    .fini = terminate_fini,
};
