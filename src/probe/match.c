/* Whose reply is it? A quote may come back with any of our tokens rewritten, and replies to
 * other programs pass by: so every token that fits is counted, and several must. */
#include "probe/engine.h"
#include "util/octets.h"

#define SCORE_ENOUGH 3

/* The number of the packet that bears this TSval or IP ID; -1 if none of the series does. */
static int number_of(const struct trace *t, size_t probe, uint32_t number)
{
	return number < t->sent_count && t->sent[number].probe == probe ? (int)number : -1;
}

static int number_by_ts(const struct trace *t, size_t probe, const struct packet *p)
{
	const struct tcp_option *ts;

	if (!t->series[probe].ts_at || !(p->have & PACKET_HAS_TCP))
		return -1;
	ts = tcp_option_find(&p->tcp.options, TCP_OPT_TIMESTAMP, -1);
	if (!ts || ts->malformed || ts->len != 10)
		return -1;
	return number_of(t, probe, load_u32(ts->at + 2) - t->ts_base);
}

static int number_by_id(const struct trace *t, size_t probe, const struct packet *p)
{
	const struct series *s = &t->series[probe];

	if (s->echo && p->have & PACKET_HAS_ICMP)
		return number_of(t, probe, p->icmp.rest & 0xffff);
	if (!s->has_id)
		return -1;
	return number_of(t, probe, (uint16_t)(p->ip.id - t->id_base));
}

static int score_addresses(const struct trace *t, const struct packet *p)
{
	return ip_addr_equal(&p->ip.dst, &t->result.config.target) +
	       ip_addr_equal(&p->ip.src, &t->result.config.source);
}

/* Of the segments of one connection the timestamp tells those apart that have no data. */
static int score_held(const struct series *s, const struct packet *p)
{
	const struct tcp_option *ts, *ours;
	struct packet sent;

	if (!s->held || !(p->have & PACKET_HAS_TCP))
		return 0;
	packet_parse(&sent, span_of(s->octets, s->len));
	ours = tcp_option_timestamp(&sent.tcp.options);
	ts = tcp_option_timestamp(&p->tcp.options);
	return ours && ts && load_u32(ts->at + 2) == load_u32(ours->at + 2);
}

/* Does a quote show what no other trace has? */
static bool is_proven(const struct trace *t, size_t probe, const struct packet *p)
{
	const struct series *s = &t->series[probe];
	int number;

	return series_owns_seq(t, (int)probe, p->tcp.seq, 0, &number) ||
	       p->tcp.src_port == load_u16(s->octets + s->port_at) ||
	       number_by_ts(t, probe, p) >= 0 || score_held(s, p);
}

/* Another trace from here to the same port of the target has addresses, that port, and now and then
 * an IP ID in common with this one, but neither source port nor sequence number nor timestamp. All
 * of these are rewritten at most along with the address. */
static bool is_strange(const struct trace *t, size_t probe, const struct packet *p)
{
	const struct series *s = &t->series[probe];

	return ip_addr_equal(&p->ip.src, &t->result.config.source) ||
	       (s->ts_at && tcp_option_find(&p->tcp.options, TCP_OPT_TIMESTAMP, -1));
}

static int score_tcp(const struct trace *t, size_t probe, const struct packet *p, int *number)
{
	const struct series *s = &t->series[probe];
	bool ours = series_owns_seq(t, (int)probe, p->tcp.seq, 0, number);

	if (p->ip.proto != IP_PROTO_TCP || !(p->have & PACKET_HAS_PORTS) ||
	    (!is_proven(t, probe, p) && is_strange(t, probe, p)))
		return -2 * SCORE_ENOUGH;
	return score_held(s, p) + 2 * ours + (p->tcp.src_port == load_u16(s->octets + s->port_at)) +
	       (p->tcp.dst_port == load_u16(s->octets + s->port_at + 2));
}

static int score_other(const struct trace *t, size_t probe, const struct packet *p)
{
	const struct series *s = &t->series[probe];

	if (!s->echo)
		return p->ip.proto != IP_PROTO_TCP;
	return p->have & PACKET_HAS_ICMP && p->icmp.rest >> 16 == t->result.probes[probe].local_port
		   ? 2
		   : -SCORE_ENOUGH;
}

/* How well a quote fits a series; *number is its packet, or -1. */
static int score(const struct trace *t, size_t probe, const struct packet *p, int *number)
{
	int by_ts = number_by_ts(t, probe, p), by_id = number_by_id(t, probe, p), by_seq = -1;
	int points =
	    t->series[probe].tcp ? score_tcp(t, probe, p, &by_seq) : score_other(t, probe, p);

	*number = by_ts >= 0 ? by_ts : by_id >= 0 ? by_id : by_seq;
	return points + score_addresses(t, p) + 2 * (by_ts >= 0) + (by_id >= 0);
}

struct match match_quote(const struct trace *t, const struct packet *quote)
{
	struct match best = {.probe = -1, .number = -1};
	int best_points = SCORE_ENOUGH - 1;

	for (size_t i = 0; i < t->result.probe_count; i++) {
		int number, points = score(t, i, quote, &number);

		if (points > best_points) {
			best = (struct match){.probe = (int)i,
					      .number = number,
					      .tied = UINT32_C(1) << i,
					      .weak = t->series[i].tcp && !is_proven(t, i, quote)};
			best_points = points;
		} else if (points == best_points && t->series[i].held) {
			best.probe = -1; /* it may be either's: nothing is said */
			best.tied |= UINT32_C(1) << i;
		}
	}
	return best;
}

/* Does a TCP segment answer this series? Its ports must be the probe's, turned round. */
static bool answers(const struct trace *t, size_t probe, const struct packet *p)
{
	const struct series *s = &t->series[probe];

	return s->tcp && !s->held && ip_addr_equal(&p->ip.src, &t->result.config.target) &&
	       p->tcp.dst_port == load_u16(s->octets + s->port_at) &&
	       p->tcp.src_port == load_u16(s->octets + s->port_at + 2);
}

/* An echo of our TSval tells the packet; so does the acknowledgement of one with a sequence number
 * of its own; of others it tells at least that they are ours. */
static struct match match_segment(const struct trace *t, size_t probe, const struct packet *p)
{
	const struct series *s = &t->series[probe];
	const struct tcp_option *ts = tcp_option_timestamp(&p->tcp.options);
	struct match m = {.probe = (int)probe, .number = -1};

	if (s->ts_at && ts)
		m.number = number_of(t, probe, load_u32(ts->at + 6) - t->ts_base);
	if (m.number < 0 && p->tcp.flags & TCP_ACK && s->syn &&
	    !series_owns_seq(t, (int)probe, p->tcp.ack - 1, s->payload_len, &m.number))
		m.probe = -1;
	return m;
}

struct match match_answer(const struct trace *t, const struct packet *answer)
{
	for (size_t i = 0; i < t->result.probe_count; i++) {
		if (answer->ip.proto == IP_PROTO_TCP && answer->have & PACKET_HAS_TCP &&
		    answers(t, i, answer))
			return match_segment(t, i, answer);
		if (t->series[i].echo && answer->have & PACKET_HAS_ICMP &&
		    ip_addr_equal(&answer->ip.src, &t->result.config.target) &&
		    answer->icmp.rest >> 16 == t->result.probes[i].local_port)
			return (struct match){.probe = (int)i,
					      .number = number_by_id(t, i, answer)};
	}
	return (struct match){.probe = -1, .number = -1};
}
