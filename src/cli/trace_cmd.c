/* The sub-command `trace`: options, a path to trace over, the trace, its report. */
#include <unistd.h>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/request.h"
#include "cli/session.h"
#include "probe/inside.h"
#include "probe/mirrored_run.h"

/* After every call of the report: nobody is left to print for if its output is gone. */
static void session_check_output(struct session *s)
{
	if (!s->sink.failed && sink_broken(&s->sink))
		interrupt_raise();
}

static void on_hop(void *context, const struct trace_result *result, uint8_t ttl)
{
	struct session *s = context;

	s->status.hop = ttl + 1u;
	s->report->ops->hop(s->report, result, ttl);
	session_check_output(s);
}

static int64_t on_idle(void *context, int64_t now_ns)
{
	struct session *s = context;
	int64_t report_ns = TIME_NEVER, status_ns;

	if (s->report->ops->idle)
		report_ns = s->report->ops->idle(s->report, trace_result(s->trace), now_ns);
	session_check_output(s);
	status_ns = status_update(&s->status, now_ns);
	return report_ns < status_ns ? report_ns : status_ns;
}

/* JSON on the same terminal would be torn apart by a status line; the lab is done in no time. */
static bool wants_status(const struct session *s)
{
	return !s->options.lab && !(s->options.json && isatty(fileno(s->sink.out)));
}

static bool wants_inside(const struct session *s)
{
	return (s->options.connect || s->options.mirror || s->path.connect) && !s->has_probe &&
	       !trace_result(s->trace)->interrupted;
}

/* Any server takes two empty lines amiss in order. */
static void session_request(const struct session *s, struct buf *request)
{
	request_for_port(request, s->path.target_name, trace_result(s->trace)->config.port,
			 s->path.seed);
	if (!request->len)
		buf_put(request, "\r\n\r\n", 4);
}

static int session_look_inside(struct session *s, const struct trace_run *run, struct error *err)
{
	struct buf request = {0};
	struct inside_config config = {.seed = s->path.seed,
				       .local_port = s->path.ports[TRACE_PROBES_MAX - 1]};
	int rc;

	for (size_t i = 0; i < s->path.further_count; i++)
		config.further[config.further_count++] =
		    (struct trace_further){.source = s->path.further[i],
					   .ports = s->path.further_ports,
					   .mtu = s->path.further_mtu};
	session_request(s, &request);
	config.request = span_of(request.at, request.len);
	rc = request.failed ? error_set(err, ERR_NOMEM, "out of memory")
			    : inside_run(s->trace, s->path.net, &config, run, err);
	buf_fini(&request);
	return rc;
}

/* The port of the probe that is the user's own, which there is none of now. */
static int session_mirror(struct session *s, const struct trace_run *run, struct error *err)
{
	struct mirrored_config config = {.seed = s->path.seed,
					 .local_port = s->path.ports[ROLE_USER]};

	return mirrored_run(s->trace, s->path.net, &config, run, err);
}

static int session_measure(struct session *s, struct error *err)
{
	const struct report_ops *report = s->report->ops;
	struct trace_run run = {.stop = interrupt_arm(), .idle = on_idle, .context = s};
	int rc;

	status_init(&s->status, wants_status(s), (unsigned)s->options.first_ttl);
	if (report->start)
		report->start(s->report, trace_result(s->trace));
	if (!s->options.lab)
		interrupt_hold();
	rc = trace_run(s->trace, s->path.net, &run, err);
	if (!rc && wants_inside(s))
		rc = session_look_inside(s, &run, err);
	if (!rc && s->options.mirror && !trace_result(s->trace)->interrupted)
		rc = session_mirror(s, &run, err);
	interrupt_release();
	status_clear(&s->status);
	path_warn(&s->path);
	report->finish(s->report, trace_result(s->trace));
	session_check_output(s);
	return rc;
}

static int session_run(struct session *s)
{
	struct trace_events events = {.context = s, .hop = on_hop};
	struct error err = {0}, close_err = {0};
	int status, rc = session_open(s, &events, &err);

	if (!rc)
		rc = session_measure(s, &err);
	status = rc ? command_fail(&err) : verdict_exit_status(trace_result(s->trace)->verdict);
	if (session_close(s, &close_err) && !rc)
		status = command_fail(&close_err);
	return status;
}

int command_trace(int argc, char **argv)
{
	struct session s = {0};
	struct error err = {0};

	if (options_parse(&s.options, argc, argv, &err))
		return command_fail(&err);
	if (s.options.help)
		return command_help(0, NULL);
	if (s.options.version)
		return command_version(0, NULL);
	if (s.options.completion)
		return options_completion(stdout, s.options.completion, &err) ? command_fail(&err)
									      : 0;
	return session_run(&s);
}
