/* A finding of both ends that is one of the hops', too: told once, with the closest interval and
 * the strongest basis that either has. */
#include <stdio.h>
#include <string.h>

#include "probe/conclude_merge.h"

bool merge_is_loss(enum change_kind change)
{
	return change == CHANGE_REMOVED || change == CHANGE_BLANKED || change == CHANGE_TRUNCATED;
}

/* ADD_ADDR without an echo (conclude_add_addr.c): how and which way it is lost is not known. */
static bool is_unechoed(const struct finding *hop)
{
	return hop->basis == BASIS_CONTROL && hop->cause == CAUSE_NONE &&
	       !strcmp(hop->field, "tcp.options.mptcp.add_addr");
}

/* What one hop saw as cut off may be gone at the end. */
static bool same_change(const struct finding *hop, const struct finding *seen)
{
	if (hop->change == seen->change || is_unechoed(hop))
		return true;
	return merge_is_loss(hop->change) && merge_is_loss(seen->change);
}

static bool same_way(const struct finding *hop, const struct finding *seen)
{
	return hop->direction == seen->direction || hop->direction == DIRECTION_BOTH ||
	       hop->direction == DIRECTION_END_TO_END || seen->direction == DIRECTION_END_TO_END;
}

static bool same(const struct finding *hop, const struct finding *seen)
{
	if (seen->subflow || !same_way(hop, seen))
		return false;
	if (hop->basis == BASIS_CHECKSUM && !strcmp(hop->field, "tcp.checksum"))
		return mirrored_is_translation(seen);
	return !strcmp(hop->field, seen->field) && same_change(hop, seen);
}

void merge_tighten(struct finding *f, const struct place *after, const struct place *by)
{
	if (after->known && (!f->after.known || after->ttl > f->after.ttl) &&
	    (!f->by.known || after->ttl < f->by.ttl))
		f->after = *after;
	if (by->known && (!f->by.known || by->ttl < f->by.ttl) && by->ttl > f->after.ttl)
		f->by = *by;
}

/* What a checksum betrayed has a name for both ends, and values. */
static void name(struct finding *hop, const struct finding *seen)
{
	strcpy(hop->field, seen->field);
	hop->sent = seen->sent;
	hop->seen = seen->seen;
	hop->cause = seen->cause;
}

/* Changes of which a sentence with hops can be made (explain.c). */
static bool has_sentence(const struct finding *f)
{
	return f->direction == DIRECTION_FORWARD && f->by.known &&
	       strcmp(f->field, "packet") != 0 && f->change != CHANGE_ANSWERED;
}

void merge_say_where(const struct trace *t, struct finding *f)
{
	bool narrow = f->after.ttl || (f->by.known && f->by.ttl < t->result.path_length);
	char after[80], by[80] = "the target", rest[FINDING_EXPLAIN_MAX];
	char *end = strrchr(f->explain, ';');
	size_t at = end ? (size_t)(end - f->explain) : strlen(f->explain);

	if (f->direction != DIRECTION_FORWARD || !narrow || !f->explain[0])
		return;
	snprintf(rest, sizeof(rest), "%s", end ? end : ".");
	explain_place(&f->after, after, sizeof(after));
	if (f->by.known && f->by.ttl < t->result.path_length)
		explain_place(&f->by, by, sizeof(by));
	snprintf(f->explain + at, sizeof(f->explain) - at, "%s between %s and %s%s",
		 end ? "," : " That happens", after, by, rest);
}

static void confirm(const struct trace *t, struct finding *hop, const struct finding *seen)
{
	bool direct = hop->basis == BASIS_QUOTE;

	if (hop->direction == DIRECTION_END_TO_END)
		hop->direction = seen->direction;
	if (hop->basis == BASIS_CHECKSUM)
		name(hop, seen);
	if (is_unechoed(hop)) {
		hop->change = seen->change;
		hop->cause = seen->cause;
	}
	if (hop->direction == DIRECTION_FORWARD && seen->direction == DIRECTION_FORWARD)
		merge_tighten(hop, &seen->after, &seen->by);
	if (!direct && hop->direction == DIRECTION_REVERSE) {
		hop->after = seen->after;
		hop->by = seen->by;
	}
	if (hop->impact == IMPACT_NONE)
		hop->impact = seen->impact;
	if (seen->confidence < hop->confidence)
		hop->confidence = seen->confidence;
	if (direct || seen->direction == DIRECTION_END_TO_END)
		return;
	hop->basis = seen->basis;
	snprintf(hop->explain, sizeof(hop->explain), "%s", has_sentence(hop) ? "" : seen->explain);
	merge_say_where(t, hop);
}

bool merge_same(struct trace *t, size_t count, const struct finding *seen)
{
	for (size_t i = 0; i < count; i++)
		if (same(&t->result.findings[i], seen)) {
			confirm(t, &t->result.findings[i], seen);
			return true;
		}
	return false;
}

static bool is_translation(const struct finding *f)
{
	return !strcmp(f->field, "tcp.ack") && f->change == CHANGE_REWRITTEN &&
	       f->direction == DIRECTION_FORWARD;
}

static void say_translation(const struct finding *ack, struct finding *seq)
{
	char after[80], by[80];
	size_t len = strlen(seq->explain);

	explain_place(&ack->after, after, sizeof(after));
	explain_place(&ack->by, by, sizeof(by));
	if (len && seq->explain[len - 1] == '.')
		len--;
	snprintf(seq->explain + len, sizeof(seq->explain) - len,
		 "; what acknowledges it is translated between %s and %s.", after, by);
}

void merge_translations(struct trace *t)
{
	struct trace_result *r = &t->result;
	struct finding *seq = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < r->finding_count; i++)
		if (!strcmp(r->findings[i].field, "tcp.seq") && !r->findings[i].subflow &&
		    r->findings[i].direction == DIRECTION_REVERSE)
			seq = &r->findings[i];
	for (size_t i = 0; seq && i < r->finding_count; i++)
		if (is_translation(&r->findings[i]) && r->findings[i].by.known)
			say_translation(&r->findings[i], seq);
	for (size_t i = 0; i < r->finding_count; i++)
		if (!seq || !is_translation(&r->findings[i]))
			r->findings[kept++] = r->findings[i];
	r->finding_count = kept;
}
