#include "probe/inside_back.h"

#include "packet/mptcp_option.h"
#include "util/octets.h"
#include "util/seq.h"
#include "util/time.h"

#define SHORT	    400 /* octets of data and options: no path is so narrow */
#define STALE_NS    (150 * NS_PER_MS)
#define STALE_TICKS 10 /* that the target's clock should have gone on meanwhile */
#define STALE_SURE  2

/* The mapping of a DSS, if it has one. */
static bool read_mapping(const struct inside_back *b, const struct tcp_option *o,
			 struct back_segment *s)
{
	struct mptcp_option m;
	bool fin;

	if (o->kind != TCP_OPT_MPTCP || mptcp_option_parse(&m, o) || m.subtype != MPTCP_DSS)
		return false;
	fin = m.dss.flags & MPTCP_DSS_FIN;
	if (!(m.dss.flags & MPTCP_DSS_DSN) || m.dss.data_len <= fin)
		return false;
	s->mapped = true;
	s->from = b->isn + m.dss.ssn;
	s->to = s->from + m.dss.data_len - fin;
	s->origin = s->from - (uint32_t)m.dss.dsn;
	return true;
}

/* Captures may have cut it: what the IP header says counts. */
static uint32_t data_len(const struct packet *p)
{
	uint32_t len = p->ip.length + (p->ip.version == 6 ? 40u : 0u);
	uint32_t headers = (uint32_t)p->ip.header_len + p->tcp.header_len;

	return p->have & PACKET_HAS_ALL ? (uint32_t)p->payload.len
	       : len > headers		? len - headers
					: 0;
}

static unsigned read_segment(const struct inside_back *b, const struct packet *p, int64_t now_ns,
			     struct back_segment *s)
{
	const struct tcp_option *ts = tcp_option_timestamp(&p->tcp.options);
	unsigned mappings = 0;

	*s = (struct back_segment){
	    .seq = p->tcp.seq, .end = p->tcp.seq + data_len(p), .time_ns = now_ns};
	s->stamped = ts;
	if (s->stamped)
		s->stamp = load_u32(ts->at + 2);
	for (size_t i = 0; i < p->tcp.options.count; i++)
		mappings += read_mapping(b, &p->tcp.options.item[i], s);
	return mappings;
}

static bool same_mapping(const struct back_segment *a, const struct back_segment *b)
{
	return a->from == b->from && a->to == b->to && a->origin == b->origin;
}

static bool holds(const struct back_segment *s, uint32_t seq)
{
	return !seq_before(seq, s->seq) && seq_before(seq, s->end);
}

static const struct back_segment *original(const struct inside_back *b, uint32_t seq)
{
	for (size_t i = 0; i < b->count; i++)
		if (holds(&b->segment[i], seq))
			return &b->segment[i];
	return NULL;
}

bool inside_back_has_checksum(const struct packet *p)
{
	return p->have & PACKET_HAS_ALL && packet_transport_checksum(p) == p->tcp.checksum;
}

/* --- cut and joined --- */

/* Several full segments of one mapping. Who never saw our MSS fills another one, but hardly one
 * that is a multiple of it; and the last segment of a mapping may be as long as it likes. */
static bool is_long(const struct packet *p, const struct back_segment *s)
{
	size_t full = BACK_MSS - p->tcp.option_area.len;

	return p->payload.len > BACK_MSS && p->payload.len % full == 0 && s->mapped &&
	       seq_before(s->end, s->to);
}

static void look_joined(struct inside_back *b, const struct packet *p, const struct back_segment *s,
			unsigned mappings)
{
	bool begins = s->mapped && !seq_before(s->seq, s->from) && seq_before(s->seq, s->to);
	bool ends = s->mapped && seq_before(s->from, s->end) && !seq_before(s->to, s->end);

	if (mappings > 1)
		b->result.two_mappings++;
	if (mappings > 1 || (s->mapped && begins != ends))
		b->result.unmapped++;
	else if (is_long(p, s))
		b->result.lengthy++;
}

/* Two halves of one: the former ends within a mapping that it bears, or that only the latter does,
 * and neither waited for an acknowledgement. */
static bool are_parts(const struct inside_back *b, const struct back_segment *s,
		      const struct back_segment *t)
{
	const struct back_segment *m = s->mapped ? s : t;

	if (s->end != t->seq || !m->mapped || (s->mapped && t->mapped && !same_mapping(s, t)))
		return false;
	if (s->stamped != t->stamped || s->stamp != t->stamp)
		return false;
	if (b->has_acked && seq_before(s->seq, b->acked))
		return false;
	return !seq_before(s->seq, m->from) && !seq_before(m->to, t->end);
}

static void look_cut(struct inside_back *b, const struct packet *p, const struct back_segment *t)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct back_segment *s = &b->segment[i];

		if (are_parts(b, s, t) && s->end - s->seq + p->tcp.option_area.len < SHORT)
			b->result.cut++;
	}
}

/* --- sent again --- */

/* How far the target's clock should be, by what it told before. */
static bool should_differ(const struct inside_back *b, int64_t elapsed_ns)
{
	int64_t known_ns = b->newest_ns - b->first_ns;
	int64_t ticks = seq_diff(b->stamp, b->first_stamp);

	return known_ns > 0 && ticks > 0 &&
	       (double)ticks / (double)known_ns * (double)elapsed_ns >= STALE_TICKS;
}

static void look_again(struct inside_back *b, const struct back_segment *first,
		       const struct back_segment *s)
{
	int64_t before_ns = b->stale ? b->stale_ns : first->time_ns;

	if (!s->stamped || seq_before(b->stamp, s->stamp)) {
		b->result.repeated = true;
		return;
	}
	if (s->time_ns - before_ns < STALE_NS || !should_differ(b, s->time_ns - before_ns))
		return; /* the network's own copy, or as good as that */
	b->stale_ns = s->time_ns;
	b->stale++;
}

/* The same data under other sequence numbers, of which we acknowledged none. */
static void look_anew(struct inside_back *b, const struct back_segment *s)
{
	for (size_t i = 0; i < b->count && s->mapped; i++) {
		const struct back_segment *old = &b->segment[i];

		if (old->mapped && old->origin != s->origin &&
		    seq_before(old->from - old->origin, s->to - s->origin) &&
		    seq_before(s->from - s->origin, old->to - old->origin) &&
		    (!b->has_acked || !seq_before(old->seq, b->acked)))
			b->result.anew = true;
	}
}

static void note_stamp(struct inside_back *b, const struct back_segment *s)
{
	if (!s->stamped)
		return;
	if (!b->stamped) {
		b->first_stamp = b->stamp = s->stamp;
		b->first_ns = s->time_ns;
		b->stamped = true;
	} else if (seq_before(b->stamp, s->stamp)) {
		b->stamp = s->stamp;
	}
}

static void take_data(struct inside_back *b, const struct packet *p, const struct back_segment *s,
		      unsigned mappings)
{
	const struct back_segment *first = original(b, s->seq);

	if (first) {
		look_again(b, first, s);
		return;
	}
	if (b->count == BACK_SEGMENTS_MAX)
		return;
	look_anew(b, s);
	if (inside_back_has_checksum(p)) {
		look_joined(b, p, s, mappings);
		look_cut(b, p, s);
	}
	b->segment[b->count++] = *s;
	b->result.segments++;
	b->newest_ns = s->time_ns;
}

void inside_back_receive(struct inside_back *b, const struct packet *p, int64_t now_ns)
{
	struct back_segment s;
	unsigned mappings;

	if (!(p->have & PACKET_HAS_OPTIONS) || p->tcp.flags & (TCP_RST | TCP_URG))
		return;
	if (p->tcp.flags & TCP_SYN) {
		b->isn = p->tcp.seq;
		b->opened = true;
	}
	mappings = read_segment(b, p, now_ns, &s);
	if (b->opened && s.end != s.seq && !(p->tcp.flags & TCP_SYN))
		take_data(b, p, &s, mappings);
	note_stamp(b, &s);
}

void inside_back_send(struct inside_back *b, const struct packet *p)
{
	if (!(p->tcp.flags & TCP_ACK) || p->tcp.flags & TCP_RST)
		return;
	if (!b->has_acked || seq_before(b->acked, p->tcp.ack))
		b->acked = p->tcp.ack;
	b->has_acked = true;
}

bool inside_back_is_mapped(const struct inside_back *b, const struct packet *p)
{
	struct back_segment s;

	read_segment(b, p, 0, &s);
	for (size_t i = 0; i < b->count && !s.mapped && s.end != s.seq; i++) {
		const struct back_segment *m = &b->segment[i];

		s.mapped = m->mapped && !seq_before(s.seq, m->from) && seq_before(s.seq, m->to);
	}
	return s.mapped && s.end != s.seq;
}

bool inside_back_is_whole(const struct inside_back *b)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct back_segment *m = &b->segment[i], *s;
		uint32_t next = m->from;

		while (m->mapped && seq_before(next, m->to) && (s = original(b, next)))
			next = s->end;
		if (m->mapped && seq_before(next, m->to))
			return false;
	}
	return true;
}

void inside_back_conclude(struct inside_back *b)
{
	b->result.stale = b->stale >= STALE_SURE && !b->result.repeated;
}
