#include "report/hop.h"

#include <string.h>

static bool is_join(const struct trace_result *result, size_t probe)
{
	return result->probes[probe].role == ROLE_JOIN_VALID ||
	       result->probes[probe].role == ROLE_JOIN_BOGUS;
}

/* Is every hop asked with it? On the path of a further address that is so of joins. */
static bool is_follow_up(const struct trace_result *result, size_t probe)
{
	enum probe_role role = result->probes[probe].role;

	if (result->config.further && is_join(result, probe))
		return false;
	return role != ROLE_TEST && role != ROLE_CONTROL && role != ROLE_SHAM && role != ROLE_USER;
}

/* The target is, by joins, only once there is a connection to join. */
static bool is_asked(const struct trace_result *result, size_t probe, uint8_t ttl)
{
	uint8_t reached = result->probes[probe].reached_ttl;

	if (is_follow_up(result, probe) || (reached && ttl > reached))
		return false;
	return !is_join(result, probe) || ttl < result->path_length ||
	       result->inside.state == INSIDE_TESTED;
}

static struct hop_answer *answer_of(struct hop *hop, const struct ip_addr *from)
{
	for (size_t i = 0; i < hop->answer_count; i++) {
		if (ip_addr_equal(&hop->answer[i].from, from))
			return &hop->answer[i];
	}
	if (hop->answer_count == TRACE_PROBES_MAX)
		return NULL;
	hop->answer[hop->answer_count].from = *from;
	return &hop->answer[hop->answer_count++];
}

static void hop_add(struct hop *hop, const struct trace_reply *reply)
{
	struct hop_answer *answer = answer_of(hop, &reply->from);

	if (!answer || answer->reply[reply->probe])
		return;
	answer->reply[reply->probe] = reply;
	hop->answered[reply->probe] = true;
	if (reply->kind != REPLY_TIME_EXCEEDED && reply->kind != REPLY_UNREACHABLE)
		hop->target = true;
}

void hop_collect(struct hop *hop, const struct trace_result *result, uint8_t ttl)
{
	memset(hop, 0, sizeof(*hop));
	hop->ttl = ttl;
	for (size_t i = 0; i < result->probe_count; i++)
		hop->asked[i] = is_asked(result, i, ttl);
	for (size_t i = 0; i < result->reply_count; i++) {
		const struct trace_reply *reply = &result->replies[i];

		if (reply->ttl == ttl && !is_follow_up(result, reply->probe))
			hop_add(hop, reply);
	}
}

bool hop_all_placed(const struct trace_result *result, size_t probe)
{
	uint32_t placed = 0;

	for (size_t i = 0; i < result->reply_count; i++)
		placed += result->replies[i].probe == probe;
	return placed >= result->probes[probe].received;
}

size_t hop_quoted_octets(const struct trace_reply *reply)
{
	struct packet p;

	if (!reply->quote.len || packet_parse(&p, reply->quote) || p.ip.proto != IP_PROTO_TCP)
		return 0;
	return p.transport.len;
}

static void coverage_add(struct hop_coverage *c, const struct trace_result *result, uint8_t ttl)
{
	struct hop hop;
	bool complete = false;

	hop_collect(&hop, result, ttl);
	if (hop.target || (result->path_length && ttl >= result->path_length))
		return;
	for (size_t i = 0; i < hop.answer_count; i++) {
		for (size_t p = 0; p < TRACE_PROBES_MAX; p++) {
			const struct trace_reply *r = hop.answer[i].reply[p];

			complete |= r && r->diff.options_complete;
		}
	}
	c->hops++;
	c->options += complete;
	c->silent += !hop.answer_count;
	c->short_quote += hop.answer_count && !complete;
}

/* The last hop that answered a probe that every hop is asked with; 0: none did. */
static uint8_t last_answered(const struct trace_result *result)
{
	uint8_t last = 0;

	for (size_t i = 0; i < result->reply_count; i++) {
		const struct trace_reply *r = &result->replies[i];

		if (r->ttl > last && r->ttl <= result->last_ttl && !is_follow_up(result, r->probe))
			last = r->ttl;
	}
	return last;
}

uint8_t hop_last(const struct trace_result *result)
{
	uint8_t answered = last_answered(result);

	if (!result->path_length)
		return result->last_ttl;
	return answered > result->path_length ? answered : result->path_length;
}

struct hop_coverage hop_coverage_of(const struct trace_result *result)
{
	struct hop_coverage c = {0};
	uint8_t last = last_answered(result);

	for (unsigned ttl = result->first_ttl; ttl && ttl <= last; ttl++)
		coverage_add(&c, result, (uint8_t)ttl);
	return c;
}
