/* What befalls the data of a connection on their way: cut or joined, or edited. */
#include <stdio.h>
#include <string.h>

#include "probe/segment.h"

#define PAYLOAD "tcp.payload"

static bool same_place(const struct finding *a, const struct finding *b)
{
	return a->after.ttl == b->after.ttl && a->by.ttl == b->by.ttl;
}

static void remove_at(struct trace *t, size_t i)
{
	struct trace_result *r = &t->result;

	memmove(&r->findings[i], &r->findings[i + 1],
		(--r->finding_count - i) * sizeof(r->findings[0]));
}

/* A segment's flags go with one part of it only. */
static bool is_parted(const struct trace *t, size_t at)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		const struct finding *f = &t->result.findings[i];

		if ((f->change == CHANGE_SPLIT || f->change == CHANGE_COALESCED) &&
		    same_place(f, &t->result.findings[at]))
			return true;
	}
	return false;
}

/* Did the other end see pieces of what was sent? */
static bool is_seen_split(const struct trace *t)
{
	const struct mirrored *m = &t->result.mirrored.mirrored;

	for (size_t i = 0; i < m->finding_count; i++)
		if (m->findings[i].change == CHANGE_SPLIT &&
		    m->findings[i].direction == DIRECTION_FORWARD)
			return true;
	return false;
}

/* Data that end early go on in another segment, if the peer got them; data that go on where they
 * should end were joined with the next. The values begin where what was sent and seen part. */
static enum change_kind meant(const struct trace *t, const struct finding *f)
{
	bool arrived = t->result.inside.mapped ||
		       t->result.inside.connection.info.fallback_stage != FALLBACK_NONE ||
		       is_seen_split(t);

	if (f->change == CHANGE_TRUNCATED && arrived)
		return CHANGE_SPLIT;
	if (f->change == CHANGE_REWRITTEN && !f->sent.len && f->seen.len)
		return CHANGE_COALESCED;
	return f->change;
}

/* What it came to in this connection. Data that are split stay where they were mapped. */
static void settle(const struct trace *t, struct finding *f)
{
	f->impact = f->change == CHANGE_SPLIT ? IMPACT_NONE : IMPACT_DEGRADED;
	if (!t->result.inside.mapped && f->change != CHANGE_SPLIT)
		f->impact = t->result.inside.connection.info.fallback_stage != FALLBACK_NONE
				? IMPACT_FALLBACK
				: IMPACT_BROKEN;
}

static void read_payloads(struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		struct finding *f = &t->result.findings[i];
		enum change_kind change = meant(t, f);

		if (strcmp(f->field, PAYLOAD) || change == f->change)
			continue;
		f->change = change;
		f->cause = CAUSE_NONE;
	}
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, PAYLOAD))
			settle(t, &t->result.findings[i]);
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, "tcp.flags") && is_parted(t, i))
			remove_at(t, i--);
}

/* What comes behind inserted octets, or cut ones, bears other numbers. */
static bool is_moved(const struct trace *t, size_t at)
{
	const struct finding *f = &t->result.findings[at];

	if (strcmp(f->field, "tcp.seq") || observe_on_syn(t, f))
		return false;
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (!strcmp(t->result.findings[i].field, PAYLOAD) &&
		    same_place(f, &t->result.findings[i]))
			return true;
	return false;
}

static void explain_moved(struct trace *t, const struct finding *seq)
{
	int32_t by = (int32_t)(uint32_t)(seq->seen.number - seq->sent.number);
	char after[80], before[80];

	explain_place(&seq->after, after, sizeof(after));
	explain_place(&seq->by, before, sizeof(before));
	for (size_t i = 0; i < t->result.finding_count; i++) {
		struct finding *f = &t->result.findings[i];

		if (!strcmp(f->field, PAYLOAD) && same_place(f, seq))
			snprintf(f->explain, sizeof(f->explain),
				 "%d octet%s %s the data between %s and %s; %s.", by < 0 ? -by : by,
				 by * by == 1 ? " is" : "s are",
				 by < 0 ? "cut out of" : "inserted into", after, before,
				 explain_data(t, f));
	}
}

static void merge_moved(struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		struct finding seq = t->result.findings[i];

		if (!is_moved(t, i))
			continue;
		remove_at(t, i--);
		explain_moved(t, &seq);
	}
}

void conclude_data(struct trace *t)
{
	if (t->result.inside.state != INSIDE_TESTED)
		return;
	read_payloads(t);
	merge_moved(t);
}
