/* One connection of `connect`, driven from its SYN to its end. */
#include <unistd.h>

#include "cli/connect.h"
#include "cli/interrupt.h"
#include "probe/drive.h"

/* A check waits so long for an answer's continuation. */
#define CHECK_QUIET_NS (1 * NS_PER_S)
/* How long an end may take that both sides agree on. */
#define CLOSE_WAIT_NS (3 * NS_PER_S)

static void on_event(void *context, const struct endpoint_event *event)
{
	struct connect *c = context;
	struct conn_info *info = &c->result.info;

	if (event->conn != c->conn)
		return;
	if (event->kind == EVENT_READABLE || event->kind == EVENT_WRITABLE)
		return;
	conn_info(c->conn, info);
	if (event->kind == EVENT_ESTABLISHED) {
		c->result.established = true;
		c->stream.moved_ns = event->time_ns;
	}
	if (event->kind == EVENT_CLOSED)
		c->closed = true;
	if (c->sink.out)
		connection_json_event(&c->report, event, info);
	if (sink_broken(&c->sink))
		interrupt_raise();
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A check has its answer once the peer has ended, or has been quiet for a while. */
static int64_t check_progress(struct connect *c, int64_t now_ns)
{
	struct stream *s = &c->stream;
	bool wants = c->has_request;
	int64_t due_ns = s->moved_ns + CHECK_QUIET_NS;

	if (!s->hold || conn_state(c->conn) == CONN_OPENING)
		return TIME_NEVER;
	if (wants && !s->received && !s->out_ended)
		return TIME_NEVER; /* -w bounds it */
	if (wants && !s->out_ended && now_ns < due_ns)
		return due_ns;
	s->hold = false;
	stream_pump(s, now_ns);
	return TIME_NEVER;
}

/* Both directions are through, and the peer has said so of ours. The rest (FINs, TIME-WAIT) is
 * nothing to wait long for. */
static bool through(const struct connect *c)
{
	return c->stream.in_ended && c->stream.out_ended && conn_write_ended(c->conn);
}

static int64_t closing_progress(struct connect *c, int64_t now_ns)
{
	if (!through(c) || c->closed)
		return TIME_NEVER;
	if (!c->close_due_ns)
		c->close_due_ns = now_ns + CLOSE_WAIT_NS;
	if (now_ns >= c->close_due_ns)
		c->finished = true;
	return c->close_due_ns;
}

static void give_up(struct connect *c, int64_t now_ns)
{
	if (!c->aborted && conn_state(c->conn) != CONN_CLOSED)
		conn_fastclose(c->conn, now_ns);
	if (!c->aborted)
		c->close_due_ns = now_ns + CLOSE_WAIT_NS;
	c->aborted = true;
}

static int64_t wait_progress(struct connect *c, int64_t now_ns)
{
	int64_t due_ns = c->stream.moved_ns + (int64_t)(c->wait_s * (double)NS_PER_S);

	if (c->aborted) {
		c->finished |= now_ns >= c->close_due_ns;
		return c->close_due_ns;
	}
	if (c->wait_s <= 0 || through(c))
		return TIME_NEVER;
	if (now_ns < due_ns)
		return due_ns;
	c->result.gave_up = true;
	give_up(c, now_ns);
	return c->close_due_ns;
}

/* Nobody wants to press a key to learn that the peer has gone. */
static void end_terminal(struct connect *c, int64_t now_ns)
{
	struct stream *s = &c->stream;

	if (s->out_errno && !c->aborted)
		give_up(c, now_ns);
	if (!s->out_ended || s->in_ended || s->in < 0 || !isatty(s->in))
		return;
	conn_shutdown(c->conn, now_ns);
	s->in_ended = true;
}

/* The mirror's conversation takes the place of the user's stream. */
static int64_t mirror_pump(struct connect *c, int64_t now_ns)
{
	int64_t due_ns = mirror_client_pump(&c->mirror, c->conn, now_ns);

	if (c->mirror.heard)
		c->stream.moved_ns = now_ns;
	c->stream.in_ended = c->mirror.shut;
	c->stream.out_ended = c->mirror.ended;
	due_ns = earlier(due_ns, closing_progress(c, now_ns));
	return earlier(due_ns, wait_progress(c, now_ns));
}

static bool on_packet(void *context, bool sent, int64_t time_ns, struct span octets)
{
	struct connect *c = context;

	if (sent && mirror_client_loses(&c->mirror, octets))
		return false;
	mirror_client_note(&c->mirror, sent ? MIRROR_SENT : MIRROR_ARRIVED, time_ns, octets);
	return true;
}

static int64_t on_pump(void *context, int64_t now_ns)
{
	struct connect *c = context;
	int64_t due_ns = TIME_NEVER;
	struct ip_addr addr;
	bool came;

	while (reach_changed(&c->reach, &addr, &came))
		reach_tell(&c->reach, c->conn, &addr, came, now_ns);
	if (c->options.mirror)
		return mirror_pump(c, now_ns);
	stream_pump(&c->stream, now_ns);
	end_terminal(c, now_ns);
	if (c->options.check)
		due_ns = check_progress(c, now_ns);
	if (c->brief && c->result.established)
		give_up(c, now_ns);
	due_ns = earlier(due_ns, closing_progress(c, now_ns));
	return earlier(due_ns, wait_progress(c, now_ns));
}

static void on_stopped(void *context, int64_t now_ns)
{
	struct connect *c = context;

	c->result.interrupted = true;
	give_up(c, now_ns);
}

static bool on_finished(void *context)
{
	const struct connect *c = context;

	return c->finished || (c->closed && (c->aborted || !conn_peek(c->conn).len));
}

/* Of a connection that we ended: not "reset", which would be the peer's doing. */
static enum conn_outcome outcome_so_far(const struct connect *c)
{
	const struct conn_info *info = &c->result.info;

	if (c->result.gave_up)
		return OUTCOME_TIMEOUT;
	if (!c->result.established)
		return OUTCOME_NONE;
	return info->fallback_stage == FALLBACK_NONE ? OUTCOME_MPTCP : OUTCOME_FALLBACK;
}

static int connect_begin(struct connect *c, const struct conn_config *config, struct error *err)
{
	int64_t now_ns = net_now_ns(c->reach.net);

	c->conn =
	    endpoint_connect(c->endpoint, &c->reach.target, c->reach.port, config, now_ns, err);
	if (!c->conn)
		return err->code;
	c->closed = c->finished = c->aborted = false;
	c->close_due_ns = 0;
	c->stream.conn = c->conn;
	c->stream.moved_ns = now_ns;
	return 0;
}

static void connect_end(struct connect *c)
{
	if (c->closed)
		on_pump(c, net_now_ns(c->reach.net));
	conn_info(c->conn, &c->result.info);
	c->result.ended = through(c) && !c->aborted;
	if (c->aborted)
		c->result.info.outcome = outcome_so_far(c);
	endpoint_release(c->endpoint, c->conn, net_now_ns(c->reach.net));
	c->stream.conn = c->conn = NULL;
}

int connect_run(struct connect *c, const struct conn_config *config, struct error *err)
{
	struct drive drive = {
	    .endpoint = c->endpoint,
	    .net = c->reach.net,
	    .stop = interrupt_arm(),
	    .context = c,
	    .event = on_event,
	    .pump = on_pump,
	    .stopped = on_stopped,
	    .finished = on_finished,
	    .packet = c->options.mirror ? on_packet : NULL,
	};
	int rc = connect_begin(c, config, err);

	if (rc)
		return rc;
	rc = drive_run(&drive, err);
	connect_end(c);
	return rc;
}
