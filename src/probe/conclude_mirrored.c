/* What both ends of a connection to a mirror show, beside what the hops do. */
#include <stdio.h>
#include <string.h>

#include "probe/conclude_merge.h"

/* Hops that witness that a segment of a connection was still as it was sent. */
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
			merge_tighten(f, &here, &(struct place){.known = false});
	}
}

static void add(struct trace *t, const struct finding *seen)
{
	struct finding *f = conclude_add(t, seen->field, seen->change);

	if (!f)
		return;
	*f = *seen;
	move_behind_witnesses(t, f);
	merge_say_where(t, f);
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
	if (!merge_is_loss(seen->change) || was_compared(&t->result.mirrored.mirrored, seen))
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
		struct finding seen = m->connection.findings[i];

		forget_distance(t, &seen);
		if (!merge_same(t, before, &seen) && !is_accounted_for(t, &seen))
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
