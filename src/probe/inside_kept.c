/* The target's data are kept from the endpoint until it is known whether the target sends again
 * what is not acknowledged; of their segments it sees the rest. */
#include <string.h>

#include "probe/inside_state.h"
#include "util/octets.h"
#include "util/seq.h"

#define WALK_NS	    (5 * NS_PER_S)
#define ACK	    2 /* which of those that were held has no data */
#define KEPT_MAX    (256 * 1024)
#define ANSWER_NS   (NS_PER_S / 2) /* that a host may have to think, besides two round trips */
#define REPEATED_NS NS_PER_S	   /* a time-out without a round trip known, and … */
#define PATIENCE    2 /* … so many times two round trips; twice as long if it looks odd */

static void keep(struct inside *in, const struct packet *p)
{
	size_t len = p->octets.len;

	if (in->kept.len > KEPT_MAX)
		return; /* lost: it comes again */
	buf_put(&in->kept, &len, sizeof(len));
	buf_put(&in->kept, p->octets.at, len);
}

static void hand_over(struct inside *in, struct span octets)
{
	if (in->endpoint)
		endpoint_receive(in->endpoint, inside_now_ns(in), octets);
}

static void take_rest(struct inside *in, const struct packet *p)
{
	uint8_t octets[256];
	struct packet rest = *p;
	int len;

	rest.payload = rest.trailer = (struct span){0};
	rest.tcp.flags &= (uint16_t) ~(TCP_FIN | TCP_PSH);
	len = packet_build(&rest, PACKET_FIX_ALL, octets, sizeof(octets));
	if (len > 0)
		hand_over(in, span_of(octets, (size_t)len));
}

/* Data that are not mapped end MPTCP: that is to show at once. */
static bool is_to_keep(const struct inside *in, const struct packet *p)
{
	return in->keeping && !(p->tcp.flags & (TCP_SYN | TCP_RST)) &&
	       inside_back_has_checksum(p) && inside_back_is_mapped(&in->back, p);
}

void inside_take(struct inside *in, const struct packet *p)
{
	bool kept = is_to_keep(in, p);

	if (kept)
		keep(in, p);
	if (in->gapping && p->tcp.ack == in->first)
		return; /* of the gap the endpoint knows nothing */
	if (kept)
		take_rest(in, p);
	else
		hand_over(in, p->octets);
}

/* A target that gave MPTCP up may have been acknowledged to without it. */
static bool is_known(struct inside *in)
{
	const struct trace_back *back = &in->back.result;
	const struct conn_info *info = inside_info(in);

	return in->closed || back->repeated || back->anew ||
	       (info->fallback_stage != FALLBACK_NONE &&
		info->fallback_reason != FALLBACK_BECAUSE_INFINITE);
}

static bool has_answered(struct inside *in)
{
	return in->back.count || in->closed || in->ended ||
	       inside_info(in)->fallback_stage != FALLBACK_NONE;
}

/* As long as a sender may take to notice; its last data may have come only now. */
static int await_repetition(struct inside *in, struct error *err)
{
	int64_t once_ns = REPEATED_NS + PATIENCE * inside_patience_ns(in);
	int rc = inside_pump(in, ANSWER_NS + inside_patience_ns(in), has_answered, err);

	while (!rc && in->back.count && !is_known(in) && !inside_stopped(in)) {
		int64_t until_ns = in->back.newest_ns + once_ns * (in->back.stale ? 2 : 1);
		int64_t left_ns = until_ns - net_now_ns(in->net);

		if (left_ns <= 0)
			break;
		rc = inside_pump(in, left_ns, is_known, err);
	}
	return rc;
}

/* Who acknowledges more than we did raises what we acknowledge. */
static void read_acks(struct inside *in, size_t from)
{
	const struct trace_result *r = trace_result(in->trace);
	struct trace_back *back = &in->back.result;
	struct change ack = {.id = FIELD_TCP_ACK, .option = -1, .kind = CHANGE_REWRITTEN};
	const struct change *c;

	strcpy(ack.field, "tcp.ack");
	for (size_t i = from; i < r->reply_count; i++) {
		const struct trace_reply *reply = &r->replies[i];

		c = diff_find(&reply->diff, &ack);
		if (reply->probe == in->probe[ACK] && c &&
		    seq_before((uint32_t)c->sent.number, (uint32_t)c->seen.number) &&
		    (!back->raised_by || reply->ttl < back->raised_by))
			back->raised_by = reply->ttl;
	}
	for (size_t i = from; i < r->reply_count; i++) {
		const struct trace_reply *reply = &r->replies[i];

		if (reply->probe == in->probe[ACK] && reply->quote.len &&
		    reply->ttl < back->raised_by && reply->ttl > back->raised_after &&
		    diff_reaches(&reply->diff, &ack))
			back->raised_after = reply->ttl;
	}
}

/* Data were acknowledged in our name: where? Copies of our own ACK are asked once more. */
static int find_acker(struct inside *in, struct error *err)
{
	size_t from = trace_result(in->trace)->reply_count;
	int rc;

	if ((!in->back.result.stale && !in->back.result.anew) || in->count <= ACK ||
	    inside_stopped(in))
		return 0;
	trace_ask_anew(in->trace, in->probe[ACK], net_now_ns(in->net));
	rc = inside_pump(in, WALK_NS, inside_is_settled, err);
	read_acks(in, from);
	return rc;
}

/* What was repeated bore a newer timestamp: behind that the older ones would count as stray (PAWS).
 */
static void freshen(const struct inside *in, uint8_t *octets, size_t len)
{
	const struct tcp_option *ts;
	struct packet p;

	if (packet_parse(&p, span_of(octets, len)))
		return;
	ts = tcp_option_timestamp(&p.tcp.options);
	if (!ts)
		return;
	store_u32(octets + (ts->at - octets) + 2, in->back.stamp);
	packet_fix_checksums(octets, len);
}

static void give_back(struct inside *in)
{
	size_t at = 0, len;

	in->keeping = false;
	while (!in->kept.failed && at < in->kept.len) {
		memcpy(&len, in->kept.at + at, sizeof(len));
		at += sizeof(len);
		freshen(in, (uint8_t *)in->kept.at + at, len);
		hand_over(in, span_of((const uint8_t *)in->kept.at + at, len));
		at += len;
	}
	buf_fini(&in->kept);
	in->kept = (struct buf){0};
}

/* All that is mapped came, and fits its checksum; or the target answered that it does not. */
static bool is_settled(struct inside *in)
{
	const struct conn_info *info = inside_info(in);

	return in->closed || info->fallback_stage != FALLBACK_NONE ||
	       (!info->checksum_failures && inside_back_is_whole(&in->back));
}

int inside_let_go(struct inside *in, struct error *err)
{
	int rc = in->keeping ? await_repetition(in, err) : 0;

	inside_back_conclude(&in->back);
	if (!rc)
		rc = find_acker(in, err);
	give_back(in);
	return rc ? rc : inside_pump(in, inside_patience_ns(in), is_settled, err);
}
