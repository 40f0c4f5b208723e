/* A segment that arrived is paired with the one that left with the same place in the stream, the
 * same length and the fewest differences: of several copies the path need not have changed any. */
#include "probe/mirrored_parts.h"

#include <string.h>

#include "packet/mptcp_option.h"
#include "probe/segment.h"
#include "util/seq.h"

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
	if (segment_is_derived(d) || is_marked(d))
		return true;
	switch (d->id) {
	case FIELD_IP4_ID: return !left->ip.id;
	case FIELD_TCP_SEQ:
		return !(left->tcp.flags & TCP_SYN) && arrived->tcp.seq - left->tcp.seq == c->shift;
	case FIELD_TCP_ACK: return left->tcp.ack - arrived->tcp.ack == c->peer_shift;
	default:
		return c->peer_shift && !strncmp(d->field, "tcp.options.sack", 16) &&
		       strcmp(d->field, "tcp.options.sack_perm") != 0 &&
		       d->kind == CHANGE_REWRITTEN;
	}
}

/* Differs from one copy of a segment to the next. */
bool mirrored_is_volatile(const struct change *d)
{
	static const char *const names[] = {"tcp.ack",
					    "tcp.window_size_value",
					    "tcp.flags",
					    "ip.id",
					    "tcp.options.sack",
					    "tcp.options.mptcp.add_addr",
					    "tcp.options.mptcp.remove_addr",
					    "tcp.options.mptcp.mp_prio"};

	if (!strncmp(d->field, "tcp.options.timestamp", 21))
		return d->kind == CHANGE_REWRITTEN;
	if (!strcmp(d->field, "tcp.options.mptcp.dss"))
		return d->kind == CHANGE_REWRITTEN || d->kind == CHANGE_REORDERED;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(d->field, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool same_stamp(const struct packet *a, const struct packet *b)
{
	uint32_t s, t;

	return mirrored_stamp(a, &s) && mirrored_stamp(b, &t) && s == t;
}

/* Not a later one, of which nothing was told any more. */
static bool is_in_time(const struct comparison *c, const struct mirror_segment *left,
		       const struct mirror_segment *arrived)
{
	return c->round_trip_ns != TIME_NEVER &&
	       arrived->time_ns - left->time_ns - c->delay_ns <= c->round_trip_ns;
}

/* Neither data nor a place in the stream of its own. */
static bool is_pure(const struct mirror_segment *s, const struct packet *p)
{
	return !s->payload_len && !(p->tcp.flags & (TCP_SYN | TCP_FIN));
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

/* One without data is known by what it acknowledges, and when. */
static bool fits_pure(const struct comparison *c, const struct packet *l, const struct packet *a)
{
	uint32_t stamp;

	if (l->tcp.ack - a->tcp.ack != c->peer_shift)
		return false;
	if (mirrored_stamp(a, &stamp))
		return same_stamp(l, a);
	return c->forward || (l->ip.id && l->ip.id == a->ip.id);
}

static bool fits(const struct comparison *c, const struct mirror_segment *left,
		 const struct mirror_segment *arrived, const struct packet *a)
{
	struct packet l;

	return mirrored_parse(left, &l) && left->payload_len == arrived->payload_len &&
	       !((l.tcp.flags ^ a->tcp.flags) & (TCP_SYN | TCP_FIN | TCP_RST)) &&
	       mirrored_place(&c->left, &l) == mirrored_place(&c->arrived, a) &&
	       (!is_pure(arrived, a) || fits_pure(c, &l, a));
}

static unsigned differences(const struct comparison *c, const struct diff *d,
			    const struct packet *left, const struct packet *arrived)
{
	unsigned count = 0;

	for (unsigned i = 0; i < d->count; i++)
		count += !is_explained(c, left, arrived, &d->changes[i]);
	return count;
}

/* Of copies that differ in as much the one with the same IP ID, and that one even if it differs in
 * more: of two that left at once one may have become like the other. */
static unsigned strangeness(unsigned differences, const struct packet *left, const struct packet *a)
{
	return differences + (left->ip.id && left->ip.id != a->ip.id ? DIFF_CHANGES_MAX : 0);
}

struct best {
	const struct mirror_segment *left;
	struct packet packet;
	struct diff diff;
	unsigned differences, strangeness;
};

/* How the segment arrived against the copy that it is most like; false: there is none. */
static bool find_best(struct comparison *c, const struct mirror_segment *arrived,
		      const struct packet *a, struct best *best)
{
	uint32_t from = mirrored_place(&c->arrived, a);
	struct packet whole, l;
	struct diff d;

	*best = (struct best){.strangeness = UINT32_MAX};
	if (!rebuild(c, arrived, from, c->packet[1], &whole))
		return false;
	for (size_t i = 0; i < c->left.count && best->strangeness; i++) {
		unsigned count, strange;

		if (!fits(c, c->left.at[i], arrived, a) ||
		    !rebuild(c, c->left.at[i], from, c->packet[0], &l))
			continue;
		diff_packets(&d, &l, &whole);
		count = differences(c, &d, &l, a);
		strange = strangeness(count, &l, a);
		if (strange >= best->strangeness)
			continue;
		best->strangeness = strange;
		best->differences = count;
		best->diff = d;
		best->left = c->left.at[i];
	}
	return best->left && mirrored_parse(best->left, &best->packet);
}

/* Did another one arrive that is more like the one that left? Then what is like it in some is
 * somebody else's. */
static bool is_delivered(struct comparison *c, const struct best *best)
{
	for (size_t i = 0; i < c->arrived.count; i++) {
		const struct mirror_segment *s = c->arrived.at[i];
		struct packet a;
		struct diff d;

		if (!mirrored_parse(s, &a) || !fits(c, best->left, s, &a))
			continue;
		diff_packets(&d, &best->packet, &a);
		if (differences(c, &d, &best->packet, &a) < best->differences)
			return true;
	}
	return false;
}

/* May what is like the one that left be somebody else's? The peer does not tell of all that it
 * got. */
static bool is_doubtful(struct comparison *c, const struct best *best,
			const struct mirror_segment *arrived, const struct packet *a)
{
	if (best->packet.ip.id && best->packet.ip.id != a->ip.id)
		return true;
	return is_delivered(c, best) || (c->forward && !mirrored_is_told(c, best->left) &&
					 !mirrored_is_timely(c, best->left, arrived));
}

/* Somebody has acknowledged more in its name, and goes on with that. */
static bool is_raised(const struct comparison *c, const struct packet *left,
		      const struct packet *arrived)
{
	return left->tcp.flags & arrived->tcp.flags & TCP_ACK &&
	       seq_before(left->tcp.ack, arrived->tcp.ack + c->peer_shift);
}

/* Is it this very copy that arrived, or could it be one that is not known? */
static bool is_this_copy(const struct comparison *c, const struct best *best,
			 const struct mirror_segment *arrived, const struct packet *a)
{
	const struct packet *left = &best->packet;

	return (c->forward && c->until[1].known) ||
	       (left->tcp.flags & TCP_SYN && is_in_time(c, best->left, arrived)) ||
	       (same_stamp(left, a) && left->ip.id == a->ip.id);
}

static void count_best(struct comparison *c, const struct best *best,
		       const struct mirror_segment *arrived, const struct packet *a)
{
	const struct packet *left = &best->packet;
	bool this_copy = is_this_copy(c, best, arrived, a);
	bool raised = this_copy && is_raised(c, left, a);

	if (c->segments < SIDE_MAX)
		c->paired[c->segments++] = best->left;
	c->raised += raised && mirrored_is_early(c, arrived);
	for (unsigned i = 0; i < best->diff.count; i++) {
		const struct change *d = &best->diff.changes[i];

		if (raised && (d->id == FIELD_TCP_ACK || d->id == FIELD_TCP_WINDOW ||
			       !strcmp(d->field, "tcp.options.sack")))
			continue;
		if (!is_explained(c, left, a, d) && (this_copy || !mirrored_is_volatile(d)))
			mirrored_count(c, d, left, best->left->payload_len > 0);
	}
}

/* Has it the ID of another one, or without IDs the mapping? */
static bool is_anothers(const struct packet *left, const struct packet *a)
{
	return left->ip.id ? left->ip.id != a->ip.id
			   : tcp_option_find(&a->tcp.options, TCP_OPT_MPTCP, MPTCP_DSS) != NULL;
}

/* Does it have the options of another one's data? Then it was cut off from what that was merged
 * with. */
static bool is_piece(const struct comparison *c, const struct best *best,
		     const struct mirror_segment *arrived, const struct packet *a)
{
	if (!arrived->payload_len || !is_anothers(&best->packet, a) ||
	    mirrored_same_options(&best->packet, a))
		return false;
	for (size_t i = 0; i < c->left.count; i++) {
		struct packet l;

		if (c->left.at[i]->payload_len && mirrored_parse(c->left.at[i], &l) &&
		    mirrored_place(&c->left, &l) != mirrored_place(&c->arrived, a) &&
		    mirrored_same_options(&l, a))
			return true;
	}
	return false;
}

static void compare_pure(struct comparison *c, const struct mirror_segment *arrived,
			 const struct packet *a)
{
	struct best best;

	if (!mirrored_within(c, arrived) || !find_best(c, arrived, a, &best))
		return;
	if (!best.differences || !is_doubtful(c, &best, arrived, a))
		count_best(c, &best, arrived, a);
}

void mirrored_compare_one(struct comparison *c, const struct mirror_segment *arrived)
{
	struct best best;
	struct packet a;
	uint32_t from;

	if (!mirrored_parse(arrived, &a) || a.tcp.flags & TCP_RST)
		return;
	if (is_pure(arrived, &a)) {
		compare_pure(c, arrived, &a);
		return;
	}
	from = mirrored_place(&c->arrived, &a);
	if (arrived->payload_len && !mirrored_known(c->octets, from, arrived->payload_len))
		return;
	c->with_payload += arrived->payload_len > 0;
	if (arrived->payload_len && !mirrored_same_payload(c, arrived, from))
		mirrored_count_plain(c, "tcp.payload", CHANGE_REWRITTEN, 1);
	else if (find_best(c, arrived, &a, &best) && is_piece(c, &best, arrived, &a))
		mirrored_count_plain(c, "tcp.payload", CHANGE_COALESCED, 1);
	else if (best.left)
		count_best(c, &best, arrived, &a);
	else if (arrived->payload_len && mirrored_within(c, arrived))
		mirrored_compare_cut(c, &a, arrived->payload_len);
}
