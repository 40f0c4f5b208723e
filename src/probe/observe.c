/* What the replies say about one series or one hop. */
#include <string.h>

#include "probe/engine.h"

/* Does the reply quote what this series sent? The target's quote of a witness probe shows what
 * became of the test. */
static bool quotes(const struct trace *t, int probe, const struct trace_reply *r)
{
	if (!r->quote.len)
		return false;
	if (t->result.probes[r->probe].role != ROLE_WITNESS)
		return r->probe == probe;
	return t->result.probes[probe].role == ROLE_TEST &&
	       ip_addr_equal(&r->from, &t->result.config.target);
}

/* Of several quotes the one that shows most. */
const struct trace_reply *observe_quote(const struct trace *t, int probe, uint8_t ttl)
{
	const struct trace_reply *best = NULL;

	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->ttl == ttl && quotes(t, probe, r) &&
		    (!best || r->quote.len > best->quote.len))
			best = r;
	}
	return best;
}

const struct trace_reply *observe_at(const struct trace *t, int probe, uint8_t ttl)
{
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->probe == probe && r->ttl == ttl)
			return r;
	}
	return NULL;
}

const struct trace_reply *observe_hop(const struct trace *t, uint8_t ttl)
{
	const struct trace_reply *found = NULL;

	for (size_t i = 0; i < t->result.probe_count && !found; i++)
		found = observe_at(t, (int)i, ttl);
	return found;
}

static bool is_answer(const struct trace_reply *r)
{
	return r->kind != REPLY_TIME_EXCEEDED && r->kind != REPLY_UNREACHABLE;
}

const struct trace_reply *observe_answer(const struct trace *t, int probe)
{
	const struct trace_reply *nearest = NULL;

	for (size_t i = 0; probe >= 0 && i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->probe == probe && is_answer(r) && (!nearest || r->ttl < nearest->ttl))
			nearest = r;
	}
	return nearest;
}

const struct trace_reply *observe_any_answer(const struct trace *t, int probe)
{
	const struct trace_reply *r = observe_answer(t, probe);

	return !r && probe >= 0 && t->series[probe].nameless ? &t->orphan[probe] : r;
}

bool observe_target_spoke(const struct trace *t, int probe)
{
	return probe >= 0 && t->result.probes[probe].reached_ttl;
}

uint32_t observe_asked_from(const struct trace *t, int probe, uint8_t ttl)
{
	uint32_t asked = 0;

	for (unsigned i = ttl; i <= t->series[probe].limit; i++)
		asked += t->series[probe].question[i].asked;
	return asked;
}

uint32_t observe_answers_from(const struct trace *t, int probe, uint8_t ttl)
{
	uint32_t answers = 0;

	for (unsigned i = ttl; i <= t->series[probe].limit; i++)
		answers += t->series[probe].question[i].answers;
	return answers;
}

const struct trace_reply *observe_unreachable(const struct trace *t, int probe)
{
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->probe == probe && r->kind == REPLY_UNREACHABLE)
			return r;
	}
	return NULL;
}

enum fate observe_fate(const struct trace *t, int probe)
{
	const struct trace_reply *answer = observe_any_answer(t, probe);

	if (!answer)
		return observe_unreachable(t, probe) ? FATE_UNREACHABLE : FATE_SILENT;
	switch (answer->kind) {
	case REPLY_SYN_ACK: return FATE_SYN_ACK;
	case REPLY_RST: return FATE_RST;
	default: return FATE_OTHER_ANSWER;
	}
}

const struct trace_reply *observe_syn_ack(const struct trace *t)
{
	const struct trace_reply *nearest = NULL;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		const struct trace_reply *r = observe_answer(t, (int)i);

		if (r && t->series[i].walks && r->kind == REPLY_SYN_ACK &&
		    (!nearest || r->ttl < nearest->ttl))
			nearest = r;
	}
	return nearest;
}

const struct trace_reply *observe_refusal(const struct trace *t)
{
	const struct trace_reply *nearest = NULL;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		const struct trace_reply *r = observe_answer(t, (int)i);

		if (!t->series[i].walks)
			continue;
		if (!r || r->kind != REPLY_RST)
			return NULL;
		if (!nearest || r->ttl < nearest->ttl)
			nearest = r;
	}
	for (size_t i = 0; nearest && i < t->result.probe_count; i++)
		if (t->series[i].walks && t->series[i].top >= nearest->ttl)
			return NULL;
	return nearest;
}

bool observe_is_mp_capable(const struct finding *f)
{
	return !strcmp(f->field, "tcp.options.mptcp.mp_capable") && f->cause != CAUSE_TARGET;
}

bool observe_on_syn(const struct trace *t, const struct finding *f)
{
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		for (unsigned j = 0; !t->series[r->probe].inside && j < r->diff.count; j++)
			if (!strcmp(r->diff.changes[j].field, f->field))
				return true;
	}
	return false;
}

bool observe_join_passed(const struct trace *t, int join, const struct finding *f)
{
	const struct trace_reply *r = f->by.known ? observe_quote(t, join, f->by.ttl) : NULL;
	bool length_tells = f->change == CHANGE_REMOVED;

	if (!r || r->kind != REPLY_TIME_EXCEEDED)
		return false;
	for (unsigned i = 0; i < r->diff.count; i++)
		if (strstr(r->diff.changes[i].field, "mp_join") ||
		    strstr(r->diff.changes[i].field, "len"))
			return false;
	return f->basis == BASIS_CONTROL || length_tells || r->diff.options_complete;
}

int observe_bearer(const struct trace *t, const struct finding *f)
{
	int sham = series_find(t, ROLE_SHAM), join = series_find(t, ROLE_JOIN);

	if (sham >= 0 && strstr(f->field, "kind_"))
		return sham;
	return join >= 0 && strstr(f->field, "mp_join") ? join : 0;
}

/* Where a series saw a hop; if it did not, where any other did. */
struct place observe_place(const struct trace *t, int probe, uint8_t ttl)
{
	const struct trace_reply *r = observe_at(t, probe, ttl);

	if (!ttl)
		return (struct place){true, 0, t->result.config.source};
	if (!r)
		r = observe_hop(t, ttl);
	return r ? (struct place){true, ttl, r->from} : (struct place){true, ttl, {0}};
}

/* Few hosts begin with another TTL than one of these. Said only where both ways have as many hops,
 * which would be odd if it did not. */
static uint8_t hops_back(const struct trace *t)
{
	static const uint8_t initial[] = {64, 128, 255};
	uint8_t length = t->result.path_length;

	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];

		if (r->kind != REPLY_SYN_ACK || r->ttl < length ||
		    !ip_addr_equal(&r->from, &t->result.config.target))
			continue;
		for (size_t k = 0; k < sizeof(initial); k++)
			if (r->received_ttl <= initial[k] &&
			    initial[k] - r->received_ttl + 1 == length)
				return length;
	}
	return 0;
}

void observe_way_back(const struct trace *t, struct finding *f)
{
	uint8_t hops = hops_back(t);

	f->direction = DIRECTION_REVERSE;
	f->after = (struct place){true, 0, t->result.config.target};
	f->by = (struct place){hops > 0, hops, t->result.config.source};
}

struct paired observe_paired(const struct trace *t, int probe, uint8_t ttl)
{
	struct paired sum = {0, 0};

	for (unsigned i = ttl; i <= t->series[probe].limit; i++) {
		const struct question *q = &t->series[probe].question[i];
		uint32_t asked = q->asked - q->unpaired, answers = q->answers - q->unpaired_answers;

		sum.asked += asked;
		sum.lost += answers < asked ? asked - answers : 0;
	}
	return sum;
}

uint8_t observe_first_silent(const struct trace *t, int probe, int control)
{
	for (unsigned ttl = t->series[probe].top + 1u; ttl <= t->series[probe].limit; ttl++) {
		const struct question *ours = &t->series[probe].question[ttl];
		const struct question *theirs = &t->series[control].question[ttl];

		if (ours->asked > ours->unpaired && !ours->answers &&
		    theirs->answers > theirs->unpaired_answers)
			return (uint8_t)ttl;
	}
	return 0;
}

double observe_chance(const struct trace *t, int probe, int control, uint8_t ttl)
{
	struct paired ours = observe_paired(t, probe, ttl);
	struct paired theirs = observe_paired(t, control, ttl);

	return exact_test(ours.asked, ours.lost, theirs.asked, theirs.lost);
}
