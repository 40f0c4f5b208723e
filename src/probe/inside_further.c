/* The paths of further local addresses: plain SYNs walk them before there is a connection, joins
 * once there is; each is concluded by itself. */
#include <stdio.h>

#include "probe/inside_state.h"

#define EXPLORE_NS (60 * NS_PER_S) /* a silent path takes some waits of 5 s */

static bool is_explored(struct inside *in)
{
	for (size_t i = 1; i < in->joins_count; i++)
		if (!trace_finished(in->joins[i].trace))
			return false;
	return true;
}

int inside_explore(struct inside *in, struct error *err)
{
	int rc;

	for (size_t i = 0; i < in->config->further_count; i++) {
		struct trace *t = trace_add_further(in->trace, &in->config->further[i], err);

		if (!t)
			return err->code;
		in->joins[in->joins_count++] =
		    (struct inside_joins){.trace = t, .valid = -1, .bogus = -1};
	}
	rc = inside_pump(in, EXPLORE_NS, is_explored, err);
	for (size_t i = 1; i < in->joins_count; i++) {
		trace_stop(in->joins[i].trace, net_now_ns(in->net)); /* unless it is finished */
		trace_resume(in->joins[i].trace);
	}
	return rc;
}

#define NOTE(note, ...) snprintf(note, sizeof(note), __VA_ARGS__)

static void describe(const struct inside *in, const struct inside_joins *j,
		     struct trace_inside *out)
{
	const struct trace_result *r = trace_result(j->trace);
	bool joinable = in->result.valid.answer != JOIN_UNASKED;
	char from[IP_ADDR_TEXT], who[16 + IP_ADDR_TEXT];

	ip_addr_print(&r->config.source, from);
	snprintf(who, sizeof(who), "From %s a", from);
	if (out->state == INSIDE_TESTED)
		inside_describe_joins(j, who, out->note, sizeof(out->note));
	else if (joinable && !r->path_length)
		NOTE(out->note,
		     "From %s not even a plain SYN is answered by the target: whether a connection "
		     "can be joined from there was not tested.",
		     from);
	else
		NOTE(out->note, "Whether a connection can be joined from %s was not tested.", from);
}

static void conclude_path(struct inside *in, struct inside_joins *j)
{
	struct trace_inside out = {.version = in->result.version, .mapped = in->result.mapped};

	inside_read_joins(in, j);
	out.valid = j->to_valid;
	out.bogus = j->to_bogus;
	out.join_confirmed = j->confirmed;
	out.join_late = j->late;
	out.state = out.valid.answer == JOIN_UNASKED ? INSIDE_UNTESTED : INSIDE_TESTED;
	describe(in, j, &out);
	trace_conclude(j->trace, &out, net_now_ns(in->net));
}

void inside_conclude_further(struct inside *in)
{
	for (size_t i = 1; i < in->joins_count; i++)
		conclude_path(in, &in->joins[i]);
}
