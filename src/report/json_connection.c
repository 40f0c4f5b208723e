/* Connections as RESULTS.md fixes them; an event is an endpoint's, by its name:
 *   {"type":"event","schema":1,"event":"subflow-opened","time":"…","connection":"…","subflow":1,…}
 */
#include "packet/icmp.h"
#include "packet/mptcp_option.h"
#include "report/connection.h"
#include "report/json.h"

static json_t *json_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *json_of_endpoint(const struct ip_addr *addr, uint16_t port)
{
	char text[IP_ADDR_TEXT];

	ip_addr_print(addr, text);
	return json_sprintf(addr->family == 6 ? "[%s]:%u" : "%s:%u", text, port);
}

const char *subflow_close_name(enum subflow_close close)
{
	static const char *const names[] = {[SUBFLOW_OPEN] = NULL,
					    [SUBFLOW_FIN] = "fin",
					    [SUBFLOW_RST] = "rst",
					    [SUBFLOW_FASTCLOSE] = "fastclose"};

	return names[close];
}

static json_t *json_of_unreachable(const struct conn_unreachable *u)
{
	json_t *out = json_object();

	json_put(out, "from", json_of_addr(&u->from));
	json_put(out, "code", json_or_null(icmp_unreachable_name(u->from.family, u->code)));
	return out;
}

static json_t *json_of_subflow(const struct conn_subflow_info *s)
{
	json_t *out = json_object();

	json_put(out, "id", json_integer(s->id));
	json_put(out, "local", json_of_endpoint(&s->local, s->local_port));
	json_put(out, "remote", json_of_endpoint(&s->remote, s->remote_port));
	json_put(out, "state", json_string(tcp_state_name(s->state)));
	json_put(out, "mss", json_integer(s->mss));
	json_put(out, "joined", json_boolean(s->opened));
	json_put(out, "backup", json_boolean(s->backup));
	json_put(out, "close", json_or_null(subflow_close_name(s->close)));
	json_put(out, "reset_reason",
		 s->reset_reason < 0 ? json_null() : json_integer(s->reset_reason));
	json_put(out, "sent", json_integer((json_int_t)s->stats.sent_octets));
	json_put(out, "received", json_integer((json_int_t)s->stats.received_octets));
	json_put(out, "retransmitted", json_integer((json_int_t)s->stats.retransmitted_octets));
	json_put(out, "reinjected", json_integer((json_int_t)s->reinjected));
	json_put(out, "srtt_us", json_integer(s->srtt_ns / NS_PER_US));
	if (s->unreachable.from.family)
		json_put(out, "unreachable", json_of_unreachable(&s->unreachable));
	return out;
}

static json_t *json_of_subflows(const struct conn_info *info)
{
	json_t *out = json_array();

	for (size_t i = 0; i < info->subflow_count; i++)
		json_array_append_new(out, json_of_subflow(&info->subflow[i]));
	return out;
}

static json_t *json_of_options(const struct conn_info *info)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < MPTCP_SUBTYPES; i++)
		if (info->options_seen >> i & 1 && mptcp_subtype_name(i))
			json_array_append_new(out, json_string(mptcp_subtype_name(i)));
	return out;
}

static json_t *json_of_fallback(const struct conn_info *info)
{
	json_t *out;

	if (info->fallback_stage == FALLBACK_NONE)
		return json_null();
	out = json_object();
	json_put(out, "stage", json_string(fallback_stage_name(info->fallback_stage)));
	json_put(out, "reason", json_string(fallback_reason_text(info->fallback_reason)));
	return out;
}

static json_t *json_of_peer(const struct connection_report *c, const struct connection_result *r)
{
	json_t *out = json_object();

	json_put(out, "name", json_or_null(c->target_name));
	json_put(out, "addr", json_of_addr(&r->target));
	json_put(out, "port", json_integer(r->port));
	return out;
}

void connection_json(const struct connection_report *c, const struct connection_result *r,
		     int64_t start_ns, int64_t end_ns)
{
	const struct conn_info *info = &r->info;
	json_t *line = json_line("connection");

	json_put(line, "start", json_of_time(c->wall_ns + start_ns - c->at_ns));
	json_put(line, "elapsed_us", json_integer((end_ns - start_ns) / NS_PER_US));
	json_put(line, "role", json_string(info->client ? "client" : "server"));
	json_put(line, "target", json_of_peer(c, r));
	json_put(line, "version", info->version > 1 ? json_null() : json_integer(info->version));
	json_put(line, "outcome",
		 info->outcome == OUTCOME_NONE ? json_null()
					       : json_string(conn_outcome_name(info->outcome)));
	json_put(line, "fallback", json_of_fallback(info));
	json_put(line, "checksum", json_boolean(info->checksum));
	json_put(line, "checksum_failures", json_integer((json_int_t)info->checksum_failures));
	json_put(line, "options_seen", json_of_options(info));
	json_put(line, "subflows", json_of_subflows(info));
	json_put(line, "sent", json_integer((json_int_t)info->sent));
	json_put(line, "received", json_integer((json_int_t)info->received));
	json_put(line, "intact", json_boolean(r->intact));
	json_put(line, "interrupted", json_boolean(r->interrupted));
	if (r->mirrored)
		json_put(line, "mirrored", json_of_mirrored(r->mirrored, NULL));
	json_put_conclusion(line, r->findings, r->finding_count, r->verdict, r->reason);
	json_put_line(c->out, line);
}

static const struct conn_subflow_info *find_subflow(const struct conn_info *info, uint8_t id)
{
	for (size_t i = 0; i < info->subflow_count; i++)
		if (info->subflow[i].id == id)
			return &info->subflow[i];
	return NULL;
}

static void put_event_subflow(json_t *line, const struct endpoint_event *event,
			      const struct conn_info *info)
{
	const struct conn_subflow_info *s = find_subflow(info, event->subflow);

	json_put(line, "subflow", json_integer(event->subflow));
	if (!s)
		return;
	json_put(line, "local", json_of_endpoint(&s->local, s->local_port));
	json_put(line, "remote", json_of_endpoint(&s->remote, s->remote_port));
	if (event->kind == EVENT_SUBFLOW_CLOSED)
		json_put(line, "close", json_or_null(subflow_close_name(s->close)));
	else
		json_put(line, "backup", json_boolean(s->backup));
}

static void put_event_address(json_t *line, const struct endpoint_event *event)
{
	json_put(line, "address_id", json_integer(event->address_id));
	if (!event->addr.family)
		return;
	json_put(line, "addr", json_of_addr(&event->addr));
	json_put(line, "port", event->port ? json_integer(event->port) : json_null());
}

void connection_json_event(const struct connection_report *c, const struct endpoint_event *event,
			   const struct conn_info *info)
{
	json_t *line = json_line("event");

	json_put(line, "event", json_string(endpoint_event_name(event->kind)));
	json_put(line, "time", json_of_time(c->wall_ns + event->time_ns - c->at_ns));
	json_put(line, "token", json_sprintf("%08x", info->local_token));
	switch (event->kind) {
	case EVENT_SUBFLOW_OPENED:
	case EVENT_SUBFLOW_CLOSED:
	case EVENT_BACKUP_CHANGED:
	case EVENT_CHECKSUM_FAILED: put_event_subflow(line, event, info); break;
	case EVENT_ADDRESS_ANNOUNCED:
	case EVENT_ADDRESS_REMOVED: put_event_address(line, event); break;
	case EVENT_FALLBACK: json_put(line, "fallback", json_of_fallback(info)); break;
	default: break;
	}
	json_put_line(c->out, line);
}

void connection_json_summary(const struct connection_report *c, uint64_t connections,
			     uint64_t mptcp, uint64_t fallback)
{
	json_t *line = json_line("summary");

	json_put(line, "connections", json_integer((json_int_t)connections));
	json_put(line, "mptcp", json_integer((json_int_t)mptcp));
	json_put(line, "fallback", json_integer((json_int_t)fallback));
	json_put_line(c->out, line);
}
