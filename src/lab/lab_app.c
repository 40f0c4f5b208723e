#include "lab/lab_app.h"

#include <string.h>

#define PART 16384

static void finish(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	if (!app->shut_down)
		conn_shutdown(conn, now_ns);
	app->shut_down = true;
}

static void take(struct lab_app *app, struct conn *conn, struct span octets)
{
	lab_stream_take(&app->in, octets);
	conn_consume(conn, octets.len);
}

static void read_all(struct lab_app *app, struct conn *conn)
{
	struct span octets;

	while ((octets = conn_peek(conn)).len)
		take(app, conn, octets);
	app->read_ended = conn_read_ended(conn);
}

static void echo_run(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	struct span octets;
	long taken;

	while ((octets = conn_peek(conn)).len) {
		taken = conn_write(conn, now_ns, octets);
		if (taken <= 0)
			return; /* when there is room again */
		octets.len = (size_t)taken;
		lab_stream_take(&app->out, octets);
		take(app, conn, octets);
	}
	app->read_ended = conn_read_ended(conn);
	if (app->read_ended)
		finish(app, conn, now_ns);
}

static void discard_run(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	read_all(app, conn);
	if (app->read_ended)
		finish(app, conn, now_ns);
}

static void send_run(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	uint8_t part[PART];

	while (app->out.octets < app->limit) {
		uint64_t len = app->limit - app->out.octets;
		long taken;

		if (len > sizeof(part))
			len = sizeof(part);
		lab_stream_fill(app->out.seed, app->out.octets, part, len);
		taken = conn_write(conn, now_ns, span_of(part, len));
		if (taken <= 0)
			break;
		lab_stream_take(&app->out, span_of(part, (size_t)taken));
	}
	if (app->out.octets == app->limit)
		finish(app, conn, now_ns);
	read_all(app, conn);
}

static void half_close_run(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	finish(app, conn, now_ns);
	read_all(app, conn);
}

static void hang_up_run(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	bool asked = conn_peek(conn).len;

	read_all(app, conn);
	if (asked && !app->shut_down)
		conn_fastclose(conn, now_ns);
	app->shut_down |= asked;
}

static void mirror_run(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	if (!app->log) {
		echo_run(app, conn, now_ns);
		return;
	}
	if (mirror_server_pump(&app->mirror, app->walk_back, app->log, conn, now_ns))
		finish(app, conn, now_ns);
	app->read_ended = conn_read_ended(conn);
}

static const struct lab_app_ops apps[] = {
    {"echo", echo_run},	    {"discard", discard_run},
    {"send", send_run},	    {"half-close", half_close_run},
    {"mirror", mirror_run}, {"hang-up", hang_up_run},
};

const char *lab_app_name(int i)
{
	return (size_t)i < sizeof(apps) / sizeof(apps[0]) ? apps[i].name : NULL;
}

const struct lab_app_ops *lab_app_find(const char *name)
{
	for (size_t i = 0; i < sizeof(apps) / sizeof(apps[0]); i++)
		if (!strcmp(apps[i].name, name))
			return &apps[i];
	return NULL;
}

void lab_app_init(struct lab_app *app, const struct lab_app_ops *ops, uint64_t in_seed,
		  uint64_t out_seed, uint64_t limit)
{
	*app = (struct lab_app){.ops = ops, .limit = limit};
	lab_stream_init(&app->in, in_seed);
	lab_stream_init(&app->out, out_seed);
}

void lab_app_run(struct lab_app *app, struct conn *conn, int64_t now_ns)
{
	app->ops->run(app, conn, now_ns);
}
