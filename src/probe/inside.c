#include "probe/inside_state.h"

#include <stdio.h>

#define OPEN_NS		(8 * NS_PER_S)	 /* the handshake, some SYNs lost */
#define WALK_NS		(20 * NS_PER_S)	 /* copies along the path */
#define ACKED_NS	(6 * NS_PER_S)	 /* acknowledgements, retransmissions included */
#define CLEAR_NS	(20 * NS_PER_MS) /* and two round trips: for a DSS behind a bare ACK */
#define JOIN_NS		(10 * NS_PER_S)
#define PATIENCE	3 /* pauses for routers that ran out of ICMP tokens */
#define JOIN_ASKED	3
#define JOIN_ASKED_MORE 5
#define SPARE_MS	4 /* timestamps that the ACKs we make take from the endpoint */

static bool is_open(struct inside *in)
{
	return in->established || in->closed;
}

static bool is_walked(struct inside *in)
{
	return trace_settled(in->trace);
}

/* All octets acknowledged, by the connection or, after a fallback, by its only subflow. */
static bool is_acked(struct inside *in)
{
	return in->closed ||
	       (trace_settled(in->trace) && inside_info(in)->sent == in->config->request.len);
}

/* Acknowledged without a DSS: does the target still speak MPTCP? */
static bool is_clear(struct inside *in)
{
	return !in->result.bare_ack || in->result.dss_later;
}

/* Two round trips, as far as they are known. */
static int64_t clear_ns(const struct inside *in)
{
	const struct trace_result *r = trace_result(in->trace);
	int64_t longest_ns = 0;

	for (size_t i = 0; i < r->reply_count; i++)
		if (r->replies[i].rtt_ns > longest_ns)
			longest_ns = r->replies[i].rtt_ns;
	return 2 * longest_ns + CLEAR_NS;
}

static int open_connection(struct inside *in, struct error *err)
{
	const struct trace_config *c = &trace_result(in->trace)->config;
	unsigned headers = c->target.family == 6 ? 60 : 40;
	struct conn_config config;

	conn_config_defaults(&config);
	config.pm = "none";
	config.limits = (struct pm_limits){0};
	config.plain_after_syns = UINT8_MAX; /* SYNs with the option were answered: it is loss */
	config.local_count = 1;
	config.local[0].addr = c->source;
	if (c->mtu > headers + 64)
		config.tcp.mss = (uint16_t)((c->mtu < 1500 ? c->mtu : 1500) - 40);
	in->conn =
	    endpoint_connect(in->endpoint, &c->target, c->port, &config, inside_now_ns(in), err);
	return in->conn ? inside_pump(in, OPEN_NS, is_open, err) : err->code;
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

static void hold(struct inside *in)
{
	int64_t now_ns = net_now_ns(in->net);

	add_acks(in);
	in->since_ns = now_ns;
	in->frozen = true;
	for (size_t i = 0; i < in->count; i++)
		trace_hold(in->trace, in->held[i].role,
			   span_of(in->held[i].octets, in->held[i].len), now_ns);
	in->valid = trace_join(in->trace, ROLE_JOIN_VALID, inside_info(in)->remote_token, now_ns);
	in->bogus = trace_join(in->trace, ROLE_JOIN_BOGUS,
			       ~inside_info(in)->remote_token ^ (uint32_t)in->config->seed, now_ns);
}

/* The copies walk; hops that were out of ICMP tokens are asked again after a pause, as long as that
 * brings anything. */
static int walk(struct inside *in, struct error *err)
{
	size_t before = trace_result(in->trace)->reply_count;
	int rc = inside_pump(in, WALK_NS, is_walked, err);

	for (unsigned i = 0; !rc && i < PATIENCE && !inside_stopped(in); i++) {
		size_t now = trace_result(in->trace)->reply_count;

		if (now == before || !trace_ask_again(in->trace, net_now_ns(in->net)))
			break;
		before = now;
		rc = inside_pump(in, WALK_NS, is_walked, err);
	}
	return rc;
}

static int release(struct inside *in, struct error *err)
{
	int rc = 0;

	in->released_ns = net_now_ns(in->net);
	for (size_t i = 0; rc >= 0 && i < in->count; i++)
		rc = net_send(in->net, span_of(in->held[i].octets, in->held[i].len), err);
	in->frozen_ns += net_now_ns(in->net) - in->since_ns - SPARE_MS * NS_PER_MS;
	in->frozen = false;
	if (rc >= 0)
		rc = inside_pump(in, ACKED_NS, is_acked, err);
	return rc < 0 ? rc : inside_pump(in, clear_ns(in), is_clear, err);
}

/* A target that stays silent is asked more often, so that it cannot be mere loss. */
static int ask_joins(struct inside *in, struct error *err)
{
	int rc;

	if (!in->conn || inside_info(in)->fallback_stage != FALLBACK_NONE)
		return 0;
	trace_ask_target(in->trace, in->valid, JOIN_ASKED, net_now_ns(in->net));
	trace_ask_target(in->trace, in->bogus, JOIN_ASKED, net_now_ns(in->net));
	rc = inside_pump(in, JOIN_NS, is_walked, err);
	if (rc || inside_stopped(in))
		return rc;
	trace_ask_target(in->trace, in->valid, JOIN_ASKED_MORE, net_now_ns(in->net));
	return inside_pump(in, JOIN_NS, is_walked, err);
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
		rc = walk(in, err);
	} else {
		in->since_ns = net_now_ns(in->net);
		in->frozen = true;
	}
	if (!rc)
		rc = release(in, err);
	return rc ? rc : ask_joins(in, err);
}

/* Was MPTCP agreed on by the probe? */
static bool speaks_mptcp(const struct trace_result *r)
{
	for (size_t i = 0; i < r->reply_count; i++)
		if (r->replies[i].kind == REPLY_SYN_ACK && r->replies[i].mptcp == MPTCP_V1 &&
		    ip_addr_equal(&r->replies[i].from, &r->config.target))
			return true;
	return false;
}

static void note(struct inside *in, const char *text)
{
	snprintf(in->result.note, sizeof(in->result.note), "%s", text);
}

/* What can be said in a sentence. */
static void describe(struct inside *in, bool asked)
{
	const struct conn_info *info = &in->result.connection.info;

	if (in->result.state == INSIDE_UNTESTED)
		note(in, asked ? "No connection could be opened: what happens to segments behind "
				 "the SYN was not tested."
			       : "The target did not agree on MPTCP: what happens to its options "
				 "behind the SYN could not be tested.");
	else if (info->fallback_stage != FALLBACK_NONE)
		snprintf(in->result.note, sizeof(in->result.note),
			 "A connection was opened with MPTCP and fell back to plain TCP (%s): %s.",
			 fallback_stage_name(info->fallback_stage),
			 fallback_reason_text(info->fallback_reason));
	else if (in->result.mapped)
		note(in, "A connection was opened; its data arrived with their mappings and were "
			 "acknowledged by MPTCP.");
	else
		note(in, in->closed ? "A connection was opened with MPTCP and was then reset."
				    : "A connection was opened with MPTCP, but not all of its data "
				      "were acknowledged.");
}

static int finish(struct inside *in, bool asked, struct error *err)
{
	int rc = 0;

	in->result.mapped = inside_info(in)->fallback_stage == FALLBACK_NONE &&
			    inside_info(in)->sent == in->config->request.len;
	in->frozen = false;
	if (in->conn)
		endpoint_release(in->endpoint, in->conn, inside_now_ns(in));
	in->result.connection.target = trace_result(in->trace)->config.target;
	connection_conclude(&in->result.connection);
	describe(in, asked);
	in->conn = NULL;
	trace_conclude(in->trace, &in->result, net_now_ns(in->net));
	if (in->endpoint)
		return inside_send(in, err);
	for (struct span packet; rc >= 0 && trace_send(in->trace, net_now_ns(in->net), &packet);)
		rc = net_send(in->net, packet, err);
	return rc;
}

int inside_run(struct trace *t, struct net *net, const struct inside_config *config,
	       const struct trace_run *run, struct error *err)
{
	struct endpoint_config endpoint = {.seed = config->seed,
					   .quiet = true,
					   .port_first = config->local_port,
					   .port_last = config->local_port};
	struct inside in = {.trace = t,
			    .net = net,
			    .config = config,
			    .run = run,
			    .valid = -1,
			    .bogus = -1,
			    .result = {.state = INSIDE_UNTESTED}};
	bool ask = speaks_mptcp(trace_result(t)) && !trace_result(t)->interrupted;
	int rc = 0, failed;

	trace_resume(t);
	if (ask) {
		in.endpoint = endpoint_new(&endpoint, err);
		rc = in.endpoint ? look_inside(&in, err) : err->code;
	}
	if (inside_stopped(&in))
		trace_stop(t, net_now_ns(net));
	failed = finish(&in, ask, err);
	endpoint_free(in.endpoint);
	return rc ? rc : failed < 0 ? failed : 0;
}
