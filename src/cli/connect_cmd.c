/* The sub-command `connect`: options, something to run over, one connection (with --check perhaps
 * more, also without MPTCP, to compare), and what is to be said of it. */
#include <errno.h>
#include <string.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/request.h"

#define CHECK_WAIT_S 10 /* how long a check waits for an answer */

/* The same again, in turns with and without MPTCP: for as long as that teaches something. */
static int connect_compare(struct connect *c, struct error *err)
{
	struct connection_result first = c->result;
	struct conn_config plain = c->config;
	enum connection_run kind = RUN_MPTCP;
	int rc = 0;

	plain.version = 255;
	connection_add(&first, kind, &first, c->stream.received);
	while (!rc && (kind = connection_next(&first)) != RUN_NONE) {
		c->brief = kind == RUN_PLAIN_SYN;
		connect_stream(c);
		c->result.gave_up = c->result.established = false;
		rc = connect_run(c, kind == RUN_MPTCP ? &c->config : &plain, err);
		connection_add(&first, kind, &c->result, c->stream.received || !c->has_request);
		first.interrupted = c->result.interrupted;
	}
	c->result = first;
	return rc;
}

static int connect_measure(struct connect *c, struct error *err)
{
	int rc;

	c->start_ns = net_now_ns(c->reach.net);
	connect_stream(c);
	rc = connect_run(c, &c->config, err);
	c->end_ns = net_now_ns(c->reach.net);
	c->result.answered = c->stream.received;
	if (!rc && c->options.check && c->config.version <= 1)
		rc = connect_compare(c, err);
	if (c->options.mirror) {
		mirrored_compare(&c->mirrored, &c->mirror, &c->result.info);
		c->result.mirrored = &c->mirrored;
	}
	connection_conclude(&c->result);
	return rc;
}

static void connect_say(struct connect *c)
{
	struct buf answer = {0};

	if (c->sink.out)
		connection_json(&c->report, &c->result, c->start_ns, c->end_ns);
	if (!c->options.output || strcmp(c->options.output, "-")) {
		struct connection_report text = c->report;

		text.out = stderr;
		connection_text(&text, &c->result, c->options.check || c->options.mirror);
		if (c->options.check && c->result.answered) {
			request_describe_answer(&answer, c->stream.head, c->stream.head_len,
						c->result.answered);
			fprintf(stderr, "The target answered with %s.\n", buf_text(&answer));
		}
	}
	buf_fini(&answer);
	reach_warn(&c->reach);
}

/* Who reads no further has what it wanted. */
static int check_written(const struct connect *c, struct error *err)
{
	int why = c->stream.out_errno;

	if (!why || why == EPIPE)
		return 0;
	return error_set(err, ERR_DEVICE, "writing to standard output: %s", strerror(why));
}

static int connect_session(struct connect *c)
{
	struct error err = {0}, close_err = {0};
	int status, rc = connect_open(c, &err);

	if (!rc)
		rc = connect_measure(c, &err);
	if (!rc)
		connect_say(c);
	if (!rc)
		rc = check_written(c, &err);
	if (!rc) {
		status = verdict_exit_status(c->result.verdict);
	} else {
		status = command_fail(&err);
	}
	if (connect_close(c, &close_err) && !rc)
		status = command_fail(&close_err);
	return status;
}

int command_connect(int argc, char **argv)
{
	struct connect *c = calloc(1, sizeof(*c));
	struct error err = {0};
	int status;

	if (!c)
		return EXIT_NOT_MEASURED;
	if (connect_options_parse(&c->options, argc, argv, &err)) {
		status = command_fail(&err);
	} else if (c->options.help) {
		command_print_help(command_find("connect"));
		status = EXIT_CLEAN;
	} else {
		c->wait_s = c->options.wait_s;
		if ((c->options.check || c->options.mirror) && c->wait_s <= 0)
			c->wait_s = CHECK_WAIT_S;
		status = connect_session(c);
	}
	free(c);
	return status;
}
