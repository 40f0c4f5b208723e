/* What quotes show: each field is followed along the path, from the last quote that witnesses it
 * as it was to the first that witnesses it changed; quotes that do not reach it say nothing. */
#include <string.h>

#include "probe/segment.h"

/* What a field becomes matters unless each packet was sent, or is sent on, with a value of its own.
 */
static bool same_change(const struct change *a, const struct change *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->id == FIELD_IP4_ID)
		return true;
	return !value_equal(&a->sent, &b->sent) || value_equal(&a->seen, &b->seen);
}

static void segment_add(struct segments *s, int probe, const struct change *c, uint8_t after,
			uint8_t by)
{
	if (s->count < SEGMENTS_MAX)
		s->at[s->count++] = (struct segment){
		    .change = *c, .after = after, .by = by, .probe = (uint8_t)probe};
}

static void restore(struct segments *s, size_t from)
{
	for (size_t i = from; i < s->count; i++)
		s->at[i].restored = true;
}

bool segment_is_derived(const struct change *c)
{
	return c->id != FIELD_NONE && field_info(c->id)->role == FIELD_DERIVED;
}

/* An option that suffered something else here is no witness that this did not happen to it; nor is
 * a length whose change follows from options that are in sight. */
static bool suffered_otherwise(const struct diff *d, const struct change *like)
{
	for (unsigned i = 0; i < d->count; i++) {
		const struct change *c = &d->changes[i];

		if (segment_is_derived(like) ? c->id == FIELD_NONE || segment_is_derived(c)
					     : like->option >= 0 && c->option == like->option)
			return true;
	}
	return false;
}

/* What is lost cannot be lost again: only its remains change. */
static bool is_loss(const struct change *c)
{
	return c->option >= 0 && (c->kind == CHANGE_REMOVED || c->kind == CHANGE_BLANKED ||
				  c->kind == CHANGE_TRUNCATED);
}

/* Follows the field that `like` speaks of along the path of one series. */
static void follow(const struct trace *t, int probe, const struct change *like, struct segments *s)
{
	const struct change *now = NULL;
	size_t first = s->count;
	uint8_t after = 0;

	for (unsigned ttl = 1; ttl <= t->highest; ttl++) {
		const struct trace_reply *r = observe_quote(t, probe, (uint8_t)ttl);
		const struct change *seen;

		if (!r || !diff_reaches(&r->diff, like))
			continue;
		seen = diff_find(&r->diff, like);
		if (!seen && suffered_otherwise(&r->diff, like))
			continue;
		if (!seen)
			restore(s, first);
		else if (!now || !(same_change(now, seen) || (is_loss(now) && is_loss(seen))))
			segment_add(s, probe, seen, after, (uint8_t)ttl);
		now = seen;
		after = (uint8_t)ttl;
	}
}

static bool followed(const struct segments *s, int probe, const char *field)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->at[i].probe == probe && !strcmp(s->at[i].change.field, field))
			return true;
	return false;
}

static void follow_reply(const struct trace *t, const struct trace_reply *r, struct segments *s)
{
	bool witness = t->result.probes[r->probe].role == ROLE_WITNESS;
	int probe = witness ? series_find(t, ROLE_TEST) : r->probe;

	for (unsigned i = 0; i < r->diff.count; i++)
		if (!followed(s, probe, r->diff.changes[i].field))
			follow(t, probe, &r->diff.changes[i], s);
}

/* The TCP checksum cannot be translated back by a box that does not know what it covers. */
static void follow_checksum(const struct trace *t, int probe, struct segments *s)
{
	struct segment betrayed = {.probe = (uint8_t)probe, .betrayed = true};
	uint8_t after = 0;

	for (unsigned ttl = 1; ttl <= t->highest; ttl++) {
		const struct trace_reply *r = observe_quote(t, probe, (uint8_t)ttl);

		if (!r || r->diff.checksum == CHECKSUM_UNSEEN)
			continue;
		if (r->diff.checksum == CHECKSUM_CONSISTENT) {
			after = (uint8_t)ttl;
			betrayed.by = 0;
		} else if (!betrayed.by) {
			betrayed.after = after;
			betrayed.by = (uint8_t)ttl;
			betrayed.addresses = r->diff.same_delta;
		}
	}
	if (betrayed.by && s->count < SEGMENTS_MAX)
		s->at[s->count++] = betrayed;
}

static bool overlap(const struct finding *f, const struct segment *s)
{
	return f->after.ttl < s->by && s->after < f->by.ttl;
}

/* The same change on the same stretch, seen with another probe: both witnesses count. */
static bool merge(struct trace *t, const struct segment *s, size_t from)
{
	for (size_t i = from; i < t->result.finding_count; i++) {
		struct finding *f = &t->result.findings[i];

		if (strcmp(f->field, s->change.field) || f->change != s->change.kind ||
		    !overlap(f, s))
			continue;
		if (value_equal(&f->sent, &s->change.sent) &&
		    !value_equal(&f->seen, &s->change.seen))
			continue;
		if (s->after > f->after.ttl)
			f->after = observe_place(t, s->probe, s->after);
		if (s->by < f->by.ttl)
			f->by = observe_place(t, s->probe, s->by);
		if (s->restored)
			f->confidence = CONFIDENCE_POSSIBLE;
		else if (!s->inferred && f->confidence == CONFIDENCE_LIKELY)
			f->confidence = CONFIDENCE_CERTAIN;
		return true;
	}
	return false;
}

static void report(struct trace *t, const struct segment *s)
{
	struct finding *f = conclude_add(t, s->change.field, s->change.kind);

	if (!f)
		return;
	f->sent = s->change.sent;
	f->seen = s->change.seen;
	f->after = observe_place(t, s->probe, s->after);
	f->by = observe_place(t, s->probe, s->by);
	f->basis = BASIS_QUOTE;
	f->direction = DIRECTION_FORWARD;
	f->confidence = s->restored   ? CONFIDENCE_POSSIBLE
			: s->inferred ? CONFIDENCE_LIKELY
				      : CONFIDENCE_CERTAIN;
	conclude_meaning(f);
}

static void report_betrayed(struct trace *t, struct segment *s)
{
	const char *address = t->result.config.target.family == 6 ? "ipv6.src" : "ip.src";
	struct finding *f;

	for (size_t i = 0; i < t->result.finding_count; i++) {
		struct finding *known = &t->result.findings[i];

		if (known->cause != CAUSE_NONE && overlap(known, s) &&
		    strncmp(known->field, "tcp.o", 5))
			return; /* what the checksum betrays is seen already */
	}
	strcpy(s->change.field, s->addresses ? address : "tcp.checksum");
	s->change.kind = CHANGE_REWRITTEN;
	if (merge(t, s, 0))
		return;
	report(t, s);
	f = &t->result.findings[t->result.finding_count - 1];
	f->basis = BASIS_CHECKSUM;
	f->cause = CAUSE_NAT;
	f->confidence = CONFIDENCE_LIKELY;
}

/* A NAT that rewrites the IP ID too is one box, not two. */
static void attribute_ids(struct trace *t)
{
	for (size_t i = 0; i < t->result.finding_count; i++) {
		struct finding *id = &t->result.findings[i];

		for (size_t j = 0; !strcmp(id->field, "ip.id") && j < t->result.finding_count;
		     j++) {
			const struct finding *nat = &t->result.findings[j];

			if (nat->cause == CAUSE_NAT && nat->after.ttl == id->after.ttl &&
			    nat->by.ttl == id->by.ttl)
				id->cause = CAUSE_NAT;
		}
	}
}

void conclude_quotes(struct trace *t)
{
	struct segments s = {.count = 0};
	size_t visible;

	for (size_t i = 0; i < t->result.reply_count; i++)
		if (t->result.replies[i].quote.len)
			follow_reply(t, &t->result.replies[i], &s);
	segments_reconcile(t, &s);
	segments_read_lengths(t, &s);
	visible = s.count;
	for (size_t i = 0; i < t->result.probe_count; i++)
		follow_checksum(t, (int)i, &s);
	for (size_t i = 0; i < visible; i++)
		if (!s.at[i].dropped && !merge(t, &s.at[i], 0))
			report(t, &s.at[i]);
	for (size_t i = visible; i < s.count; i++)
		report_betrayed(t, &s.at[i]);
	attribute_ids(t);
}
