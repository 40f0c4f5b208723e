/* JSON Lines as RESULTS.md fixes them:
 *   {"type":"event","schema":1,"event":"hop","hop":{"ttl":1,"replies":[…]}}
 *   {"type":"trace","schema":1,"start":"2026-11-22T22:43:00.123456Z",…,"verdict":"clean"} */
#include "report/json.h"

#include <stdlib.h>

#include "report/hop.h"

struct json_report {
	struct report report;
	struct report_config config;
};

static void json_write(struct json_report *j, json_t *line)
{
	if (j->config.before_write)
		j->config.before_write(j->config.context);
	json_put_line(j->config.out, line);
}

static void json_hop(struct report *r, const struct trace_result *result, uint8_t ttl)
{
	json_t *line = json_line("event");

	json_put(line, "event", json_string("hop"));
	json_put(line, "hop", json_of_hop(result, ttl));
	json_write((struct json_report *)r, line);
}

static json_t *json_of_target(const struct json_report *j, const struct trace_config *config)
{
	json_t *target = json_object();

	json_put(target, "name", json_string(j->config.target_name));
	json_put(target, "addr", json_of_addr(&config->target));
	json_put(target, "port", json_integer(config->port));
	return target;
}

static json_t *json_of_source(const struct json_report *j, const struct trace_config *config)
{
	json_t *source = json_object();

	json_put(source, "addr", json_of_addr(&config->source));
	json_put(source, "dev", json_string(j->config.device));
	return source;
}

static json_t *json_of_probe(const struct trace_probe *probe)
{
	json_t *out = json_object();

	json_put(out, "name", json_string(probe->name));
	json_put(out, "spec", json_string(probe->spec));
	json_put(out, "port", json_integer(probe->local_port));
	json_put(out, "sent", json_integer(probe->sent));
	json_put(out, "received", json_integer(probe->received));
	return out;
}

static json_t *json_of_probes(const struct trace_result *result)
{
	json_t *probes = json_array();

	for (size_t i = 0; i < result->probe_count; i++)
		json_array_append_new(probes, json_of_probe(&result->probes[i]));
	return probes;
}

static json_t *json_of_hops(const struct trace_result *result)
{
	json_t *hops = json_array();

	for (unsigned ttl = result->first_ttl; ttl && ttl <= hop_last(result); ttl++)
		json_array_append_new(hops, json_of_hop(result, (uint8_t)ttl));
	return hops;
}

static json_t *json_of_join(const struct trace_join *join)
{
	json_t *out = json_object();

	json_put(out, "answer", json_string(join_answer_name(join->answer)));
	json_put(out, "reason",
		 join->answer == JOIN_REFUSED ? json_integer(join->reason) : json_null());
	return out;
}

static void json_put_joins(json_t *out, const struct trace_inside *inside)
{
	if (inside->valid.answer == JOIN_UNASKED || inside->bogus.answer == JOIN_UNASKED)
		return;
	json_put(out, "join_valid", json_of_join(&inside->valid));
	json_put(out, "join_bogus", json_of_join(&inside->bogus));
}

/* What --connect did. */
static json_t *json_of_inside(const struct trace_result *result)
{
	const struct trace_inside *inside = &result->inside;
	const struct conn_info *info = &inside->connection.info;
	bool fell_back = info->fallback_stage != FALLBACK_NONE;
	json_t *out = json_object();

	json_put(out, "tested", json_boolean(inside->state == INSIDE_TESTED));
	json_put(out, "fallback",
		 fell_back ? json_string(fallback_stage_name(info->fallback_stage)) : json_null());
	json_put(out, "fallback_reason",
		 fell_back ? json_string(fallback_reason_text(info->fallback_reason))
			   : json_null());
	if (inside->state == INSIDE_TESTED)
		json_put(out, "version", json_integer(inside->version));
	json_put_joins(out, inside);
	if (inside->add_addr.echoed || inside->add_addr.asked)
		json_put(out, "add_addr_echoed", json_boolean(inside->add_addr.echoed));
	json_put(out, "note", json_string(inside->note));
	return out;
}

/* Who is asked from a later TTL on (-f) and answers there may be nearer. */
static json_t *json_of_path_length(const struct trace_result *result)
{
	bool nearer = result->first_ttl > 1 && result->path_length <= result->first_ttl;

	return result->path_length && !nearer ? json_integer(result->path_length) : json_null();
}

/* The path of a further local address. */
static json_t *json_of_further(const struct trace_result *path)
{
	json_t *out = json_object();

	json_put(out, "subflow", json_integer(path->config.further));
	json_put(out, "local", json_of_addr(&path->config.source));
	json_put(out, "probes", json_of_probes(path));
	json_put(out, "hops", json_of_hops(path));
	json_put(out, "reached", json_boolean(path->reached));
	json_put(out, "path_length", json_of_path_length(path));
	json_put(out, "tested", json_boolean(path->inside.state == INSIDE_TESTED));
	json_put_joins(out, &path->inside);
	json_put(out, "note", json_string(path->inside.note));
	return out;
}

static json_t *json_of_paths(const struct trace_result *result)
{
	json_t *paths = json_array();

	for (size_t i = 0; i < result->further_count; i++)
		json_array_append_new(paths, json_of_further(result->further[i]));
	return paths;
}

static void json_put_path(json_t *line, const struct trace_result *result)
{
	if (result->probe_count)
		json_put(line, "probe", json_of_probe(&result->probes[0]));
	json_put(line, "probes", json_of_probes(result));
	json_put(line, "hops", json_of_hops(result));
	json_put(line, "reached", json_boolean(result->reached));
	json_put(line, "path_length", json_of_path_length(result));
	json_put(line, "interrupted", json_boolean(result->interrupted));
	if (result->inside.state != INSIDE_NOT_ASKED)
		json_put(line, "inside", json_of_inside(result));
	if (result->further_count)
		json_put(line, "paths", json_of_paths(result));
	if (result->mirrored.asked)
		json_put(line, "mirrored",
			 json_of_mirrored(&result->mirrored.mirrored, result->mirrored.note));
}

static void json_finish(struct report *r, const struct trace_result *result)
{
	struct json_report *j = (struct json_report *)r;
	const struct trace_config *config = &result->config;
	int64_t start_ns = j->config.wall_ns + result->start_ns - j->config.at_ns;
	json_t *line = json_line("trace");

	json_put(line, "start", json_of_time(start_ns));
	json_put(line, "elapsed_us", json_integer((result->end_ns - result->start_ns) / NS_PER_US));
	json_put(line, "target", json_of_target(j, config));
	json_put(line, "source", json_of_source(j, config));
	json_put(line, "family", json_integer(config->target.family));
	json_put_path(line, result);
	json_put_conclusion(line, result->findings, result->finding_count, result->verdict,
			    result->reason);
	json_write(j, line);
}

static void json_free(struct report *r)
{
	free(r);
}

static const struct report_ops json_ops = {
    .name = "json",
    .hop = json_hop,
    .finish = json_finish,
    .free = json_free,
};

struct report *report_json_new(const struct report_config *config)
{
	struct json_report *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->report.ops = &json_ops;
	j->config = *config;
	return &j->report;
}
