/* Findings of both ends among those of the hops: what is one is told once, with the closest
 * interval and the strongest basis that either has. */
#include <stdio.h>
#include <string.h>

#include "probe/engine.h"

static bool is_loss(enum change_kind change)
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
	return is_loss(hop->change) && is_loss(seen->change);
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

/* Both count hops from here. */
static void tighten(struct finding *f, const struct place *after, const struct place *by)
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

/* "…, between hop 2 (192.0.2.1) and the target; MPTCP is not affected." Ends know of no hops. */
static void say_where(const struct trace *t, struct finding *f)
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
		tighten(hop, &seen->after, &seen->by);
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
	say_where(t, hop);
}

static struct finding *find_same(struct trace *t, size_t count, const struct finding *seen)
{
	for (size_t i = 0; i < count; i++)
		if (same(&t->result.findings[i], seen))
			return &t->result.findings[i];
	return NULL;
}

/* Who changes the numbers of what comes back changes, on the way there, what acknowledges it. */
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

static void merge_translations(struct trace *t)
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

/* --- hops that witness that a segment of a connection was still as it was sent --- */

static bool bears(const struct packet *p, struct change *like)
{
	char field[TCP_OPTION_FIELD_MAX];

	like->id = field_by_name(like->field);
	for (size_t i = 0; like->id == FIELD_NONE && i < p->tcp.options.count; i++) {
		tcp_option_field(&p->tcp.options.item[i], field);
		if (!strncmp(like->field, field, strlen(field)))
			like->option = (int8_t)i;
	}
	return like->id != FIELD_NONE || like->option >= 0;
}

/* Of what only SYNs bear, SYNs; else data: a box may treat either otherwise, and ACKs. */
static bool is_of_kind(enum probe_role role, const char *field)
{
	static const char *const syns[] = {"tcp.options.mss_val", "tcp.options.wscale",
					   "tcp.options.sack_perm"};

	for (size_t i = 0; i < sizeof(syns) / sizeof(*syns); i++)
		if (!strncmp(field, syns[i], strlen(syns[i])))
			return role == ROLE_TEST;
	return role == ROLE_DATA_CAPABLE || role == ROLE_DATA_DSS;
}

static bool is_witness(const struct trace *t, const struct trace_reply *r, const struct finding *f)
{
	const struct series *s = &t->series[r->probe];
	struct change like = {.kind = f->change, .option = -1};
	enum probe_role role = t->result.probes[r->probe].role;
	struct packet sent;

	if (!is_of_kind(role, f->field) || !r->quote.len ||
	    packet_parse(&sent, span_of(s->octets, s->len)))
		return false;
	strcpy(like.field, f->field);
	return bears(&sent, &like) && diff_reaches(&r->diff, &like) && !diff_find(&r->diff, &like);
}

static void move_behind_witnesses(struct trace *t, struct finding *f)
{
	if (f->direction != DIRECTION_FORWARD || f->subflow || mirrored_is_translation(f))
		return;
	for (size_t i = 0; i < t->result.reply_count; i++) {
		const struct trace_reply *r = &t->result.replies[i];
		struct place here = {true, r->ttl, r->from};

		if (is_witness(t, r, f))
			tighten(f, &here, &(struct place){.known = false});
	}
}

static void add(struct trace *t, const struct finding *seen)
{
	struct finding *f = conclude_add(t, seen->field, seen->change);

	if (!f)
		return;
	*f = *seen;
	move_behind_witnesses(t, f);
	say_where(t, f);
}

static bool is_suspicion(const struct finding *f)
{
	return f->direction == DIRECTION_END_TO_END &&
	       (f->basis == BASIS_ENDPOINT || f->basis == BASIS_REPLY);
}

/* Acknowledgements that came too soon, where both ends tell who sent them. */
static bool is_refuted(const struct trace_mirrored *m, const struct finding *f)
{
	return f->change == CHANGE_ANSWERED && !strcmp(f->field, "tcp.ack") &&
	       f->basis == BASIS_ENDPOINT && f->confidence != CONFIDENCE_CERTAIN &&
	       mirrored_covers(&m->mirrored) && !mirrored_tells_of(&m->mirrored, f);
}

/* What the connection from inside which was traced, or an answer, let suspect gives way to what was
 * seen, but for its impact. */
static void drop_suspicions(struct trace *t, struct trace_mirrored *m)
{
	struct trace_result *r = &t->result;
	size_t kept = 0;

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = &r->findings[i];
		if (!(is_suspicion(f) && mirrored_tells_of(&m->mirrored, f)) && !is_refuted(m, f))
			r->findings[kept++] = *f;
	}
	r->finding_count = kept;
}

/* Was it compared, or only inferred of how the connection went? */
static bool was_compared(const struct mirrored *m, const struct finding *seen)
{
	for (size_t i = 0; i < m->finding_count; i++)
		if (!strcmp(m->findings[i].field, seen->field) &&
		    m->findings[i].change == seen->change &&
		    m->findings[i].direction == seen->direction)
			return true;
	return false;
}

/* Options that are lost because data are merged or edited, or because somebody acknowledges in the
 * target's name, are no further finding. */
static bool accounts_for_losses(const struct finding *f)
{
	return f->direction == DIRECTION_FORWARD &&
	       ((!strcmp(f->field, "tcp.ack") && f->change == CHANGE_ANSWERED) ||
		(!strcmp(f->field, "tcp.payload") && f->change != CHANGE_SPLIT));
}

static bool is_accounted_for(const struct trace *t, const struct finding *seen)
{
	if (!is_loss(seen->change) || was_compared(&t->result.mirrored.mirrored, seen))
		return false;
	for (size_t i = 0; i < t->result.finding_count; i++)
		if (accounts_for_losses(&t->result.findings[i]))
			return true;
	return false;
}

/* How far an end is away follows from the TTL of what came from the other; not if somebody on the
 * path sends in its name, or sets TTLs. */
static void forget_distance(const struct trace *t, struct finding *seen)
{
	const struct trace_config *c = &t->result.config;
	uint8_t hops = t->result.mirrored.mirrored.forward.hops;

	if (hops != t->result.path_length && (ip_addr_equal(&seen->by.addr, &c->target) ||
					      ip_addr_equal(&seen->by.addr, &c->source)))
		seen->by = (struct place){.known = false};
}

void conclude_mirrored(struct trace *t)
{
	struct trace_mirrored *m = &t->result.mirrored;
	size_t before;

	if (!m->asked || !m->connection.established)
		return;
	drop_suspicions(t, m);
	before = t->result.finding_count;
	for (size_t i = 0; i < m->connection.finding_count; i++) {
		struct finding seen = m->connection.findings[i], *hop;

		forget_distance(t, &seen);
		hop = find_same(t, before, &seen);
		if (hop)
			confirm(t, hop, &seen);
		else if (!is_accounted_for(t, &seen))
			add(t, &seen);
	}
	merge_translations(t);
}

/* A path is clean only as far as that was looked at. */
void conclude_mirrored_verdict(struct trace *t)
{
	struct trace_result *r = &t->result;

	if (!r->mirrored.asked || r->verdict != VERDICT_CLEAN ||
	    mirrored_covers(&r->mirrored.mirrored))
		return;
	r->verdict = VERDICT_INCONCLUSIVE;
	snprintf(r->reason, sizeof(r->reason), "%s", r->mirrored.note);
}

void trace_add_mirrored(struct trace *t, const struct trace_mirrored *mirrored, int64_t now_ns)
{
	t->result.mirrored = *mirrored;
	t->result.mirrored.connection.mirrored = &t->result.mirrored.mirrored;
	t->result.end_ns = now_ns;
	conclude(t);
}
