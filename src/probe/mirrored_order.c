/* When what arrived: by the clocks of both ends, of which only the sum of both ways is known. What
 * took the least is taken for the way itself. */
#include "probe/mirrored_parts.h"

#include "util/seq.h"

#define SLACK_NS     (1 * NS_PER_MS)
#define SPREADS	     3
#define MEASURED_MIN 6 /* segments: of fewer all may have been late */

/* Are the octets that arrived, perhaps a piece, among those? */
static bool is_among(const struct comparison *c, const struct mirror_segment *left,
		     const struct packet *l, const struct mirror_segment *arrived,
		     const struct packet *a)
{
	uint32_t from = mirrored_place(&c->left, l), at = mirrored_place(&c->arrived, a);

	return at - from <= left->payload_len &&
	       arrived->payload_len <= left->payload_len - (at - from) &&
	       !left->payload_len == !arrived->payload_len;
}

/* A segment that left once, or of which this copy bears the stamp; else NULL. */
static const struct mirror_segment *source_of(const struct comparison *c,
					      const struct mirror_segment *arrived)
{
	const struct mirror_segment *found = NULL;
	uint32_t stamp, its;
	struct packet a, l;
	bool stamped;

	if (!mirrored_parse(arrived, &a) || !(arrived->payload_len || a.tcp.flags & TCP_SYN))
		return NULL;
	stamped = mirrored_stamp(&a, &stamp);
	for (size_t i = 0; i < c->left.count; i++) {
		const struct mirror_segment *s = c->left.at[i];

		if (!mirrored_parse(s, &l) || (l.tcp.flags ^ a.tcp.flags) & TCP_SYN ||
		    !is_among(c, s, &l, arrived, &a))
			continue;
		if (stamped && mirrored_stamp(&l, &its) && its != stamp)
			continue;
		if (found)
			return NULL;
		found = s;
	}
	return found;
}

static void measure(struct comparison *c)
{
	int64_t sum_ns = 0;

	c->delay_ns = TIME_NEVER;
	for (size_t i = 0; i < c->arrived.count; i++) {
		const struct mirror_segment *s = source_of(c, c->arrived.at[i]);
		int64_t delay_ns = s ? c->arrived.at[i]->time_ns - s->time_ns : 0;

		if (!s)
			continue;
		c->measured++;
		sum_ns += delay_ns;
		if (delay_ns < c->delay_ns)
			c->delay_ns = delay_ns;
	}
	if (c->measured)
		c->spread_ns = sum_ns / c->measured - c->delay_ns;
}

void mirrored_measure(struct comparison *forward, struct comparison *reverse)
{
	bool known;

	measure(forward);
	measure(reverse);
	known = forward->delay_ns != TIME_NEVER && reverse->delay_ns != TIME_NEVER;
	forward->round_trip_ns = reverse->round_trip_ns =
	    known ? forward->delay_ns + reverse->delay_ns : TIME_NEVER;
}

/* By how much something may come before what was the fastest: the more the times differ anyway. */
static int64_t slack_ns(const struct comparison *c)
{
	int64_t slack = c->round_trip_ns / 4;

	if (slack < SPREADS * c->spread_ns)
		slack = SPREADS * c->spread_ns;
	return slack > SLACK_NS ? slack : SLACK_NS;
}

/* Did it arrive when the one that left must have? */
bool mirrored_is_timely(const struct comparison *c, const struct mirror_segment *left,
			const struct mirror_segment *arrived)
{
	int64_t late_ns = arrived->time_ns - left->time_ns - c->delay_ns;

	return c->delay_ns != TIME_NEVER && late_ns > -slack_ns(c) && late_ns < slack_ns(c);
}

/* Would the peer have told of it, had it arrived? That is, of another one without data that arrived
 * later than this can have; as long as there are few of them of whatever did. */
bool mirrored_is_told(const struct comparison *c, const struct mirror_segment *left)
{
	int64_t last_ns = 0, last_pure_ns = 0;
	unsigned pure = 0;

	for (size_t i = 0; i < c->arrived.count; i++) {
		const struct mirror_segment *s = c->arrived.at[i];

		if (s->time_ns > last_ns)
			last_ns = s->time_ns;
		if (s->payload_len)
			continue;
		pure++;
		if (s->time_ns > last_pure_ns)
			last_pure_ns = s->time_ns;
	}
	if (pure >= MIRROR_PURE_FIRST)
		last_ns = last_pure_ns;
	return c->delay_ns != TIME_NEVER && left->time_ns + c->delay_ns + slack_ns(c) < last_ns;
}

/* --- acknowledgements --- */

/* What the sender, by its own record, acknowledged. */
struct acknowledged {
	bool ever;	  /* exactly this */
	bool then;	  /* in a segment with this place and stamp */
	bool so;	  /* and with these very options */
	bool lowered;	  /* more than this in a segment with this place and stamp */
	bool beyond;	  /* more than this, ever */
	bool stamped;	  /* anything with this stamp */
	int64_t first_ns; /* this or more, for the first time; TIME_NEVER: never */
};

static bool same_stamp(const struct packet *l, const struct packet *a)
{
	uint32_t s, t;

	return mirrored_stamp(l, &s) && mirrored_stamp(a, &t) && s == t;
}

static void look_at(struct acknowledged *out, const struct comparison *c,
		    const struct mirror_segment *left, const struct packet *a)
{
	uint32_t ack = a->tcp.ack + c->peer_shift;
	struct packet l;
	bool here;

	if (!mirrored_parse(left, &l) || !(l.tcp.flags & TCP_ACK) || l.tcp.flags & TCP_RST)
		return;
	out->stamped |= same_stamp(&l, a);
	if (seq_before(l.tcp.ack, ack))
		return;
	here = same_stamp(&l, a) && mirrored_place(&c->left, &l) == mirrored_place(&c->arrived, a);
	out->ever |= l.tcp.ack == ack;
	out->beyond |= l.tcp.ack != ack;
	out->then |= here && l.tcp.ack == ack;
	out->so |= here && l.tcp.ack == ack && mirrored_same_options(&l, a);
	out->lowered |= here && l.tcp.ack != ack;
	if (left->time_ns < out->first_ns)
		out->first_ns = left->time_ns;
}

/* An acknowledgement that its sender, by its own record, did not send, or not so early. */
static bool is_forged(const struct comparison *c, const struct mirror_segment *s)
{
	struct acknowledged by = {.first_ns = TIME_NEVER};
	struct packet a;

	if (s->payload_len || !mirrored_parse(s, &a) || !(a.tcp.flags & TCP_ACK) ||
	    a.tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return false;
	if (!c->until[0].whole && !mirrored_within(c, s))
		return false;
	for (size_t i = 0; i < c->left.count; i++)
		look_at(&by, c, c->left.at[i], &a);
	if (by.so || by.lowered)
		return false;
	if (by.stamped && !by.then)
		return mirrored_within(c, s);
	if (!by.ever)
		return by.beyond;
	return c->measured >= MEASURED_MIN && s->time_ns - by.first_ns < c->delay_ns - slack_ns(c);
}

/* Does a segment with data acknowledge what its sender, by its own record, had not yet? Else
 * somebody has only sent it once more, with what was acknowledged meanwhile. */
bool mirrored_is_early(const struct comparison *c, const struct mirror_segment *s)
{
	struct acknowledged by = {.first_ns = TIME_NEVER};
	struct packet a;

	if (!mirrored_parse(s, &a))
		return false;
	for (size_t i = 0; i < c->left.count; i++)
		look_at(&by, c, c->left.at[i], &a);
	return by.first_ns == TIME_NEVER ||
	       (c->delay_ns != TIME_NEVER && s->time_ns - by.first_ns < c->delay_ns);
}

unsigned mirrored_early_acks(const struct comparison *c)
{
	unsigned count = 0;

	if (!c->until[0].known || c->round_trip_ns == TIME_NEVER)
		return 0;
	for (size_t i = 0; i < c->arrived.count; i++)
		count += is_forged(c, c->arrived.at[i]);
	return count;
}

/* --- holes --- */

static uint32_t place_at(const struct side *side, size_t i)
{
	struct packet p;

	return mirrored_parse(side->at[i], &p) ? mirrored_place(side, &p) : 0;
}

/* Did segment `i`, which left before the one that fills a hole before it, arrive on the heels of
 * that one, a round trip late? (What is sent again when the other end has told all has no record.)
 */
static bool is_held_for(const struct comparison *c, size_t i, const struct mirror_segment *left,
			size_t filler)
{
	const struct mirror_segment *f = c->arrived.at[filler], *s = c->arrived.at[i];
	const struct mirror_segment *f_left = source_of(c, f);
	bool later =
	    f_left ? f_left->time_ns - left->time_ns >= c->round_trip_ns : !mirrored_within(c, f);

	return f->payload_len && later &&
	       place_at(&c->arrived, filler) < place_at(&c->arrived, i) &&
	       f->time_ns <= s->time_ns && s->time_ns - f->time_ns < slack_ns(c);
}

static bool is_held(const struct comparison *c, size_t i)
{
	const struct mirror_segment *s = c->arrived.at[i], *left = source_of(c, s);
	int64_t late_ns = left ? s->time_ns - left->time_ns - c->delay_ns : 0;

	if (!s->payload_len || !(c->until[1].whole || mirrored_within(c, s)) ||
	    late_ns < c->round_trip_ns || late_ns < SLACK_NS)
		return false;
	/* What a path that stood still lets go at once is in the order in which it was sent. */
	for (size_t n = 0; n < i; n++)
		if (is_held_for(c, i, left, n))
			return true;
	return false;
}

void mirrored_compare_order(struct comparison *c)
{
	unsigned held = 0;

	if (c->round_trip_ns == TIME_NEVER || !c->until[1].known)
		return;
	for (size_t i = 0; i < c->arrived.count; i++)
		held += is_held(c, i);
	mirrored_count_plain(c, "packet", CHANGE_REORDERED, held > 1 ? held : 0);
}
