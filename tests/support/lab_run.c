#include "support/lab_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/tap.h"

#define LOOK_NS (10 * NS_PER_S)

struct runner {
	struct lab_run *run;
	const struct lab_run_spec *spec;
	struct lab *lab;
	struct net *net;
	struct endpoint *endpoint;
	struct conn *conn; /* NULL once closed */
	uint64_t moved;	   /* octets, when some last did */
	int64_t moved_ns;
};

void lab_run_defaults(struct lab_run_spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	conn_config_defaults(&spec->conn);
	spec->octets = 100000;
	spec->out_seed = 1;
}

static void fatal(const char *what, const struct error *err)
{
	fprintf(stderr, "lab_run: %s: %s\n", what, err->text);
	abort();
}

static void local_addrs(struct conn_config *config, const struct lab *lab, uint8_t family)
{
	struct ip_addr addrs[LAB_ADDRS_MAX];
	size_t count = lab_client_addrs(lab, addrs);

	for (size_t i = 0; i < count; i++)
		if (addrs[i].family == family) {
			config->local[config->local_count] =
			    (struct pm_addr){.addr = addrs[i], .id = (uint8_t)config->local_count};
			config->local_count++;
		}
}

static void open_all(struct runner *r)
{
	struct endpoint_config config = {.seed = r->spec->seed ^ 0x636c69656e74};
	struct conn_config conn = r->spec->conn;
	struct ip_addr target[LAB_ADDRS_MAX];
	struct error err = {0};
	struct net *tap;

	r->net = lab_net(r->lab);
	tap = r->spec->capture ? tap_open(r->net, r->spec->capture, 0, 0, &err) : r->net;
	if (!tap)
		fatal(r->spec->capture, &err);
	r->net = tap;
	r->moved_ns = net_now_ns(r->net);
	r->endpoint = endpoint_new(&config, &err);
	lab_target_addrs(r->lab, target);
	if (!conn.local_count)
		local_addrs(&conn, r->lab, target[0].family);
	if (r->endpoint)
		r->conn = endpoint_connect(r->endpoint, &target[0], lab_target(r->lab)->port, &conn,
					   r->moved_ns, &err);
	if (!r->conn)
		fatal("endpoint", &err);
	lab_app_init(&r->run->client_app, lab_app_find(r->spec->app ? r->spec->app : "send"),
		     r->spec->in_seed, r->spec->out_seed, r->spec->octets);
}

static void happened(struct runner *r, const struct endpoint_event *event, int64_t now_ns)
{
	if (r->conn && event->conn == r->conn)
		lab_app_run(&r->run->client_app, r->conn, now_ns);
	if (event->kind != EVENT_CLOSED)
		return;
	if (event->conn == r->conn) {
		conn_info(r->conn, &r->run->client);
		r->run->client_closed = true;
		r->conn = NULL;
	}
	endpoint_release(r->endpoint, event->conn, now_ns);
}

static void pump(struct runner *r)
{
	int64_t now_ns = net_now_ns(r->net);
	struct endpoint_event event;
	struct span packet;
	bool more;

	do { /* sending may bring events, too: look at these last */
		more = false;
		for (; endpoint_send(r->endpoint, now_ns, &packet); more = true)
			r->run->unsendable += net_send(r->net, packet, NULL) != 0;
		for (; endpoint_event(r->endpoint, &event); more = true)
			happened(r, &event, now_ns);
	} while (more);
}

static void look_at_server(struct runner *r)
{
	struct lab_served *s = lab_endpoint_at(lab_endpoint(r->lab), 0);

	if (!s)
		return;
	r->run->accepted = true;
	r->run->server_closed = !s->conn;
	lab_served_info(s, &r->run->server);
	r->run->server_app = s->app;
}

static void look(struct runner *r)
{
	struct lab_run *run = r->run;
	size_t memory;

	if (r->conn)
		conn_info(r->conn, &run->client);
	look_at_server(r);
	memory = run->client.memory + run->server.memory;
	if (memory > run->memory_max)
		run->memory_max = memory;
}

static bool progress(struct runner *r)
{
	const struct lab_run *run = r->run;
	uint64_t moved = run->client_app.in.octets + run->client_app.out.octets +
			 run->server_app.in.octets + run->server_app.out.octets +
			 run->client_closed + run->server_closed;
	bool more = moved != r->moved;

	if (more)
		r->moved_ns = net_now_ns(r->net);
	r->moved = moved;
	return more;
}

/* The client's application first, then the target's. */
static void hang_up(struct runner *r, int64_t now_ns)
{
	struct lab_served *s = lab_endpoint_at(lab_endpoint(r->lab), 0);

	r->moved_ns = now_ns;
	if (r->conn) {
		r->run->hung_up = true;
		conn_fastclose(r->conn, now_ns);
	} else if (s && s->conn) {
		r->run->server_hung_up = true;
		conn_fastclose(s->conn, now_ns);
		lab_endpoint_touch(lab_endpoint(r->lab));
	}
}

static void step(struct runner *r, int64_t deadline_ns)
{
	int64_t until_ns = endpoint_expiry_ns(r->endpoint);
	struct net_packet packet;
	struct error err = {0};

	if (until_ns > deadline_ns)
		until_ns = deadline_ns;
	if (until_ns > net_now_ns(r->net) + LOOK_NS) /* at the server, too */
		until_ns = net_now_ns(r->net) + LOOK_NS;
	if (net_receive(r->net, until_ns, &packet, &err) > 0) {
		endpoint_receive(r->endpoint, net_now_ns(r->net), packet.octets);
		r->run->packets++;
	}
}

void lab_run(struct lab_run *run, struct lab *lab, const struct lab_run_spec *spec)
{
	struct runner r = {.run = run, .spec = spec, .lab = lab};
	int64_t patience_ns = spec->patience_ns ? spec->patience_ns : 2400 * NS_PER_S;
	int64_t begin_ns, deadline_ns, until_ns;

	memset(run, 0, sizeof(*run));
	open_all(&r);
	begin_ns = net_now_ns(r.net);
	deadline_ns = begin_ns + (spec->deadline_ns ? spec->deadline_ns : 7200 * NS_PER_S);
	for (;;) {
		pump(&r);
		look(&r);
		progress(&r);
		if ((run->client_closed && (run->server_closed || !run->accepted)) ||
		    net_now_ns(r.net) >= deadline_ns)
			break;
		until_ns = r.moved_ns + patience_ns;
		if (net_now_ns(r.net) >= until_ns)
			hang_up(&r, net_now_ns(r.net));
		else
			step(&r, until_ns < deadline_ns ? until_ns : deadline_ns);
	}
	run->lasted_ns = net_now_ns(r.net) - begin_ns;
	endpoint_free(r.endpoint);
	net_close(r.net);
}

static size_t describe_end(char *out, size_t cap, const char *who, const struct conn_info *info,
			   const struct lab_app *app, bool closed)
{
	char reasons[4 * CONN_SUBFLOWS_MAX + 1] = "";

	for (size_t i = 0, len = 0; i < info->subflow_count; i++)
		len += (size_t)snprintf(reasons + len, sizeof(reasons) - len, " %d",
					info->subflow[i].reset_reason);
	return (size_t)snprintf(
	    out, cap,
	    "  %s: %s, %s, fallback %s (%s), subflows%s, options 0x%llx, %llu checksum failures; "
	    "read %llu%s%s, wrote %llu\n",
	    who, closed ? "closed" : "NOT CLOSED", conn_outcome_name(info->outcome),
	    info->fallback_stage ? fallback_stage_name(info->fallback_stage) : "no",
	    info->fallback_reason ? fallback_reason_text(info->fallback_reason) : "-", reasons,
	    (unsigned long long)info->options_seen, (unsigned long long)info->checksum_failures,
	    (unsigned long long)app->in.octets, app->read_ended ? " to the end" : "",
	    app->in.wrong_at == LAB_STREAM_RIGHT ? "" : " WITH WRONG OCTETS",
	    (unsigned long long)app->out.octets);
}

const char *lab_run_describe(const struct lab_run *run, char *out, size_t cap)
{
	size_t len = (size_t)snprintf(
	    out, cap, "%.3f s, %llu packets back, %llu too long, %zu octets held%s\n",
	    (double)run->lasted_ns / 1e9, (unsigned long long)run->packets,
	    (unsigned long long)run->unsendable, run->memory_max,
	    run->hung_up	  ? ", hung up"
	    : run->server_hung_up ? ", target hung up"
				  : "");

	if (len < cap)
		len += describe_end(out + len, cap - len, "client", &run->client, &run->client_app,
				    run->client_closed);
	if (len < cap && run->accepted)
		describe_end(out + len, cap - len, "server", &run->server, &run->server_app,
			     run->server_closed);
	return out;
}

bool lab_run_in_order(const struct lab_run *run)
{
	const struct lab_app *c = &run->client_app, *s = &run->server_app;

	return c->in.wrong_at == LAB_STREAM_RIGHT && c->in.octets <= s->out.octets &&
	       (!run->accepted ||
		(s->in.wrong_at == LAB_STREAM_RIGHT && s->in.octets <= c->out.octets));
}

bool lab_run_whole(const struct lab_run *run)
{
	const struct lab_app *c = &run->client_app, *s = &run->server_app;

	return run->accepted && !run->unsendable && lab_run_in_order(run) && c->read_ended &&
	       s->read_ended && c->in.octets == s->out.octets && c->in.hash == s->out.hash &&
	       s->in.octets == c->out.octets && s->in.hash == c->out.hash &&
	       (!c->limit || c->out.octets == c->limit);
}
