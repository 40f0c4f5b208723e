/* Copies of a connection's segments along the path. */
#include <string.h>

#include "probe/inside_state.h"

#define WALK_NS	      (20 * NS_PER_S)
#define PAUSE_NS      (1100 * NS_PER_MS) /* kernels give an ICMP token back every second */
#define CLEAR_NS      (20 * NS_PER_MS)
#define AGAIN_NS      (1500 * NS_PER_MS) /* for that, and … */
#define PATIENCE      6			 /* … so many times two round trips */
#define PAUSES	      2
#define GAP_ASKINGS   6
#define GAP_ROUNDS    5
#define GAP_CHANCE    0.05
#define GAP_SURE      0.0001
#define JOINED	      3 /* times that what may be joined is sent */
#define EARLY_ASKINGS 2
#define LATE_NS	      (100 * NS_PER_MS)
#define PLAIN_MS      4 /* behind the last ACK that is made */

bool inside_is_settled(struct inside *in)
{
	for (size_t i = 0; i < in->joins_count; i++)
		if (!trace_settled(in->joins[i].trace))
			return false;
	return true;
}

static int64_t patience_ns(const struct trace_result *r)
{
	int64_t longest_ns = 0;

	for (size_t i = 0; i < r->reply_count; i++)
		if (r->replies[i].rtt_ns > longest_ns)
			longest_ns = r->replies[i].rtt_ns;
	return 2 * longest_ns + CLEAR_NS;
}

int64_t inside_patience_ns(const struct inside *in)
{
	return patience_ns(trace_result(in->trace));
}

static int ask_all(struct inside *in, size_t from, size_t to, struct error *err)
{
	for (size_t i = from; i < to; i++)
		trace_ask_hops(in->trace, in->probe[i], net_now_ns(in->net));
	return inside_pump(in, WALK_NS, inside_is_settled, err);
}

static bool is_doubtful(double chance)
{
	return chance < 1 && chance >= GAP_SURE;
}

/* First all but the first data: what is behind a gap passes routers all the same, unless something
 * puts segments in order. */
static int walk_behind_gap(struct inside *in, struct error *err)
{
	struct trace_inside *r = &in->result;
	uint8_t by;
	int rc;

	inside_walk_joins(in);
	rc = ask_all(in, 1, in->count, err);
	if (rc || in->count < 3)
		return rc;
	r->gap_chance = trace_silence(in->trace, in->probe[1], in->probe[2], &by);
	for (int i = 0; !rc && i < GAP_ROUNDS && is_doubtful(r->gap_chance); i++) {
		trace_ask_anew(in->trace, in->probe[2], net_now_ns(in->net));
		rc = ask_all(in, 1, 2, err);
		r->gap_chance = trace_silence(in->trace, in->probe[1], in->probe[2], &by);
	}
	if (r->gap_chance >= GAP_CHANCE)
		return rc;
	r->gap_by = by;
	r->gap_after = trace_top(in->trace, in->probe[1]);
	return rc;
}

static int walk_data_once(struct inside *in, struct error *err)
{
	trace_ask_anew(in->trace, in->probe[0], net_now_ns(in->net));
	if (in->count > 1)
		trace_ask_anew(in->trace, in->probe[1], net_now_ns(in->net));
	return inside_pump(in, WALK_NS, inside_is_settled, err);
}

/* Does some quote show more data than were sent? */
static bool is_joined(const struct inside *in)
{
	const struct trace_result *r = trace_result(in->trace);

	for (size_t i = 0; i < r->reply_count; i++)
		for (unsigned k = 0; k < r->replies[i].diff.count; k++) {
			const struct change *c = &r->replies[i].diff.changes[k];

			if (!strcmp(c->field, "tcp.payload") && !c->sent.len && c->seen.len)
				return true;
		}
	return false;
}

/* Then both, one right behind the other. What joins segments does not always: where it was not seen
 * it may only have missed its chance. */
static int walk_data(struct inside *in, struct error *err)
{
	int rc = walk_data_once(in, err);

	for (int i = 0; !rc && i < JOINED && is_joined(in); i++)
		rc = walk_data_once(in, err);
	return rc;
}

static void add_plain(struct inside *in)
{
	struct span data = span_of(in->held[1].octets, in->held[1].len);
	struct inside_segment plain;

	if (in->plain < 0 && in->count > 1 && inside_segment_plain(&plain, data, PLAIN_MS))
		in->plain =
		    trace_hold(in->trace, ROLE_DATA_PLAIN, span_of(plain.octets, plain.len));
}

static int ask_again(struct inside *in, struct trace *t, int64_t pause_ns, struct error *err)
{
	if (t == in->trace)
		add_plain(in);
	trace_ask_again(t, t == in->trace ? in->plain : -1, net_now_ns(in->net) + pause_ns);
	return inside_pump(in, WALK_NS, inside_is_settled, err);
}

/* Hops that said nothing to some are asked again, until it is clear that there is more to it than
 * loss; after a pause where even controls get no answer: routers are out of ICMP tokens. */
int inside_walk_again(struct inside *in, struct trace *t, struct error *err)
{
	const struct trace_result *r = trace_result(t);
	int64_t until_ns = net_now_ns(in->net) + AGAIN_NS + PATIENCE * patience_ns(r);
	unsigned pauses = 0;
	int64_t pause_ns = 0;
	int rc = 0;

	while (!rc && trace_is_silent(t) && !trace_decided(t) && !inside_stopped(in) &&
	       net_now_ns(in->net) < until_ns) {
		size_t before = r->reply_count;

		rc = ask_again(in, t, pause_ns, err);
		if (r->reply_count > before) {
			pause_ns = 0;
			continue;
		}
		if (pause_ns || pauses++ == (trace_is_doubtful(t) ? PAUSES : 1))
			break;
		pause_ns = PAUSE_NS;
	}
	return rc;
}

/* The longest round trip of a hop, half as much again. */
static int64_t hop_wait_ns(const struct inside *in, uint8_t ttl)
{
	const struct trace_result *r = trace_result(in->trace);
	int64_t longest_ns = 0;

	for (size_t i = 0; i < r->reply_count; i++)
		if (r->replies[i].ttl == ttl && r->replies[i].rtt_ns > longest_ns)
			longest_ns = r->replies[i].rtt_ns;
	return longest_ns + longest_ns / 2 + CLEAR_NS / 4;
}

static bool is_early(struct inside *in)
{
	return in->bare_acks > in->acks_before || in->closed;
}

/* Is a copy for this router acknowledged? What was sent before may still come back. */
static int try_early(struct inside *in, uint8_t ttl, int64_t more_ns, bool *acked,
		     struct error *err)
{
	int rc = 0;

	*acked = true;
	for (int i = 0; !rc && i < EARLY_ASKINGS && *acked; i++) {
		in->acks_before = in->bare_acks;
		trace_ask_hop(in->trace, in->probe[0], ttl, net_now_ns(in->net));
		rc = inside_pump(in, hop_wait_ns(in, ttl) + more_ns, is_early, err);
		*acked = in->bare_acks > in->acks_before;
	}
	return rc;
}

static bool is_never(struct inside *in)
{
	(void)in;
	return false;
}

/* The router before may only have seemed to be in front of who acknowledges, because an ACK was
 * late: there it is waited for longer, when nothing is on its way any more. */
static int confirm_early(struct inside *in, bool *acked, struct error *err)
{
	uint8_t ttl = in->result.acked_ttl - 1;
	int rc = 0;

	*acked = false;
	for (int i = 0; !rc && i < EARLY_ASKINGS && !*acked; i++) {
		rc = inside_pump(in, LATE_NS, is_never, err);
		if (!rc)
			rc = try_early(in, ttl, LATE_NS, acked, err);
	}
	if (!rc && *acked)
		in->result.acked_ttl = ttl;
	return rc;
}

/* Copies for routers were acknowledged, so somebody on the path did. The nearest router for which
 * one passes there is just behind. */
static int find_early(struct inside *in, struct error *err)
{
	uint8_t length = trace_result(in->trace)->path_length;
	bool acked = false;
	int rc = 0;

	for (unsigned ttl = 1; !rc && ttl < length && !acked && !inside_stopped(in); ttl++) {
		rc = try_early(in, (uint8_t)ttl, 0, &acked, err);
		if (!rc && acked)
			in->result.acked_ttl = (uint8_t)ttl;
	}
	while (!rc && acked && in->result.acked_ttl > 1 && !inside_stopped(in))
		rc = confirm_early(in, &acked, err);
	return rc ? rc : inside_pump(in, WALK_NS, inside_is_settled, err);
}

static bool is_spoilt(const struct trace_reply *r)
{
	static const char option[] = "tcp.options.mptcp", data[] = "tcp.payload";

	for (unsigned i = 0; i < r->diff.count; i++)
		if (!strncmp(r->diff.changes[i].field, option, sizeof(option) - 1) ||
		    !strcmp(r->diff.changes[i].field, data))
			return true;
	return false;
}

/* Do data come to the last router, and as they were sent? What becomes of them else has more to
 * tell in order. */
static bool is_whole(const struct inside *in)
{
	const struct trace_result *r = trace_result(in->trace);

	for (size_t i = 0; i < r->reply_count; i++)
		if ((r->replies[i].probe == in->probe[0] || r->replies[i].probe == in->probe[1]) &&
		    is_spoilt(&r->replies[i]))
			return false;
	return !in->closed && !in->result.bare_ack && !trace_is_lost(in->trace, in->probe[0]) &&
	       !trace_is_lost(in->trace, in->probe[1]);
}

static bool is_gap_acked(struct inside *in)
{
	return in->result.gap_acked || in->closed;
}

/* A host says at once that it got data behind a gap (RFC 9293 §3.8.6.3). */
static int try_gap(struct inside *in, struct error *err)
{
	struct span data = span_of(in->held[1].octets, in->held[1].len);
	int rc = 0;

	in->gapping = true;
	while (rc >= 0 && !is_gap_acked(in) && in->result.gap_asked < GAP_ASKINGS &&
	       !inside_stopped(in)) {
		in->result.gap_asked++;
		rc = net_send(in->net, data, err);
		if (rc >= 0)
			rc = inside_pump(in, inside_patience_ns(in), is_gap_acked, err);
	}
	in->gapping = false;
	return rc < 0 ? rc : 0;
}

int inside_walk(struct inside *in, struct error *err)
{
	int rc = walk_behind_gap(in, err);

	if (!rc)
		rc = walk_data(in, err);
	if (!rc && in->result.unsent)
		return find_early(in, err);
	if (!rc)
		rc = inside_walk_again(in, in->trace, err);
	in->result.gap_filled =
	    in->result.gap_by && trace_top(in->trace, in->probe[1]) >= in->result.gap_by;
	if (!rc && in->count > 1 && is_whole(in))
		rc = try_gap(in, err);
	return rc;
}
