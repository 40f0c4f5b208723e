#include "cli/connect.h"

#include <unistd.h>

#include "cli/request.h"

/* From each address one, if so many may be. */
static unsigned wanted_subflows(const struct connect *c)
{
	unsigned joins = c->config.local_count ? (unsigned)c->config.local_count - 1 : 0;

	return 1 + (joins < c->config.limits.subflows ? joins : c->config.limits.subflows);
}

int connect_open(struct connect *c, struct error *err)
{
	struct endpoint_config endpoint;
	int rc = c->options.output ? sink_open(&c->sink, c->options.output, err) : 0;

	if (!rc && c->options.data) /* while it may still be read */
		rc = request_from_file(&c->request, c->options.data, err);
	if (!rc)
		rc = c->options.lab ? reach_open_lab(&c->reach, &c->options, err)
				    : reach_open_live(&c->reach, &c->options, err);
	if (rc)
		return rc;
	if (c->options.check && !c->options.data)
		request_for_port(&c->request, c->reach.target_name, c->reach.port, c->reach.seed);
	c->has_request = c->request.len > 0;
	c->result.target = c->reach.target;
	c->result.port = c->reach.port;
	c->report = (struct connection_report){.out = c->sink.out,
					       .target_name = c->reach.target_name,
					       .wall_ns = c->reach.wall_ns,
					       .at_ns = c->reach.at_ns};
	reach_configure(&c->reach, &c->options, &c->config, &endpoint);
	if (c->options.mirror && !mirror_client_init(&c->mirror))
		return error_set(err, ERR_NOMEM, "out of memory");
	c->mirror.wanted = wanted_subflows(c);
	c->endpoint = endpoint_new(&endpoint, err);
	return c->endpoint ? 0 : err->code;
}

void connect_stream(struct connect *c)
{
	bool check = c->options.check || c->options.mirror;

	stream_fini(&c->stream);
	stream_init(&c->stream, check ? -1 : STDIN_FILENO, check ? -1 : STDOUT_FILENO,
		    span_of(c->request.at, c->request.len));
	c->stream.hold = check;
	c->stream.waits[2] = reach_watch(&c->reach);
	c->stream.virtual_time = !net_watch(c->reach.net, c->stream.waits, 3);
	stream_be_patient(&c->stream);
}

int connect_close(struct connect *c, struct error *err)
{
	stream_fini(&c->stream);
	if (c->endpoint)
		endpoint_free(c->endpoint);
	reach_close(&c->reach);
	mirror_client_fini(&c->mirror);
	buf_fini(&c->request);
	return sink_close(&c->sink, err);
}
