#include "cli/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/names.h"

/* The port that a probe goes to by itself; 0: none. */
static uint16_t probe_port(const struct notation *probe)
{
	struct value port;
	struct packet p;
	struct span octets = probe->len4 ? span_of(probe->octets4, probe->len4)
					 : span_of(probe->octets6, probe->len6);

	if (!(probe->fields_set & FIELD_BIT(FIELD_TCP_DST_PORT)) || packet_parse(&p, octets) ||
	    !field_read(&p, FIELD_TCP_DST_PORT, &port))
		return 0;
	return (uint16_t)port.number;
}

/* What a probe says of family and port must not contradict -4, -6 and -p. */
static int session_parse_probe(struct session *s, const char *text, struct error *err)
{
	struct options *o = &s->options;
	int rc = notation_parse(&s->probe, text, err);
	uint16_t port = rc ? 0 : probe_port(&s->probe);

	if (rc)
		return rc;
	if (s->probe.family && o->family && s->probe.family != o->family)
		return error_set(err, ERR_USAGE, "-%d: the probe '%s' is IPv%d", (int)o->family,
				 text, s->probe.family);
	if (port && o->port && port != o->port)
		return error_set(err, ERR_USAGE, "-p '%d': the probe '%s' goes to port %u",
				 (int)o->port, text, port);
	if (s->probe.family)
		o->family = s->probe.family;
	if (port)
		o->port = port;
	s->has_probe = true;
	return 0;
}

/* An address that the probe has of its own must be the one of the trace. */
static int check_address(const struct session *s, enum field f, const struct ip_addr *is,
			 const char *what, struct error *err)
{
	struct span octets = is->family == 4 ? span_of(s->probe.octets4, s->probe.len4)
					     : span_of(s->probe.octets6, s->probe.len6);
	char text[IP_ADDR_TEXT];
	struct value value;
	struct packet p;

	if (!(s->probe.fields_set & FIELD_BIT(f)) || packet_parse(&p, octets) ||
	    !field_read(&p, f, &value) || !memcmp(value.octets, is->octets, value.len))
		return 0;
	return error_set(err, ERR_USAGE, "the probe '%s': %s: expected %s, %s", s->probe.text,
			 field_info(f)->key, ip_addr_print(is, text), what);
}

static int session_check_probe(const struct session *s, struct error *err)
{
	bool v4 = s->path.target.family == 4;
	int rc;

	if (!s->has_probe)
		return 0;
	rc = check_address(s, v4 ? FIELD_IP4_DST : FIELD_IP6_DST, &s->path.target, "the target",
			   err);
	return rc ? rc
		  : check_address(s, v4 ? FIELD_IP4_SRC : FIELD_IP6_SRC, &s->path.route.source,
				  "where it is sent from (-s)", err);
}

static int session_open_path(struct session *s, struct error *err)
{
	const struct options *o = &s->options;
	uint8_t family = (uint8_t)o->family;

	return o->lab ? path_open_lab(&s->path, o, family, err)
		      : path_open_live(&s->path, o, family, err);
}

#define DEFAULT_PORT 443

/* What the user says, else what the path suggests. */
static uint16_t session_port(const struct session *s)
{
	if (s->options.port)
		return (uint16_t)s->options.port;
	return s->path.port ? s->path.port : DEFAULT_PORT;
}

static void session_configure(const struct session *s, struct trace_config *c)
{
	const struct options *o = &s->options;

	trace_config_defaults(c);
	c->source = s->path.route.source;
	c->target = s->path.target;
	c->port = session_port(s);
	memcpy(c->local_ports, s->path.ports, sizeof(c->local_ports));
	c->user_probe = s->has_probe ? &s->probe : NULL;
	c->first_ttl = (uint8_t)o->first_ttl;
	c->max_ttl = (uint8_t)o->max_ttl;
	c->in_flight = (uint16_t)o->in_flight;
	c->queries = (uint8_t)o->queries;
	c->wait_max_ns = (int64_t)(o->wait.max_s * NS_PER_S);
	c->wait_here = o->wait.here;
	c->wait_near = o->wait.near;
	c->mtu = s->path.route.mtu;
	c->seed = s->path.seed;
}

static void on_write(void *context)
{
	struct session *s = context;

	status_clear(&s->status);
}

static bool wants_colour(const struct session *s)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(s->sink.out)) && !(no && *no) && term && strcmp(term, "dumb");
}

static int session_open_report(struct session *s, struct error *err)
{
	const struct options *o = &s->options;
	struct report_config config = {
	    .out = s->sink.out,
	    .target_name = s->path.target_name,
	    .device = s->path.route.device,
	    .verbose = o->verbose != 0,
	    .colour = wants_colour(s),
	    .before_write = on_write,
	    .context = s,
	    .wall_ns = s->path.wall_ns,
	    .at_ns = s->path.at_ns,
	};

	if (!o->lab && !o->numeric && !o->json)
		s->names = names_new(names_lookup_dns);
	config.names = s->names;
	s->report = o->json ? report_json_new(&config) : report_text_new(&config);
	return s->report ? 0 : error_set(err, ERR_NOMEM, "out of memory");
}

int session_open(struct session *s, const struct trace_events *events, struct error *err)
{
	struct trace_config config;
	int rc = 0;

	if (s->options.probe)
		rc = session_parse_probe(s, s->options.probe, err);
	if (!rc)
		rc = sink_open(&s->sink, s->options.output, err);
	if (!rc)
		rc = session_open_path(s, err);
	if (!rc && !s->has_probe && s->path.probe && *s->path.probe)
		rc = session_parse_probe(s, s->path.probe, err);
	if (!rc)
		rc = session_check_probe(s, err);
	if (!rc)
		rc = session_open_report(s, err);
	if (rc)
		return rc;
	session_configure(s, &config);
	s->trace = trace_new(&config, events, err);
	return s->trace ? 0 : err->code;
}

int session_close(struct session *s, struct error *err)
{
	if (s->report)
		s->report->ops->free(s->report);
	names_free(s->names);
	trace_free(s->trace);
	path_close(&s->path);
	return sink_close(&s->sink, err);
}
