#include "probe/inside_state.h"

#include <stdio.h>
#include <string.h>

#define OPEN_NS	 (8 * NS_PER_S) /* the handshake, some SYNs lost */
#define ACKED_NS (2 * NS_PER_S) /* acknowledgements, some retransmissions included … */
#define PATIENCE 5		/* … and so many times two round trips */
#define SPARE_MS 5		/* timestamps that what we make takes from the endpoint */

static bool is_open(struct inside *in)
{
	return in->established || in->closed;
}

/* All octets acknowledged, by the connection or, after a fallback, by its only subflow. */
static bool is_acked(struct inside *in)
{
	return in->closed ||
	       (inside_is_settled(in) && inside_info(in)->sent == in->config->request.len);
}

/* Acknowledged without a DSS: does the target still speak MPTCP? */
static bool is_clear(struct inside *in)
{
	return !in->result.bare_ack || in->result.dss_later;
}

/* With checksums, if they are agreed on (RFC 8684 §3.1): then neither way can data be edited
 * unseen.
 */
static int open_with(struct inside *in, bool checksum, struct error *err)
{
	const struct trace_config *c = &trace_result(in->trace)->config;
	unsigned headers = c->target.family == 6 ? 60 : 40;
	struct conn_config config;

	conn_config_defaults(&config);
	config.pm = "none";
	config.version = in->result.version;
	config.checksum = checksum;
	config.limits = (struct pm_limits){0};
	config.plain_after_syns = UINT8_MAX; /* SYNs with the option were answered: it is loss */
	config.local_count = 1;
	config.local[0].addr = c->source;
	config.tcp.mss = BACK_MSS;
	if (c->mtu > headers + 64 && c->mtu < BACK_MSS + 40)
		config.tcp.mss = (uint16_t)(c->mtu - 40);
	in->keeping = true;
	in->conn =
	    endpoint_connect(in->endpoint, &c->target, c->port, &config, inside_now_ns(in), err);
	return in->conn ? inside_pump(in, OPEN_NS, is_open, err) : err->code;
}

/* The target speaks MPTCP, but not with checksums. */
static bool is_refused(struct inside *in)
{
	return in->conn && inside_info(in)->fallback_stage == FALLBACK_SYN_ACK &&
	       inside_info(in)->fallback_reason == FALLBACK_BECAUSE_NO_CAPABLE;
}

static int open_connection(struct inside *in, struct error *err)
{
	int rc = open_with(in, true, err);

	if (rc || !is_refused(in))
		return rc;
	endpoint_release(in->endpoint, in->conn, inside_now_ns(in));
	in->conn = NULL;
	in->established = false;
	rc = inside_send(in, err);
	return rc < 0 ? rc : open_with(in, false, err);
}

/* Two pieces of data, each in a segment of its own. */
static int collect(struct inside *in, struct error *err)
{
	struct span request = in->config->request;
	size_t half = request.len / 2;
	int rc;

	in->collecting = true;
	conn_write(in->conn, inside_now_ns(in), span_of(request.at, half));
	rc = inside_send(in, err);
	if (rc >= 0 && in->conn)
		conn_write(in->conn, inside_now_ns(in),
			   span_of(request.at + half, request.len - half));
	if (rc >= 0)
		rc = inside_send(in, err);
	in->collecting = false;
	return rc < 0 ? rc : 0;
}

static void add_acks(struct inside *in)
{
	static const enum probe_role roles[] = {ROLE_DATA_ACK, ROLE_ADD_ADDR, ROLE_SIGNALS};
	const struct conn_info *info = inside_info(in);
	struct span data = span_of(in->held[1].octets, in->held[1].len);

	for (size_t i = 0; in->count >= 2 && i < sizeof(roles) / sizeof(roles[0]); i++)
		if (inside_segment_ack(&in->held[in->count], roles[i], data, info, (uint32_t)i + 1))
			in->count++;
}

static void freeze(struct inside *in)
{
	in->since_ns = net_now_ns(in->net);
	in->frozen = true;
}

static void hold(struct inside *in)
{
	add_acks(in);
	freeze(in);
	for (size_t i = 0; i < in->count; i++)
		in->probe[i] = trace_hold(in->trace, in->held[i].role,
					  span_of(in->held[i].octets, in->held[i].len));
	inside_hold_joins(in);
}

static int release(struct inside *in, struct error *err)
{
	int rc = 0;

	in->released_ns = net_now_ns(in->net);
	in->result.data_sent = 1;
	for (size_t i = 0; rc >= 0 && i < in->count; i++)
		if (i != 1 || !in->result.gap_asked)
			rc = net_send(in->net, span_of(in->held[i].octets, in->held[i].len), err);
	in->frozen_ns += net_now_ns(in->net) - in->since_ns - SPARE_MS * NS_PER_MS;
	in->frozen = false;
	if (rc >= 0)
		rc = inside_pump(in, ACKED_NS + PATIENCE * inside_patience_ns(in), is_acked, err);
	return rc < 0 ? rc : inside_pump(in, inside_patience_ns(in), is_clear, err);
}

static int look_inside(struct inside *in, struct error *err)
{
	int rc = open_connection(in, err);

	if (rc || !in->established || !in->conn)
		return rc;
	in->result.state = INSIDE_TESTED;
	rc = collect(in, err);
	if (!rc && in->conn && inside_info(in)->fallback_stage == FALLBACK_NONE) {
		hold(in);
		rc = inside_walk(in, err);
	} else {
		freeze(in);
	}
	if (!rc)
		rc = release(in, err);
	if (!rc)
		rc = inside_ask_add_addr(in, err);
	if (!rc)
		rc = inside_ask_joins(in, err);
	in->result.mapped = inside_info(in)->fallback_stage == FALLBACK_NONE &&
			    inside_info(in)->sent == in->config->request.len;
	return rc ? rc : inside_let_go(in, err);
}

/* The version of MPTCP that was agreed on by a probe; -1: none. */
static int version_of(const struct trace_result *r)
{
	int version = -1;

	for (size_t i = 0; i < r->reply_count; i++) {
		const struct trace_reply *reply = &r->replies[i];

		if (reply->kind != REPLY_SYN_ACK || !ip_addr_equal(&reply->from, &r->config.target))
			continue;
		if (reply->mptcp == MPTCP_V1)
			return 1;
		if (reply->mptcp == MPTCP_V0)
			version = 0;
	}
	return version;
}

#define NOTE(in, ...) snprintf((in)->result.note, sizeof((in)->result.note), __VA_ARGS__)

/* What could not be seen of the way back. */
static void describe_back(struct inside *in)
{
	struct trace_inside *r = &in->result;
	const struct conn_info *info = &r->connection.info;
	size_t len = strlen(r->note);
	const char *unseen = !r->back.segments ? "The target sent no data: what happens to such on "
						 "the way back was not tested."
			     : !info->checksum
				 ? "The target did not agree on checksums: edited data "
				   "would not show."
				 : NULL;

	if (r->state == INSIDE_TESTED && info->fallback_stage == FALLBACK_NONE && unseen)
		snprintf(r->note + len, sizeof(r->note) - len, " %s", unseen);
}

/* What can be said in a sentence. */
static void describe_connection(struct inside *in, bool asked)
{
	const struct conn_info *info = &in->result.connection.info;
	const char *mptcp = in->result.version ? "MPTCP" : "MPTCP v0";

	if (in->result.state == INSIDE_UNTESTED)
		NOTE(in, asked ? "No connection could be opened: what happens to segments behind "
				 "the SYN was not tested."
			       : "MPTCP was not agreed on: what happens to its options "
				 "behind the SYN could not be tested.");
	else if (info->fallback_stage != FALLBACK_NONE)
		NOTE(in, "A connection was opened with %s and fell back to plain TCP (%s): %s.",
		     mptcp, fallback_stage_name(info->fallback_stage),
		     fallback_reason_text(info->fallback_reason));
	else if (in->result.mapped)
		NOTE(in,
		     "A connection was opened with %s; its data arrived with their mappings and "
		     "were acknowledged by MPTCP.",
		     mptcp);
	else
		NOTE(in, "A connection was opened with %s%s.", mptcp,
		     in->closed ? " and was then reset"
				: ", but not all of its data were acknowledged");
}

static void describe(struct inside *in, bool asked)
{
	size_t len;

	describe_connection(in, asked);
	len = strlen(in->result.note);
	inside_describe_joins(&in->joins[0], " A", in->result.note + len,
			      sizeof(in->result.note) - len);
	inside_describe_add_addr(in);
	describe_back(in);
}

static int finish(struct inside *in, bool asked, struct error *err)
{
	int rc = 0;

	in->result.back = in->back.result;
	in->frozen = false;
	if (in->conn)
		endpoint_release(in->endpoint, in->conn, inside_now_ns(in));
	in->result.connection.target = trace_result(in->trace)->config.target;
	connection_conclude(&in->result.connection);
	inside_read_joins(in, &in->joins[0]);
	in->result.valid = in->joins[0].to_valid;
	in->result.bogus = in->joins[0].to_bogus;
	in->result.join_confirmed = in->joins[0].confirmed;
	in->result.join_late = in->joins[0].late;
	describe(in, asked);
	inside_conclude_further(in);
	in->conn = NULL;
	trace_conclude(in->trace, &in->result, net_now_ns(in->net));
	if (in->endpoint)
		return inside_send(in, err);
	for (struct span packet; rc >= 0 && trace_send(in->trace, net_now_ns(in->net), &packet);)
		rc = net_send(in->net, packet, err);
	return rc;
}

static int explore(struct inside *in, struct error *err)
{
	struct endpoint_config endpoint = {.seed = in->config->seed,
					   .quiet = true,
					   .port_first = in->config->local_port,
					   .port_last = in->config->local_port};
	int rc;

	in->endpoint = endpoint_new(&endpoint, err);
	rc = in->endpoint ? inside_explore(in, err) : err->code;
	return rc ? rc : look_inside(in, err);
}

int inside_run(struct trace *t, struct net *net, const struct inside_config *config,
	       const struct trace_run *run, struct error *err)
{
	struct inside in = {.trace = t,
			    .net = net,
			    .config = config,
			    .run = run,
			    .plain = -1,
			    .joins_count = 1,
			    .joins = {{.trace = t, .valid = -1, .bogus = -1}},
			    .result = {.state = INSIDE_UNTESTED}};
	int version = version_of(trace_result(t));
	bool ask = version >= 0 && !trace_result(t)->interrupted;
	int rc, failed;

	trace_resume(t);
	in.result.version = version > 0;
	rc = ask ? explore(&in, err) : 0;
	for (size_t i = 0; inside_stopped(&in) && i < in.joins_count; i++)
		trace_stop(in.joins[i].trace, net_now_ns(net));
	failed = finish(&in, ask, err);
	endpoint_free(in.endpoint);
	buf_fini(&in.kept);
	return rc ? rc : failed < 0 ? failed : 0;
}
