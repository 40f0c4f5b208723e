/* A segment that arrived is paired with the one that left with the same place in the stream, the
 * same length and the fewest differences: of several copies the path need not have changed any. */
#include "probe/mirrored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/segment.h"

#define SIDE_MAX (MIRROR_LOG_CLIENT + MIRROR_TOLD_MAX)

struct side {
	size_t count;
	const struct mirror_segment *at[SIDE_MAX];
	bool syn;
	uint32_t isn;
	uint8_t syn_ttl;
};

/* How often a change was seen, of how many segments that could show it. */
struct tally {
	struct change change;
	unsigned seen, of;
};

struct comparison {
	struct side left, arrived;
	const struct mirror_octets *octets; /* of the direction, as the client has them */
	bool forward;
	bool all_left;	     /* everything that left is known, but perhaps for repetitions */
	bool all_copies;     /* these as well */
	uint32_t peer_shift; /* what was added to the other direction's sequence numbers */
	size_t count;
	struct tally at[MIRRORED_FINDINGS_MAX];
	unsigned segments, with_payload;
	uint8_t packet[2][MIRROR_HEADERS_MAX + UINT16_MAX + 1];
};

static void side_add(struct side *side, const struct mirror_segment *s)
{
	struct packet p;

	if (side->count == SIDE_MAX || packet_parse(&p, span_of(s->header, s->header_len)))
		return;
	side->at[side->count++] = s;
	if (!(p.tcp.flags & TCP_SYN) || side->syn)
		return;
	side->syn = true;
	side->isn = p.tcp.seq;
	side->syn_ttl = p.ip.ttl;
}

static void side_from_log(struct side *side, const struct mirror_client *m, enum mirror_kind kind)
{
	uint64_t first = m->log.count > m->log.size ? m->log.count - m->log.size : 0;

	for (uint64_t n = first; n < m->log.count; n++) {
		const struct mirror_segment *s = mirror_log_at(&m->log, n);

		if (s->kind == kind)
			side_add(side, s);
	}
}

static void side_from_told(struct side *side, const struct mirror_client *m, enum mirror_kind kind)
{
	for (size_t i = 0; i < m->told_count; i++)
		if (m->told[i].kind == kind)
			side_add(side, &m->told[i]);
}

static bool parse(const struct mirror_segment *s, struct packet *p)
{
	return !packet_parse(p, span_of(s->header, s->header_len));
}

/* Of the first octet behind the SYN. */
static uint32_t place_of(const struct side *side, const struct packet *p)
{
	return p->tcp.seq - side->isn - 1;
}

static bool known(const struct mirror_octets *o, uint32_t from, uint32_t len)
{
	if (from > MIRROR_OCTETS_MAX || len > MIRROR_OCTETS_MAX - from)
		return false;
	for (uint32_t i = from; i < from + len; i++)
		if (!(o->have[i / 8] >> i % 8 & 1))
			return false;
	return true;
}

static struct tally *tally_of(struct comparison *c, const struct change *change)
{
	struct tally *t;

	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->at[i].change.field, change->field) &&
		    c->at[i].change.kind == change->kind)
			return &c->at[i];
	if (c->count == MIRRORED_FINDINGS_MAX)
		return NULL;
	t = &c->at[c->count++];
	*t = (struct tally){.change = *change};
	return t;
}

static void count_change(struct comparison *c, const struct change *change)
{
	struct tally *t = tally_of(c, change);

	if (t)
		t->seen++;
}

static void count_plain(struct comparison *c, const char *field, enum change_kind kind)
{
	struct change change = {.kind = kind, .option = -1};

	strcpy(change.field, field);
	count_change(c, &change);
}

static uint32_t shift_of(const struct side *left, const struct side *arrived)
{
	return left->syn && arrived->syn ? arrived->isn - left->isn : 0;
}

static bool is_marked(const struct change *d)
{
	return (d->id == FIELD_IP4_ECN || d->id == FIELD_IP6_ECN) && d->sent.number &&
	       d->seen.number == 3;
}

/* What follows from a change that is told of already, or is what routers may do: a mark of
 * congestion (RFC 3168), an IP ID where there was none. */
static bool is_explained(const struct comparison *c, const struct packet *left,
			 const struct packet *arrived, const struct change *d)
{
	uint32_t shift = shift_of(&c->left, &c->arrived);

	if (segment_is_derived(d) || is_marked(d))
		return true;
	switch (d->id) {
	case FIELD_IP4_ID: return !left->ip.id;
	case FIELD_TCP_SEQ:
		return !(left->tcp.flags & TCP_SYN) && arrived->tcp.seq - left->tcp.seq == shift;
	case FIELD_TCP_ACK: return left->tcp.ack - arrived->tcp.ack == c->peer_shift;
	default:
		return c->peer_shift && !strncmp(d->field, "tcp.options.sack", 16) &&
		       strcmp(d->field, "tcp.options.sack_perm") != 0 &&
		       d->kind == CHANGE_REWRITTEN;
	}
}

/* Differs from one copy of a segment to the next. */
static bool is_volatile(const struct change *d)
{
	static const char *const names[] = {"tcp.ack",
					    "tcp.window_size_value",
					    "tcp.flags",
					    "ip.id",
					    "tcp.options.timestamp",
					    "tcp.options.sack",
					    "tcp.options.mptcp.add_addr",
					    "tcp.options.mptcp.remove_addr",
					    "tcp.options.mptcp.mp_prio"};

	if (!strcmp(d->field, "tcp.options.mptcp.dss"))
		return d->kind == CHANGE_REWRITTEN || d->kind == CHANGE_REORDERED;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(d->field, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool same_stamp(const struct packet *a, const struct packet *b)
{
	const struct tcp_option *s = tcp_option_find(&a->tcp.options, TCP_OPT_TIMESTAMP, -1);
	const struct tcp_option *t = tcp_option_find(&b->tcp.options, TCP_OPT_TIMESTAMP, -1);

	return s && t && s->len >= 6 && t->len >= 6 && !memcmp(s->at + 2, t->at + 2, 4);
}

/* Is it this very copy that arrived, or could it be one that is not known? */
static bool is_this_copy(const struct comparison *c, const struct packet *left,
			 const struct packet *arrived)
{
	return c->all_copies || left->tcp.flags & TCP_SYN ||
	       (same_stamp(left, arrived) && left->ip.id == arrived->ip.id);
}

/* The headers with the octets that both had. */
static bool rebuild(const struct comparison *c, const struct mirror_segment *s, uint32_t from,
		    uint8_t *room, struct packet *out)
{
	memcpy(room, s->header, s->header_len);
	if (s->payload_len)
		memcpy(room + s->header_len, c->octets->at + from, s->payload_len);
	return !packet_parse(out, span_of(room, (size_t)s->header_len + s->payload_len));
}

static bool fits(const struct comparison *c, const struct mirror_segment *left,
		 const struct mirror_segment *arrived, const struct packet *a)
{
	struct packet l;

	return parse(left, &l) && left->payload_len == arrived->payload_len &&
	       !((l.tcp.flags ^ a->tcp.flags) & (TCP_SYN | TCP_FIN | TCP_RST)) &&
	       place_of(&c->left, &l) == place_of(&c->arrived, a);
}

static unsigned differences(const struct comparison *c, const struct diff *d,
			    const struct packet *left, const struct packet *arrived)
{
	unsigned count = 0;

	for (unsigned i = 0; i < d->count; i++)
		count += !is_explained(c, left, arrived, &d->changes[i]);
	return count;
}

/* How the segment arrived against the copy that it is most like; false: there is none. */
static bool best_diff(struct comparison *c, const struct mirror_segment *arrived,
		      const struct packet *a, struct diff *best, struct packet *left)
{
	uint32_t from = place_of(&c->arrived, a);
	struct packet whole, l;
	unsigned least = UINT32_MAX;
	struct diff d;

	if (!rebuild(c, arrived, from, c->packet[1], &whole))
		return false;
	for (size_t i = 0; i < c->left.count && least; i++) {
		unsigned count;

		if (!fits(c, c->left.at[i], arrived, a) ||
		    !rebuild(c, c->left.at[i], from, c->packet[0], &l))
			continue;
		diff_packets(&d, &l, &whole);
		count = differences(c, &d, &l, a);
		if (count >= least)
			continue;
		least = count;
		*best = d;
		if (!parse(c->left.at[i], left))
			return false;
	}
	return least != UINT32_MAX;
}

/* A change of an option can be seen only where it was sent: of how many it befell then says more.
 */
static void count_bearers(struct comparison *c, const struct packet *left)
{
	char field[TCP_OPTION_FIELD_MAX];

	for (size_t i = 0; i < c->count; i++) {
		struct tally *t = &c->at[i];
		bool bears = false;

		for (size_t n = 0; n < left->tcp.options.count && !bears; n++) {
			tcp_option_field(&left->tcp.options.item[n], field);
			bears = !strncmp(t->change.field, field, strlen(field));
		}
		t->of += bears;
	}
}

static bool same_options(const struct packet *a, const struct packet *b)
{
	return a->tcp.option_area.len == b->tcp.option_area.len &&
	       !memcmp(a->tcp.option_area.at, b->tcp.option_area.at, a->tcp.option_area.len);
}

/* Octets that arrived as they were sent, but cut otherwise. What a network card merges on arrival
 * (of the same options, all of them) is no middlebox's doing. */
static void compare_cut(struct comparison *c, const struct packet *a, uint32_t len)
{
	uint32_t from = place_of(&c->arrived, a), end = from + len;
	bool inside = false, merged = false, told_apart = false;
	struct packet first = {0};

	for (size_t i = 0; i < c->left.count; i++) {
		uint32_t at, to;
		struct packet l;

		if (!c->left.at[i]->payload_len || !parse(c->left.at[i], &l))
			continue;
		at = place_of(&c->left, &l);
		to = at + c->left.at[i]->payload_len;
		inside |= at <= from && end <= to;
		if (at < from || to > end)
			continue;
		told_apart |= first.octets.len && !same_options(&first, &l);
		if (!first.octets.len)
			first = l;
		merged = true;
	}
	if (inside)
		count_plain(c, "tcp.payload", CHANGE_SPLIT);
	else if (merged && told_apart)
		count_plain(c, "tcp.payload", CHANGE_COALESCED);
}

/* Is the payload that the other end tells of the one that we have? */
static bool same_payload(const struct comparison *c, const struct mirror_segment *s, uint32_t from)
{
	return mirror_hash(span_of(c->octets->at + from, s->payload_len)) == s->hash;
}

static void compare_one(struct comparison *c, const struct mirror_segment *arrived)
{
	struct packet a, left;
	struct diff d;
	uint32_t from;

	if (!parse(arrived, &a) || a.tcp.flags & TCP_RST)
		return;
	from = place_of(&c->arrived, &a);
	if (arrived->payload_len && !known(c->octets, from, arrived->payload_len))
		return;
	if (!arrived->payload_len && !(a.tcp.flags & (TCP_SYN | TCP_FIN)) && !c->all_copies)
		return;
	c->with_payload += arrived->payload_len > 0;
	if (arrived->payload_len && !same_payload(c, arrived, from)) {
		count_plain(c, "tcp.payload", CHANGE_REWRITTEN);
		return;
	}
	if (best_diff(c, arrived, &a, &d, &left)) {
		c->segments++;
		for (unsigned i = 0; i < d.count; i++)
			if (!is_explained(c, &left, &a, &d.changes[i]) &&
			    (is_this_copy(c, &left, &a) || !is_volatile(&d.changes[i])))
				count_change(c, &d.changes[i]);
	} else if (arrived->payload_len && c->all_left) {
		compare_cut(c, &a, arrived->payload_len);
	}
}

/* Towards us it is the sender that knows its payload by the hash only. */
static void compare_sent_payload(struct comparison *c)
{
	for (size_t i = 0; i < c->left.count; i++) {
		const struct mirror_segment *s = c->left.at[i];
		struct packet l;
		uint32_t from;

		if (!s->payload_len || !parse(s, &l))
			continue;
		from = place_of(&c->left, &l);
		if (known(c->octets, from, s->payload_len) && !same_payload(c, s, from))
			count_plain(c, "tcp.payload", CHANGE_REWRITTEN);
	}
}

static void compare_all(struct comparison *c)
{
	if (!c->left.syn || !c->arrived.syn)
		return;
	for (size_t i = 0; i < c->arrived.count; i++)
		compare_one(c, c->arrived.at[i]);
	if (!c->forward)
		compare_sent_payload(c);
	for (size_t i = 0; i < c->left.count; i++) {
		struct packet l;

		if (parse(c->left.at[i], &l))
			count_bearers(c, &l);
	}
}

static void explain(const struct comparison *c, const struct tally *t, struct finding *f)
{
	const char *towards = c->forward ? "Towards the target" : "On the way back";
	char room[EXPLAIN_NOUN_MAX];

	if (f->change == CHANGE_SPLIT)
		snprintf(
		    f->explain, sizeof(f->explain),
		    "%s, segments are split: %u of those that arrived are parts of longer ones.",
		    towards, t->seen);
	else if (f->change == CHANGE_COALESCED)
		snprintf(f->explain, sizeof(f->explain),
			 "%s, segments are merged: %u of those that arrived hold several.", towards,
			 t->seen);
	else if (!strcmp(f->field, "tcp.payload"))
		snprintf(f->explain, sizeof(f->explain),
			 "%s, the data is changed: %u of %u segments with data did not arrive with "
			 "what was sent.",
			 towards, t->seen, c->with_payload);
	else if (t->of >= t->seen)
		snprintf(f->explain, sizeof(f->explain), "%s, %s %s (in %u of %u segments).",
			 towards, explain_noun(f->field, room), explain_verb(f->change), t->seen,
			 t->of);
	else
		snprintf(f->explain, sizeof(f->explain), "%s, %s %s (in %u segments).", towards,
			 explain_noun(f->field, room), explain_verb(f->change), t->seen);
}

static enum cause cause_of(const struct finding *f)
{
	if (f->change == CHANGE_SPLIT || f->change == CHANGE_COALESCED)
		return CAUSE_SPLIT_PROXY;
	return CAUSE_ALG;
}

static void add_finding(struct mirrored *out, const struct comparison *c, const struct tally *t,
			const struct place *here, const struct place *there)
{
	struct finding *f;

	if (out->finding_count == MIRRORED_FINDINGS_MAX)
		return;
	f = &out->findings[out->finding_count++];
	*f = (struct finding){.change = t->change.kind,
			      .sent = t->change.sent,
			      .seen = t->change.seen,
			      .direction = c->forward ? DIRECTION_FORWARD : DIRECTION_REVERSE,
			      .after = c->forward ? *here : *there,
			      .by = c->forward ? *there : *here,
			      .basis = BASIS_ENDPOINT,
			      .confidence = CONFIDENCE_CERTAIN};
	strcpy(f->field, t->change.field);
	if (strcmp(f->field, "tcp.payload") != 0)
		conclude_meaning(f);
	else
		f->cause = cause_of(f);
	explain(c, t, f);
}

/* A translation is seen from both sides: what is rewritten towards the target in the source is
 * rewritten on the way back in the destination. */
static bool is_way_back(const struct mirrored *out, const struct finding *f)
{
	static const char *const pairs[][2] = {
	    {"ip.src", "ip.dst"},	    {"ip.dst", "ip.src"},
	    {"ipv6.src", "ipv6.dst"},	    {"ipv6.dst", "ipv6.src"},
	    {"tcp.srcport", "tcp.dstport"}, {"tcp.dstport", "tcp.srcport"}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		for (size_t n = 0; n < out->finding_count; n++)
			if (!strcmp(f->field, pairs[i][1]) &&
			    !strcmp(out->findings[n].field, pairs[i][0]) &&
			    value_equal(&f->sent, &out->findings[n].seen) &&
			    value_equal(&f->seen, &out->findings[n].sent))
				return true;
	return false;
}

static void report(struct mirrored *out, const struct comparison *c, const struct ip_addr *local,
		   const struct ip_addr *remote)
{
	struct mirrored_direction *d = c->forward ? &out->forward : &out->reverse;
	struct place here = {.known = true, .addr = *local};
	struct place there = {.known = true, .addr = *remote};

	d->compared = c->left.syn && c->arrived.syn;
	d->segments = c->segments;
	if (d->compared && c->left.syn_ttl >= c->arrived.syn_ttl)
		d->hops = (uint8_t)(c->left.syn_ttl - c->arrived.syn_ttl + 1);
	/* Hops are counted from the sender; unless they are known, the receiver has no number. */
	*(c->forward ? &there.ttl : &here.ttl) = d->hops;
	*(c->forward ? &there.known : &here.known) = d->hops > 0;
	for (size_t i = 0; i < c->count; i++) {
		add_finding(out, c, &c->at[i], &here, &there);
		if (!c->forward && is_way_back(out, &out->findings[out->finding_count - 1]))
			out->finding_count--;
	}
}

/* The mirror's own words came damaged. */
static void report_damage(struct mirrored *out, const struct mirror_client *m,
			  const struct ip_addr *local, const struct ip_addr *remote)
{
	struct finding *f;

	for (size_t i = 0; i < out->finding_count; i++)
		if (out->findings[i].direction == DIRECTION_REVERSE &&
		    !strcmp(out->findings[i].field, "tcp.payload"))
			return;
	if (!m->alien || out->finding_count == MIRRORED_FINDINGS_MAX)
		return;
	f = &out->findings[out->finding_count++];
	*f = (struct finding){.field = "tcp.payload",
			      .change = CHANGE_REWRITTEN,
			      .direction = DIRECTION_REVERSE,
			      .after = {true, 0, *remote},
			      .by = {out->reverse.hops > 0, out->reverse.hops, *local},
			      .basis = BASIS_ENDPOINT,
			      .cause = CAUSE_ALG,
			      .confidence = CONFIDENCE_LIKELY,
			      .explain = "On the way back, the data is changed: what the target "
					 "mirrored came damaged."};
}

static void load(struct comparison *c, const struct mirror_client *m, bool forward)
{
	c->forward = forward;
	side_from_log(forward ? &c->left : &c->arrived, m, forward ? MIRROR_SENT : MIRROR_ARRIVED);
	side_from_told(forward ? &c->arrived : &c->left, m, forward ? MIRROR_ARRIVED : MIRROR_SENT);
	c->octets = forward ? &m->sent : &m->received;
	c->all_copies = forward && m->log.count <= m->log.size;
	c->all_left = c->all_copies || (m->finished && !m->sent_untold);
}

void mirrored_compare(struct mirrored *out, const struct mirror_client *m,
		      const struct ip_addr *local, const struct ip_addr *remote)
{
	struct comparison *c = calloc(2, sizeof(*c));

	*out = (struct mirrored){.answered = m->mirrors, .whole = m->finished};
	if (!c || !m->mirrors) {
		free(c);
		return;
	}
	load(&c[0], m, true);
	load(&c[1], m, false);
	c[0].peer_shift = shift_of(&c[1].left, &c[1].arrived);
	c[1].peer_shift = shift_of(&c[0].left, &c[0].arrived);
	for (size_t i = 0; i < 2; i++) {
		compare_all(&c[i]);
		report(out, &c[i], local, remote);
	}
	report_damage(out, m, local, remote);
	free(c);
}

bool mirrored_covers(const struct mirrored *m)
{
	return m->answered && m->whole && m->forward.segments && m->reverse.segments;
}
