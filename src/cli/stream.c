#include "cli/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A reader that is slow must not stop the connection's clock, unless that stands still anyway.
 * Terminals stay as they are: their flags are the shell's as well. */
void stream_be_patient(struct stream *s)
{
	struct stat info;

	if (s->virtual_time || s->out < 0 || fstat(s->out, &info) ||
	    !(S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)))
		return;
	s->out_flags = fcntl(s->out, F_GETFL);
	s->patient = s->out_flags >= 0 && !(s->out_flags & O_NONBLOCK) &&
		     !fcntl(s->out, F_SETFL, s->out_flags | O_NONBLOCK);
}

void stream_init(struct stream *s, int in, int out, struct span data)
{
	*s = (struct stream){.in = in, .out = out, .data = data};
	s->waits[0] = s->waits[1] = s->waits[2] = (struct pollfd){.fd = -1};
}

void stream_fini(struct stream *s)
{
	if (s->patient)
		fcntl(s->out, F_SETFL, s->out_flags);
	s->patient = false;
}

static void note(struct stream *s, struct span octets)
{
	size_t room = STREAM_HEAD - s->head_len;
	size_t len = octets.len < room ? octets.len : room;

	if (len)
		memcpy(s->head + s->head_len, octets.at, len);
	s->head_len += len;
	s->received += octets.len;
}

/* How many octets were taken; 0: not now. Who cannot write any more still lets the peer finish. */
static size_t put(struct stream *s, struct span octets)
{
	ssize_t written;

	if (s->out < 0 || s->out_errno)
		return octets.len;
	written = write(s->out, octets.at, octets.len);
	if (written >= 0)
		return (size_t)written;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	s->out_errno = errno;
	return octets.len;
}

static void pump_out(struct stream *s, int64_t now_ns)
{
	struct span octets;

	s->waits[1].fd = -1;
	while ((octets = conn_peek(s->conn)).len) {
		size_t taken = put(s, octets);

		if (!taken) {
			s->waits[1] = (struct pollfd){.fd = s->out, .events = POLLOUT};
			return;
		}
		note(s, span_cut(octets, 0, taken));
		conn_consume(s->conn, taken);
		s->moved_ns = now_ns;
	}
	s->out_ended = conn_read_ended(s->conn);
}

/* Fills the buffer as far as may be sent, so that a run on virtual time does not hang on how its
 * input was cut into pieces. */
static ssize_t read_all(struct stream *s, size_t room)
{
	size_t len = 0;

	while (len < room) {
		ssize_t got = read(s->in, s->buffer + len, room - len);

		if (got < 0 && errno == EINTR && !len)
			return -1;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

/* Octets read; 0: the end; -1: none yet. */
static ssize_t get(struct stream *s, size_t room)
{
	struct pollfd ready = {.fd = s->in, .events = POLLIN};
	ssize_t got;

	if (room > STREAM_ROOM)
		room = STREAM_ROOM;
	if (s->virtual_time)
		return read_all(s, room);
	if (poll(&ready, 1, 0) <= 0)
		return -1;
	got = read(s->in, s->buffer, room);
	return got < 0 && (errno == EAGAIN || errno == EINTR) ? -1 : got < 0 ? 0 : got;
}

static bool send_data(struct stream *s, int64_t now_ns)
{
	while (s->data.len) {
		long taken = conn_write(s->conn, now_ns, s->data);

		if (taken <= 0)
			return taken < 0;
		s->data = span_cut(s->data, (size_t)taken, s->data.len);
		s->moved_ns = now_ns;
	}
	return !s->hold;
}

static bool send_file(struct stream *s, int64_t now_ns)
{
	size_t room;

	while ((room = conn_write_space(s->conn))) {
		ssize_t got = get(s, room);

		if (got < 0) {
			s->waits[0] = (struct pollfd){.fd = s->in, .events = POLLIN};
			return false;
		}
		if (!got || conn_write(s->conn, now_ns, span_of(s->buffer, (size_t)got)) < 0)
			return true;
		s->moved_ns = now_ns;
	}
	return false;
}

static void pump_in(struct stream *s, int64_t now_ns)
{
	s->waits[0].fd = -1;
	if (s->in_ended || !(s->in < 0 ? send_data(s, now_ns) : send_file(s, now_ns)))
		return;
	conn_shutdown(s->conn, now_ns);
	s->in_ended = true;
}

void stream_pump(struct stream *s, int64_t now_ns)
{
	s->waits[0].fd = s->waits[1].fd = -1;
	if (!s->conn)
		return;
	pump_out(s, now_ns);
	if (conn_state(s->conn) != CONN_OPENING && conn_state(s->conn) != CONN_CLOSED)
		pump_in(s, now_ns);
}
