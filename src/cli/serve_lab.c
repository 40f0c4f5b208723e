#include "cli/serve_lab.h"

#include <stdlib.h>

#include "cli/interrupt.h"
#include "lab/lab_endpoint.h"
#include "probe/drive.h"
#include "script/scenario.h"

/* Virtual: longer than TCP tries anything. */
#define PATIENCE_NS (3600 * NS_PER_S)

struct visitor {
	struct conn *conn; /* NULL once it is closed */
	uint64_t left;	   /* octets to send */
	bool shut;
};

struct serve_lab {
	struct serve *serve;
	struct lab_endpoint *host;
	struct endpoint *endpoint; /* of the clients */
	size_t count, open;
	struct visitor *client;
	int64_t end_ns;
};

/* What each sends is of no meaning. */
static void client_send(struct visitor *c, int64_t now_ns)
{
	static const uint8_t octets[4096];
	long taken = 1;

	while (c->left && taken > 0) {
		size_t len = c->left < sizeof(octets) ? (size_t)c->left : sizeof(octets);

		taken = conn_write(c->conn, now_ns, span_of(octets, len));
		c->left -= taken > 0 ? (uint64_t)taken : 0;
	}
	if (c->left || c->shut)
		return;
	c->shut = true;
	conn_shutdown(c->conn, now_ns);
}

static void client_pump(struct visitor *c, int64_t now_ns)
{
	struct span octets;

	while ((octets = conn_peek(c->conn)).len)
		conn_consume(c->conn, octets.len);
	if (conn_state(c->conn) != CONN_OPENING && conn_state(c->conn) != CONN_CLOSED)
		client_send(c, now_ns);
}

static void on_event(void *context, const struct endpoint_event *event)
{
	struct serve_lab *l = context;
	struct visitor *c = conn_user(event->conn);

	if (!c || !c->conn)
		return;
	client_pump(c, event->time_ns);
	if (event->kind != EVENT_CLOSED)
		return;
	endpoint_release(l->endpoint, c->conn, event->time_ns);
	c->conn = NULL;
	l->open--;
}

static int64_t on_pump(void *context, int64_t now_ns)
{
	struct serve_lab *l = context;

	(void)now_ns;
	return l->end_ns;
}

static void on_stopped(void *context, int64_t now_ns)
{
	struct serve_lab *l = context;

	l->serve->stopped = true;
	l->end_ns = now_ns;
}

static bool on_finished(void *context)
{
	const struct serve_lab *l = context;

	return (!l->open && !l->serve->clients) || net_now_ns(l->serve->reach.net) >= l->end_ns;
}

static int connect_all(struct serve_lab *l, struct error *err)
{
	const struct reach *reach = &l->serve->reach;
	int64_t now_ns = net_now_ns(reach->net);
	struct endpoint_config endpoint;
	struct conn_config config;

	reach_configure(reach, &l->serve->options, &config, &endpoint);
	endpoint.port_last = UINT16_MAX;
	l->endpoint = endpoint_new(&endpoint, err);
	if (!l->endpoint)
		return err->code;
	for (struct visitor *c = l->client; l->open < l->count; c++, l->open++) {
		c->left = (uint64_t)l->serve->options.octets;
		c->conn = endpoint_connect(l->endpoint, &reach->target, reach->port, &config,
					   now_ns, err);
		if (!c->conn)
			return err->code;
		conn_set_user(c->conn, c);
	}
	return 0;
}

static int drive(struct serve_lab *l, struct error *err)
{
	struct drive drive = {
	    .endpoint = l->endpoint,
	    .net = l->serve->reach.net,
	    .stop = interrupt_arm(),
	    .context = l,
	    .event = on_event,
	    .pump = on_pump,
	    .stopped = on_stopped,
	    .finished = on_finished,
	};

	return drive_run(&drive, err);
}

int serve_lab_run(struct serve *s, void (*event)(void *context, const struct endpoint_event *event),
		  struct error *err)
{
	struct serve_lab l = {.serve = s, .count = (size_t)s->options.clients};
	int rc;

	l.client = calloc(l.count, sizeof(*l.client));
	if (!l.client)
		return error_set(err, ERR_NOMEM, "out of memory");
	l.host = lab_endpoint(s->reach.scenario->lab);
	l.end_ns = net_now_ns(s->reach.net) + PATIENCE_NS;
	lab_endpoint_hand_over(l.host, event, s);
	rc = connect_all(&l, err);
	if (!rc)
		rc = drive(&l, err);
	if (l.endpoint)
		endpoint_free(l.endpoint);
	free(l.client);
	return rc;
}
