#include "lab/lab_endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "lab/lab_routes.h"
#include "lab/lab_target.h"

#define LOG_SIZE 1024 /* segments that a mirror remembers */

struct lab_endpoint {
	struct target host;
	struct lab *lab;
	struct endpoint *endpoint;
	struct lab_routes routes;
	struct mirror_log log;	      /* of a service that mirrors */
	struct mirror_rate walk_rate; /* and of one that walks back */
	void (*event)(void *context, const struct endpoint_event *event); /* in its place */
	void *context;
	size_t count;
	struct lab_served *served[LAB_SERVED_MAX]; /* owned */
};

static void accepted(struct lab_endpoint *e, struct conn *conn)
{
	const struct lab_serve *serve = &e->host.spec.serve;
	struct lab_served *s = NULL;

	if (e->count < LAB_SERVED_MAX)
		s = calloc(1, sizeof(*s));
	if (!s) {
		endpoint_release(e->endpoint, conn, e->lab->now_ns);
		return;
	}
	lab_app_init(&s->app, lab_app_find(lab_app_name(serve->service)), serve->in_seed,
		     serve->out_seed, serve->octets);
	s->app.log = e->log.size ? &e->log : NULL;
	s->app.walk_back = serve->walk_back;
	s->conn = conn;
	conn_set_user(conn, s);
	e->served[e->count++] = s;
}

static void closed(struct lab_endpoint *e, struct conn *conn)
{
	struct lab_served *s = conn_user(conn);

	if (s) {
		conn_info(conn, &s->info);
		s->conn = NULL;
	}
	endpoint_release(e->endpoint, conn, e->lab->now_ns);
}

static void happened(struct lab_endpoint *e, const struct endpoint_event *event)
{
	struct lab_served *s;

	if (e->event) {
		e->event(e->context, event);
		return;
	}
	if (event->kind == EVENT_ACCEPTED)
		accepted(e, event->conn);
	s = conn_user(event->conn);
	if (s && s->conn)
		lab_app_run(&s->app, s->conn, e->lab->now_ns);
	if (event->kind == EVENT_CLOSED)
		closed(e, event->conn);
}

/* Those that walk back look at what comes and goes. */
static void note(struct lab_endpoint *e, enum mirror_kind kind, struct span octets)
{
	if (!e->log.size)
		return;
	mirror_log_note(&e->log, kind, e->lab->now_ns, octets);
	for (size_t i = 0; i < e->count; i++)
		mirror_server_packet(&e->served[i]->app.mirror, kind == MIRROR_SENT, e->lab->now_ns,
				     octets);
}

static void put_out(struct lab_endpoint *e, struct span octets)
{
	struct lab_packet *p = lab_packet_new(e->lab);
	struct packet packet;

	if (!p)
		return;
	if (octets.len > LAB_MTU || packet_parse(&packet, octets)) {
		lab_packet_free(e->lab, p);
		return;
	}
	memcpy(p->box.octets, octets.at, octets.len);
	p->box.len = octets.len;
	p->box.direction = BOX_REVERSE;
	p->box.path = lab_routes_find(&e->routes, &packet.ip.src, &packet.ip.dst);
	lab_emit(e->lab, &e->host.element, NULL, p);
}

static void send_out(struct lab_endpoint *e, struct span octets)
{
	for (size_t i = 0; e->log.size && i < e->count; i++)
		if (mirror_server_loses(&e->served[i]->app.mirror, octets))
			return;
	note(e, MIRROR_SENT, octets);
	put_out(e, octets);
}

/* Copies along the way back, and what they found. */
static void walk_back(struct lab_endpoint *e)
{
	uint8_t copy[MIRROR_SEGMENT_MAX];

	for (size_t i = 0; e->host.spec.serve.walk_back && i < e->count; i++) {
		struct lab_served *s = e->served[i];
		size_t len;

		if (!s->conn ||
		    mirror_server_expiry_ns(&s->app.mirror, &e->walk_rate) > e->lab->now_ns)
			continue;
		len = mirror_server_copy(&s->app.mirror, &e->walk_rate, e->lab->now_ns, copy);
		if (len)
			put_out(e, span_of(copy, len));
		lab_app_run(&s->app, s->conn, e->lab->now_ns);
	}
}

static int64_t walk_due_ns(const struct lab_endpoint *e)
{
	int64_t due_ns = TIME_NEVER;

	for (size_t i = 0; e->host.spec.serve.walk_back && i < e->count; i++) {
		const struct lab_served *s = e->served[i];
		int64_t its_ns =
		    s->conn ? mirror_server_expiry_ns(&s->app.mirror, &e->walk_rate) : TIME_NEVER;

		if (its_ns < due_ns)
			due_ns = its_ns;
	}
	return due_ns;
}

/* Events make applications write, and writing makes packets. */
static void endpoint_run(struct lab_endpoint *e)
{
	struct endpoint_event event;
	struct span packet;
	bool more;

	walk_back(e);
	do { /* sending may bring events, too: look at these last */
		more = false;
		for (; endpoint_send(e->endpoint, e->lab->now_ns, &packet); more = true)
			send_out(e, packet);
		for (; endpoint_event(e->endpoint, &event); more = true)
			happened(e, &event);
	} while (more);
	lab_arm(e->lab, &e->host.element, endpoint_expiry_ns(e->endpoint));
	lab_arm(e->lab, &e->host.element, walk_due_ns(e));
}

static void endpoint_segment(struct lab *lab, struct target *host, const struct lab_packet *cause,
			     const struct packet *p)
{
	struct lab_endpoint *e = (struct lab_endpoint *)host;
	struct span octets = span_of(cause->box.octets, cause->box.len);

	lab_routes_learn(&e->routes, &p->ip.dst, &p->ip.src, cause->box.path);
	note(e, MIRROR_ARRIVED, octets);
	endpoint_receive(e->endpoint, lab->now_ns, octets);
	endpoint_run(e);
}

static void endpoint_expire(struct lab *lab, struct lab_element *element)
{
	(void)lab;
	endpoint_run((struct lab_endpoint *)element);
}

static void endpoint_fini(struct lab_element *element)
{
	struct lab_endpoint *e = (struct lab_endpoint *)element;

	for (size_t i = 0; i < e->count; i++)
		free(e->served[i]);
	endpoint_free(e->endpoint);
	mirror_log_fini(&e->log);
}

static const struct lab_element_ops endpoint_ops = {
    .arrive = target_arrive,
    .expire = endpoint_expire,
    .fini = endpoint_fini,
};

/* What the listener announces: all addresses of the target, if so told. */
static void local_addrs(const struct lab_endpoint *e, struct conn_config *config)
{
	struct ip_addr addrs[LAB_ADDRS_MAX];
	size_t count = e->host.spec.serve.add_addr ? lab_target_addrs(e->lab, addrs) : 0;

	for (size_t i = 0; i < count && i < PM_ADDRS_MAX; i++)
		config->local[i] = (struct pm_addr){
		    .addr = addrs[i],
		    .id = (uint8_t)i,
		    .backup = i && e->host.spec.serve.backup,
		};
	config->local_count = count < PM_ADDRS_MAX ? count : PM_ADDRS_MAX;
}

static int open_endpoint(struct lab_endpoint *e, struct error *err)
{
	struct endpoint_config config = {.seed = e->lab->seed ^ UINT64_C(0x7461726765740000)};
	struct listener_config listener = {
	    .port = e->host.spec.port,
	    .backlog = 128,
	    .always_cookies = e->host.spec.serve.cookies,
	    .conn = e->host.spec.serve.conn,
	};

	if (!strcmp(lab_app_name(e->host.spec.serve.service), "mirror") &&
	    !mirror_log_init(&e->log, LOG_SIZE))
		return error_set(err, ERR_NOMEM, "lab: out of memory");
	local_addrs(e, &listener.conn);
	listener.conn.tcp.ecn = true; /* with who asks for it */
	e->endpoint = endpoint_new(&config, err);
	if (!e->endpoint || !endpoint_listen(e->endpoint, &listener, err))
		return ERR_USAGE;
	return 0;
}

struct lab_element *lab_endpoint_new(struct lab *lab, const struct lab_target *spec,
				     struct error *err)
{
	struct lab_endpoint *e = calloc(1, sizeof(*e));

	if (!e) {
		error_set(err, ERR_NOMEM, "lab: out of memory");
		return NULL;
	}
	e->host.element.ops = &endpoint_ops;
	e->lab = lab;
	e->host.spec = *spec;
	e->host.segment = endpoint_segment;
	if (!open_endpoint(e, err))
		return &e->host.element;
	endpoint_fini(&e->host.element);
	free(e);
	return NULL;
}

struct lab_endpoint *lab_endpoint(struct lab *lab)
{
	return lab->target && lab->target->ops == &endpoint_ops ? (struct lab_endpoint *)lab->target
								: NULL;
}

struct endpoint *lab_endpoint_of(struct lab_endpoint *e)
{
	return e->endpoint;
}

void lab_endpoint_hand_over(struct lab_endpoint *e,
			    void (*event)(void *context, const struct endpoint_event *event),
			    void *context)
{
	e->event = event;
	e->context = context;
}

void lab_endpoint_touch(struct lab_endpoint *e)
{
	lab_arm(e->lab, &e->host.element, e->lab->now_ns);
}

struct lab_served *lab_endpoint_at(struct lab_endpoint *e, size_t i)
{
	return i < e->count ? e->served[i] : NULL;
}

void lab_served_info(const struct lab_served *s, struct conn_info *out)
{
	if (s->conn)
		conn_info(s->conn, out);
	else
		*out = s->info;
}
