#include "probe/mirrored_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe/drive.h"
#include "probe/engine.h"

#define QUIET_NS                                                                                   \
	(12 * NS_PER_S) /* nothing moves: given up, but not before a peer may (conn_dss.c) */
#define WHOLE_NS (90 * NS_PER_S)
#define CLOSE_NS (1 * NS_PER_S) /* for an end that both sides agree on */
#define HEADERS	 40		/* of IPv4 and TCP */

struct mirroring {
	struct trace *trace;
	struct net *net;
	const struct trace_run *run;
	struct endpoint *endpoint;
	struct conn *conn;
	struct mirror_client client;
	bool closed, done;
	int64_t moved_ns, until_ns;
	struct trace_mirrored result;
};

static void on_event(void *context, const struct endpoint_event *event)
{
	struct mirroring *m = context;

	m->result.connection.established |= event->kind == EVENT_ESTABLISHED;
	m->closed |= event->kind == EVENT_CLOSED;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t on_pump(void *context, int64_t now_ns)
{
	struct mirroring *m = context;
	int64_t due_ns = mirror_client_pump(&m->client, m->conn, now_ns);
	bool through = m->client.shut && m->client.ended;

	if (m->client.heard)
		m->moved_ns = now_ns;
	if (through && m->until_ns > now_ns + CLOSE_NS)
		m->until_ns = now_ns + CLOSE_NS;
	m->done = now_ns >= m->until_ns || (!through && now_ns >= m->moved_ns + QUIET_NS);
	if (m->run->idle)
		due_ns = earlier(due_ns, m->run->idle(m->run->context, now_ns));
	due_ns = earlier(due_ns, through ? TIME_NEVER : m->moved_ns + QUIET_NS);
	return earlier(due_ns, m->until_ns);
}

static void on_stopped(void *context, int64_t now_ns)
{
	struct mirroring *m = context;

	(void)now_ns;
	m->done = true;
	m->until_ns = 0;
	m->result.connection.interrupted = true;
}

static bool on_finished(void *context)
{
	const struct mirroring *m = context;

	return m->closed || m->done;
}

static bool on_packet(void *context, bool sent, int64_t time_ns, struct span octets)
{
	struct mirroring *m = context;

	if (sent && mirror_client_loses(&m->client, octets))
		return false;
	mirror_client_note(&m->client, sent ? MIRROR_SENT : MIRROR_ARRIVED, time_ns, octets);
	return true;
}

static int open_connection(struct mirroring *m, struct error *err)
{
	const struct trace_config *c = &trace_result(m->trace)->config;
	unsigned headers = c->target.family == 6 ? HEADERS + 20 : HEADERS;
	unsigned mtu = c->mtu < 1500 ? c->mtu : 1500;
	struct conn_config config;

	conn_config_defaults(&config);
	config.pm = "none";
	config.limits = (struct pm_limits){0};
	config.plain_after_syns = UINT8_MAX; /* as inside.c: one was answered, so it is loss */
	config.local_count = 1;
	config.local[0].addr = c->source;
	if (mtu > headers + 64)
		config.tcp.mss = (uint16_t)(mtu - headers);
	m->conn =
	    endpoint_connect(m->endpoint, &c->target, c->port, &config, net_now_ns(m->net), err);
	return m->conn ? 0 : err->code;
}

static int drive(struct mirroring *m, struct error *err)
{
	struct drive d = {
	    .endpoint = m->endpoint,
	    .net = m->net,
	    .stop = m->run->stop,
	    .context = m,
	    .event = on_event,
	    .pump = on_pump,
	    .stopped = on_stopped,
	    .finished = on_finished,
	    .packet = on_packet,
	};

	return drive_run(&d, err);
}

/* What is left of the connection is ended. */
static int release(struct mirroring *m, struct error *err)
{
	struct span packet;
	int rc = 0;

	mirror_client_pump(&m->client, m->conn, net_now_ns(m->net));
	conn_info(m->conn, &m->result.connection.info);
	endpoint_release(m->endpoint, m->conn, net_now_ns(m->net));
	while (rc >= 0 && endpoint_send(m->endpoint, net_now_ns(m->net), &packet))
		rc = net_send(m->net, packet, err);
	return rc < 0 ? rc : 0;
}

static void note(struct mirroring *m)
{
	const struct mirrored *found = &m->result.mirrored;
	const char *missing = mirrored_missing(found);
	size_t cap = sizeof(m->result.note);

	if (!m->result.connection.established)
		snprintf(
		    m->result.note, cap,
		    "No connection could be opened: what arrives at the target was not compared "
		    "with what is sent.");
	else if (missing)
		snprintf(m->result.note, cap, "%s", missing);
	else
		snprintf(
		    m->result.note, cap,
		    "What was sent and what arrived was compared at both ends: %u segments towards "
		    "the target, %u on the way back.",
		    found->forward.segments, found->reverse.segments);
}

static void conclude_connection(struct mirroring *m)
{
	struct connection_result *c = &m->result.connection;
	const struct trace_config *config = &trace_result(m->trace)->config;

	mirrored_compare(&m->result.mirrored, &m->client, &c->info);
	c->target = config->target;
	c->port = config->port;
	c->gave_up = m->done && !m->client.ended;
	c->ended = m->client.shut && m->client.ended;
	c->mirrored = &m->result.mirrored;
	connection_conclude(c);
}

static int measure(struct mirroring *m, const struct mirrored_config *config, struct error *err)
{
	struct endpoint_config endpoint = {.seed = config->seed + 1,
					   .quiet = true,
					   .port_first = config->local_port,
					   .port_last = config->local_port};
	int rc, failed = 0;

	m->moved_ns = net_now_ns(m->net);
	m->until_ns = m->moved_ns + WHOLE_NS;
	m->endpoint = endpoint_new(&endpoint, err);
	rc = m->endpoint && mirror_client_init(&m->client)
		 ? open_connection(m, err)
		 : error_set(err, ERR_NOMEM, "out of memory");
	if (!rc)
		rc = drive(m, err);
	if (m->conn)
		failed = release(m, err);
	if (m->conn)
		conclude_connection(m);
	return rc ? rc : failed;
}

int mirrored_run(struct trace *t, struct net *net, const struct mirrored_config *config,
		 const struct trace_run *run, struct error *err)
{
	struct mirroring *m = calloc(1, sizeof(*m));
	int rc = 0;

	if (!m)
		return error_set(err, ERR_NOMEM, "out of memory");
	m->trace = t;
	m->net = net;
	m->run = run;
	m->result.asked = true;
	if (!trace_result(t)->interrupted && observe_syn_ack(t))
		rc = measure(m, config, err);
	note(m);
	trace_add_mirrored(t, &m->result, net_now_ns(net));
	endpoint_free(m->endpoint);
	mirror_client_fini(&m->client);
	free(m);
	return rc;
}
