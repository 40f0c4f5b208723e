/* What quotes show: each field is followed along the path, from the last quote that witnesses it
 * as it was to the first that witnesses it changed; quotes that do not reach it say nothing. */
#include <string.h>

#include "probe/engine.h"

#define SEGMENTS_MAX 96

/* One change of one field, as one series of probes saw it. */
struct segment {
	struct change change;
	uint8_t after, by;
	uint8_t probe;
	bool inferred;	/* from lengths, against the control */
	bool dropped;	/* another segment says it better */
	bool restored;	/* a later quote shows the field as it was sent */
	bool betrayed;	/* no visible change: the checksums tell */
	bool addresses; /* betrayed by IP and TCP checksum alike */
};

struct segments {
	size_t count;
	struct segment at[SEGMENTS_MAX];
};

/* What a field becomes matters unless each packet was sent with a value of its own. */
static bool same_change(const struct change *a, const struct change *b)
{
	if (a->kind != b->kind)
		return false;
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

static bool is_derived(const struct change *c)
{
	return c->id != FIELD_NONE && field_info(c->id)->role == FIELD_DERIVED;
}

/* An option that suffered something else here is no witness that this did not happen to it; nor is
 * a length whose change follows from options that are in sight. */
static bool suffered_otherwise(const struct diff *d, const struct change *like)
{
	for (unsigned i = 0; i < d->count; i++) {
		const struct change *c = &d->changes[i];

		if (is_derived(like) ? c->id == FIELD_NONE || is_derived(c)
				     : like->option >= 0 && c->option == like->option)
			return true;
	}
	return false;
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
		else if (!now || !same_change(now, seen))
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
	for (unsigned i = 0; i < r->diff.count; i++)
		if (!followed(s, r->probe, r->diff.changes[i].field))
			follow(t, r->probe, &r->diff.changes[i], s);
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

/* What a change of a field is usually due to, and what MPTCP makes of it (RFC 8684 §3.7, RFC 8041
 * §3). The first row whose prefix fits and whose change is meant (0: any) counts. */
static const struct {
	const char *prefix;
	enum change_kind change;
	enum cause cause;
	enum impact impact;
} meanings[] = {
    {"tcp.options.mptcp.mp_capable", CHANGE_ADDED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.mp_capable", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.mp_capable", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_FALLBACK},
    {"tcp.options.mptcp.mp_join", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.mptcp.mp_join", CHANGE_NONE, CAUSE_OPTION_STRIPPER, IMPACT_NO_SUBFLOW},
    {"tcp.options.mss_val", CHANGE_REWRITTEN, CAUSE_MSS_CLAMP, IMPACT_NONE},
    {"tcp.options.mss_val", CHANGE_ADDED, CAUSE_MSS_CLAMP, IMPACT_NONE},
    {"tcp.options.wscale", CHANGE_NONE, CAUSE_NONE, IMPACT_DEGRADED},
    {"tcp.options.sack", CHANGE_NONE, CAUSE_NONE, IMPACT_DEGRADED},
    {"ip.src", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"ip.dst", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"ipv6.src", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"ipv6.dst", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"tcp.srcport", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"tcp.dstport", CHANGE_NONE, CAUSE_NAT, IMPACT_NONE},
    {"tcp.seq", CHANGE_NONE, CAUSE_SEQ_RANDOMIZER, IMPACT_NONE},
    {"ip.dsfield.ecn", CHANGE_NONE, CAUSE_ECN_BLEACH, IMPACT_NONE},
    {"ipv6.tclass.ecn", CHANGE_NONE, CAUSE_ECN_BLEACH, IMPACT_NONE},
    {"ip.dsfield.dscp", CHANGE_NONE, CAUSE_DSCP_REMARK, IMPACT_NONE},
    {"ipv6.tclass.dscp", CHANGE_NONE, CAUSE_DSCP_REMARK, IMPACT_NONE},
    {"tcp.options.", CHANGE_REORDERED, CAUSE_NONE, IMPACT_NONE},
    {"tcp.options.", CHANGE_REMOVED, CAUSE_OPTION_STRIPPER, IMPACT_NONE},
    {"tcp.options.", CHANGE_BLANKED, CAUSE_OPTION_STRIPPER, IMPACT_NONE},
    {"tcp.options.", CHANGE_TRUNCATED, CAUSE_OPTION_STRIPPER, IMPACT_NONE},
};

static void give_meaning(struct finding *f)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (strncmp(f->field, meanings[i].prefix, strlen(meanings[i].prefix)))
			continue;
		if (meanings[i].change && meanings[i].change != f->change)
			continue;
		f->cause = meanings[i].cause;
		f->impact = meanings[i].impact;
		break;
	}
	if (f->cause == CAUSE_NONE && f->impact == IMPACT_DEGRADED && f->change != CHANGE_REWRITTEN)
		f->cause = CAUSE_OPTION_STRIPPER;
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
	give_meaning(f);
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

static bool changes_size(const struct change *c)
{
	return c->option >= 0 && (c->kind == CHANGE_REMOVED || c->kind == CHANGE_TRUNCATED ||
				  c->kind == CHANGE_ADDED);
}

/* A quote that is too short for the options may still show that the packet got shorter: the same
 * change, seen nearer to the box. */
static bool nearer_witness(struct segments *s, const struct segment *length)
{
	for (size_t i = 0; i < s->count; i++) {
		struct segment *o = &s->at[i];

		if (o->probe != length->probe || !changes_size(&o->change) || o->restored ||
		    length->after >= o->by || o->after >= length->by)
			continue;
		if (length->by < o->by)
			o->by = length->by;
		return true;
	}
	return false;
}

/* Did the control keep this length where the other probe lost some? */
static bool control_kept(const struct trace *t, const struct segment *length)
{
	int control = series_find(t, ROLE_CONTROL);

	for (unsigned ttl = length->by; control >= 0 && ttl <= t->highest; ttl++) {
		const struct trace_reply *r = observe_quote(t, control, (uint8_t)ttl);

		if (r && diff_reaches(&r->diff, &length->change))
			return !diff_find(&r->diff, &length->change);
	}
	return false;
}

/* The one option by which a probe differs from the control. */
static bool own_option(const struct trace *t, int probe, struct change *c)
{
	struct packet p;
	enum probe_role role = t->result.probes[probe].role;
	uint8_t kind = role == ROLE_SHAM ? TCP_OPT_EXP2 : TCP_OPT_MPTCP;

	if (role != ROLE_TEST && role != ROLE_SHAM && role != ROLE_JOIN)
		return false;
	packet_parse(&p, span_of(t->series[probe].octets, t->series[probe].len));
	for (uint8_t i = 0; i < p.tcp.options.count; i++) {
		const struct tcp_option *o = &p.tcp.options.item[i];

		if (o->kind != kind)
			continue;
		*c = (struct change){.kind = CHANGE_REMOVED, .option = (int8_t)i};
		c->sent = (struct value){.kind = VALUE_OCTETS, .len = o->len};
		memcpy(c->sent.octets, o->at, o->len);
		tcp_option_field(o, c->field);
		return true;
	}
	return false;
}

/* A packet that lost just as much as the option takes which the control does not have: no quote
 * need show the option to tell that it is gone. */
static void infer_removed(const struct trace *t, struct segment *length)
{
	const struct change was = length->change;
	struct change own;

	if (length->restored || !own_option(t, length->probe, &own) || !control_kept(t, length))
		return;
	if (was.sent.number - was.seen.number != own.sent.len)
		return;
	length->change = own;
	length->inferred = true;
}

/* Does the quoted IP header claim the length that was sent? */
static bool kept_length(const struct trace *t, int probe, const struct trace_reply *r)
{
	struct packet sent, quote;

	packet_parse(&sent, span_of(t->series[probe].octets, t->series[probe].len));
	return packet_parse(&quote, r->quote) == 0 && quote.ip.length == sent.ip.length;
}

/* Nor is an option gone, that took some length with it, where the packet still has its length. */
static void tighten_removed(const struct trace *t, struct segment *s)
{
	const struct trace_reply *r = observe_quote(t, s->probe, s->by);

	if (s->change.kind != CHANGE_REMOVED || !r || kept_length(t, s->probe, r))
		return;
	for (unsigned ttl = s->after + 1u; ttl < s->by; ttl++) {
		r = observe_quote(t, s->probe, (uint8_t)ttl);
		if (r && kept_length(t, s->probe, r))
			s->after = (uint8_t)ttl;
	}
}

static void read_lengths(const struct trace *t, struct segments *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct segment *length = &s->at[i];

		if (!is_derived(&length->change))
			continue;
		if (nearer_witness(s, length))
			length->dropped = true;
		else
			infer_removed(t, length);
	}
	for (size_t i = 0; i < s->count; i++)
		tighten_removed(t, &s->at[i]);
}

void conclude_quotes(struct trace *t)
{
	struct segments s = {.count = 0};
	size_t visible;

	for (size_t i = 0; i < t->result.reply_count; i++)
		if (t->result.replies[i].quote.len)
			follow_reply(t, &t->result.replies[i], &s);
	read_lengths(t, &s);
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
