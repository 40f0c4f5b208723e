/* The sub-command `serve`: listens, serves whoever comes, and tells of each until interrupted. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/serve.h"
#include "cli/serve_lab.h"
#include "lab/lab_endpoint.h"
#include "probe/drive.h"
#include "script/scenario.h"

/* How long clients may take to hear that it is over. */
#define STOP_WAIT_NS (1 * NS_PER_S)
/* Segments of all clients that a mirror remembers. */
#define LOG_SIZE 4096

static void client_add(struct serve *s, struct conn *conn, int64_t now_ns)
{
	struct serve_client *client = calloc(1, sizeof(*client));

	if (!client) {
		endpoint_release(s->endpoint, conn, now_ns);
		return;
	}
	*client = (struct serve_client){.conn = conn, .next = s->clients, .start_ns = now_ns};
	if (s->clients)
		s->clients->prev = client;
	s->clients = client;
	s->accepted++;
	conn_set_user(conn, client);
}

static void client_remove(struct serve *s, struct serve_client *client)
{
	if (client->prev)
		client->prev->next = client->next;
	else
		s->clients = client->next;
	if (client->next)
		client->next->prev = client->prev;
	free(client);
}

static void client_pump(const struct serve *s, struct serve_client *client, int64_t now_ns)
{
	if (s->service->pump(s, client, now_ns) && !client->shut) {
		client->shut = true;
		conn_shutdown(client->conn, now_ns);
	}
}

/* Nobody is left to serve for if what is told of them goes nowhere. */
static void check_sinks(struct serve *s)
{
	if ((s->text.out && sink_broken(&s->text)) || (s->json.out && sink_broken(&s->json)))
		interrupt_raise();
}

static void tell_end(struct serve *s, const struct serve_client *client, int64_t now_ns)
{
	struct connection_result r = {.interrupted = s->stopped};
	struct connection_report report = s->report;

	conn_info(client->conn, &r.info);
	if (client->ended) /* "reset" would be the peer's doing */
		r.info.outcome =
		    r.info.fallback_stage == FALLBACK_NONE ? OUTCOME_MPTCP : OUTCOME_FALLBACK;
	r.target = r.info.subflow[0].remote;
	r.port = r.info.subflow[0].remote_port;
	r.ended = (client->ended ? client->whole : client->shut && conn_read_ended(client->conn)) &&
		  (r.info.outcome == OUTCOME_MPTCP || r.info.outcome == OUTCOME_FALLBACK);
	connection_conclude(&r);
	s->mptcp += r.info.outcome == OUTCOME_MPTCP;
	s->fallback += r.info.outcome == OUTCOME_FALLBACK;
	s->interfered += r.verdict == VERDICT_INTERFERENCE;
	report.out = s->text.out;
	if (report.out)
		connection_text_line(&report, &r, now_ns);
	report.out = s->json.out;
	if (report.out)
		connection_json(&report, &r, client->start_ns, now_ns);
}

static void client_end(struct serve *s, struct serve_client *client, int64_t now_ns)
{
	tell_end(s, client, now_ns);
	endpoint_release(s->endpoint, client->conn, now_ns);
	client_remove(s, client);
	check_sinks(s);
}

static void tell_event(struct serve *s, const struct endpoint_event *event)
{
	struct connection_report report = s->report;
	struct conn_info info;

	report.out = s->json.out;
	if (!report.out || event->kind == EVENT_READABLE || event->kind == EVENT_WRITABLE)
		return;
	conn_info(event->conn, &info);
	connection_json_event(&report, event, &info);
	check_sinks(s);
}

static void on_event(void *context, const struct endpoint_event *event)
{
	struct serve *s = context;
	struct serve_client *client;

	if (event->kind == EVENT_ACCEPTED)
		client_add(s, event->conn, event->time_ns);
	client = conn_user(event->conn);
	if (!client)
		return;
	tell_event(s, event);
	client_pump(s, client, event->time_ns);
	if (event->kind == EVENT_CLOSED)
		client_end(s, client, event->time_ns);
}

static bool on_packet(void *context, bool sent, int64_t time_ns, struct span octets)
{
	struct serve *s = context;

	for (struct serve_client *c = s->clients; sent && c; c = c->next)
		if (mirror_server_loses(&c->mirror, octets))
			return false;
	mirror_log_note(&s->log, sent ? MIRROR_SENT : MIRROR_ARRIVED, time_ns, octets);
	for (struct serve_client *c = s->clients; s->options.trace_back && c; c = c->next)
		mirror_server_packet(&c->mirror, sent, time_ns, octets);
	return true;
}

/* What a walk found is told by the pump. */
static int64_t walk_back(struct serve *s, struct serve_client *c, int64_t now_ns)
{
	uint8_t copy[MIRROR_SEGMENT_MAX];
	size_t len;

	if (mirror_server_expiry_ns(&c->mirror, &s->walk_rate) > now_ns)
		return mirror_server_expiry_ns(&c->mirror, &s->walk_rate);
	len = mirror_server_copy(&c->mirror, &s->walk_rate, now_ns, copy);
	if (len)
		net_send(s->reach.net, span_of(copy, len), NULL);
	client_pump(s, c, now_ns);
	return mirror_server_expiry_ns(&c->mirror, &s->walk_rate);
}

static int64_t walk_all_back(struct serve *s, int64_t now_ns)
{
	int64_t due_ns = TIME_NEVER;

	for (struct serve_client *c = s->clients, *next; c; c = next) {
		int64_t its_ns;

		next = c->next;
		its_ns = walk_back(s, c, now_ns);
		if (its_ns < due_ns)
			due_ns = its_ns;
	}
	return due_ns;
}

static void follow(struct serve *s, int64_t now_ns)
{
	struct ip_addr addr;
	bool came;

	while (reach_changed(&s->reach, &addr, &came))
		for (struct serve_client *c = s->clients; c; c = c->next)
			reach_tell(&s->reach, c->conn, &addr, came, now_ns);
}

static int64_t on_pump(void *context, int64_t now_ns)
{
	struct serve *s = context;

	follow(s, now_ns);
	if (s->stopped)
		return s->stop_due_ns;
	return s->options.trace_back ? walk_all_back(s, now_ns) : TIME_NEVER;
}

static void on_stopped(void *context, int64_t now_ns)
{
	struct serve *s = context;

	s->stopped = true;
	s->stop_due_ns = now_ns + STOP_WAIT_NS;
	for (struct serve_client *c = s->clients; c; c = c->next) {
		c->ended = conn_state(c->conn) != CONN_CLOSED;
		c->whole = c->ended && c->shut && conn_read_ended(c->conn);
		conn_fastclose(c->conn, now_ns);
	}
}

static bool on_finished(void *context)
{
	const struct serve *s = context;

	return s->stopped && (!s->clients || net_now_ns(s->reach.net) >= s->stop_due_ns);
}

static int open_file(struct serve *s, struct error *err)
{
	const char *path = s->options.file;
	struct stat info;
	void *at = MAP_FAILED;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !fstat(fd, &info) && !S_ISREG(info.st_mode))
		errno = EINVAL;
	else if (fd >= 0 && info.st_size)
		at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at != MAP_FAILED) {
		s->mapped = at;
		s->file = span_of(at, (size_t)info.st_size);
	}
	if (at == MAP_FAILED && (fd < 0 || !S_ISREG(info.st_mode) || info.st_size))
		error_set(err, ERR_FILE, "send '%s': cannot be read: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err->code;
}

/* JSON goes to -o, else with --json to standard output; text to standard output unless that is
 * taken. */
static int open_sinks(struct serve *s, struct error *err)
{
	const struct endpoint_options *o = &s->options;
	bool taken = o->json || (o->output && !strcmp(o->output, "-"));
	int rc = 0;

	if (o->output || o->json)
		rc = sink_open(&s->json, o->output, err);
	if (!rc && !taken)
		rc = sink_open(&s->text, NULL, err);
	return rc;
}

static int open_listener(struct serve *s, struct error *err)
{
	struct listener_config listener = {.port = s->reach.port,
					   .backlog = (unsigned)s->options.backlog,
					   .always_cookies = s->options.cookies};
	struct endpoint_config endpoint;

	reach_configure(&s->reach, &s->options, &listener.conn, &endpoint);
	listener.conn.tcp.ecn = true; /* with who asks for it */
	s->endpoint = endpoint_new(&endpoint, err);
	if (!s->endpoint)
		return err->code;
	return endpoint_listen(s->endpoint, &listener, err) ? 0 : err->code;
}

static int open_live(struct serve *s, struct error *err)
{
	int rc = reach_open_server(&s->reach, &s->options, err);

	return rc ? rc : open_listener(s, err);
}

/* Its target is the endpoint. */
static int open_lab(struct serve *s, struct error *err)
{
	int rc = reach_open_lab_server(&s->reach, &s->options, err);

	if (!rc)
		s->endpoint = lab_endpoint_of(lab_endpoint(s->reach.scenario->lab));
	return rc;
}

static int serve_open(struct serve *s, struct error *err)
{
	int rc = open_sinks(s, err);

	s->service = service_find(s->options.mode);
	if (!rc && s->options.mirror && !mirror_log_init(&s->log, LOG_SIZE))
		rc = error_set(err, ERR_NOMEM, "out of memory");
	if (!rc && s->options.file)
		rc = open_file(s, err);
	if (!rc && s->options.lab)
		rc = open_lab(s, err);
	else if (!rc)
		rc = open_live(s, err);
	s->report.wall_ns = s->reach.wall_ns;
	s->report.at_ns = s->reach.at_ns;
	return rc;
}

static int serve_close(struct serve *s, struct error *err)
{
	struct error second;
	int rc;

	for (struct serve_client *c = s->clients, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	if (s->endpoint && !s->options.lab) /* the lab's is its own */
		endpoint_free(s->endpoint);
	mirror_log_fini(&s->log);
	reach_close(&s->reach);
	if (s->mapped)
		munmap(s->mapped, s->file.len);
	rc = sink_close(&s->json, err);
	return sink_close(&s->text, rc ? &second : err) || rc ? ERR_DEVICE : 0;
}

static int live_loop(struct serve *s, struct error *err)
{
	struct drive drive = {
	    .endpoint = s->endpoint,
	    .net = s->reach.net,
	    .stop = interrupt_arm(),
	    .context = s,
	    .event = on_event,
	    .pump = on_pump,
	    .stopped = on_stopped,
	    .finished = on_finished,
	    .packet = s->log.size ? on_packet : NULL,
	};

	s->watch = reach_watch(&s->reach);
	net_watch(s->reach.net, &s->watch, 1);
	fprintf(stderr, "mboxtrace: serving %s on port %u; Ctrl-C ends it\n", s->service->name,
		s->reach.port);
	return drive_run(&drive, err);
}

static int serve_loop(struct serve *s, struct error *err)
{
	int rc = s->options.lab ? serve_lab_run(s, on_event, err) : live_loop(s, err);

	for (struct serve_client *c = s->clients, *next; c; c = next) {
		next = c->next;
		client_end(s, c, net_now_ns(s->reach.net));
	}
	s->report.out = s->json.out;
	if (s->json.out)
		connection_json_summary(&s->report, s->accepted, s->mptcp, s->fallback);
	reach_warn(&s->reach);
	return rc;
}

static int serve_run(struct serve *s)
{
	struct error err = {0}, close_err = {0};
	int status, rc = serve_open(s, &err);

	if (!rc)
		rc = serve_loop(s, &err);
	status = rc ? command_fail(&err)
		    : verdict_exit_status(s->interfered ? VERDICT_INTERFERENCE : VERDICT_CLEAN);
	if (serve_close(s, &close_err) && !rc)
		status = command_fail(&close_err);
	return status;
}

int command_serve(int argc, char **argv)
{
	struct serve s = {0};
	struct error err = {0};

	if (serve_options_parse(&s.options, argc, argv, &err))
		return command_fail(&err);
	if (!s.options.help)
		return serve_run(&s);
	command_print_help(command_find("serve"));
	return EXIT_CLEAN;
}
