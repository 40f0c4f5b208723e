/* Hostile replies into a running trace: each record is a length and so many octets; before they are
 * handed over, a record may be given the tokens of a packet that was really sent, so that the
 * fuzzer gets past the matching. The trace must end, and every finding must be sane; then it is
 * resumed with segments of a connection, and must end again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packet/icmp.h"
#include "probe/held.h"
#include "util/cursor.h"

#define STEPS_MAX 200

static struct trace_config fuzz_config(uint8_t family, uint8_t seed)
{
	struct trace_config c;

	trace_config_defaults(&c);
	ip_addr_parse(&c.source, family == 6 ? "2001:db8::7" : "192.0.2.7");
	ip_addr_parse(&c.target, family == 6 ? "2001:db8::80" : "203.0.113.80");
	c.seed = seed;
	c.max_ttl = 12;
	c.wait_max_ns = NS_PER_S;
	for (unsigned i = 0; i < TRACE_PROBES_MAX; i++)
		c.local_ports[i] = (uint16_t)(40000 + i);
	return c;
}

/* Makes an ICMP error of the record: kind, code, quote policy and edits of the quoted packet. */
static size_t as_error(const struct trace_config *c, struct span record, struct span sent,
		       uint8_t *out, size_t cap)
{
	struct icmp_error_spec spec = {.ttl = 60, .to = c->source, .from = c->target};
	uint8_t octets[1500];
	int len;

	memcpy(octets, sent.at, sent.len);
	spec.kind = record.at[0] % 4 ? ICMP_KIND_TIME_EXCEEDED : ICMP_KIND_UNREACHABLE;
	spec.code = record.at[0] >> 4;
	spec.quote = (enum quote_policy)(record.at[1] % 5);
	spec.from.octets[3] ^= record.at[2];
	for (size_t i = 3; i + 1 < record.len; i += 2)
		octets[record.at[i] % sent.len] = record.at[i + 1];
	len = icmp_error_build(&spec, span_of(octets, sent.len), out, cap);
	return len > 0 ? (size_t)len : 0;
}

/* Makes an answer of the record: the packet turned round, its TCP octets edited. */
static size_t as_answer(struct span record, struct span sent, uint8_t *out)
{
	struct packet p;

	memcpy(out, sent.at, sent.len);
	if (packet_parse(&p, sent) < 0 || p.ip.proto != IP_PROTO_TCP)
		return 0;
	size_t at = p.ip.header_len, addr = p.ip.version == 6 ? 16 : 4;
	uint8_t *ip = out + (p.ip.version == 6 ? 8 : 12);

	memcpy(ip, sent.at + (ip - out) + addr, addr);
	memcpy(ip + addr, sent.at + (ip - out), addr);
	memcpy(out + at, sent.at + at + 2, 2);
	memcpy(out + at + 2, sent.at + at, 2);
	memcpy(out + at + 8, sent.at + at + 4, 4);
	out[at + 11]++;
	for (size_t i = 3; i + 1 < record.len; i += 2)
		out[at + record.at[i] % (sent.len - at)] = record.at[i + 1];
	return sent.len;
}

static void deliver(struct trace *t, const struct trace_config *c, int64_t now_ns,
		    struct span record, struct span sent)
{
	uint8_t out[2048];
	size_t len;

	if (record.len < 3 || !sent.len || record.at[0] & 8) {
		trace_receive(t, now_ns, record);
		return;
	}
	len = record.at[0] & 4 ? as_answer(record, sent, out)
			       : as_error(c, record, sent, out, sizeof(out));
	trace_receive(t, now_ns, span_of(out, len));
}

static void check(const struct trace_result *r)
{
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = &r->findings[i];

		assert(f->explain[0] && f->field[0]);
		assert(!f->by.known || f->direction != DIRECTION_FORWARD ||
		       f->after.ttl <= f->by.ttl);
	}
	assert(r->reason[0]);
}

static int series_of(const struct trace *t, enum probe_role role)
{
	for (size_t i = 0; i < trace_result(t)->probe_count; i++)
		if (trace_result(t)->probes[i].role == role)
			return (int)i;
	return -1;
}

/* Segments of a connection, asked along the path that the replies so far made up. */
static void hold(struct trace *t, const struct trace_config *c, int64_t now_ns)
{
	static const char *const texts[] = {
	    "IP/TCP{src=40015,seq=7,ack=9}/MPCAPABLE{v=1,skey=1,rkey=2,dlen=2}/NOP/NOP/RAW(x0102)",
	    "IP/TCP{src=40015,seq=9,ack=9}/NOP/NOP/TS(2,2)/DSS{ack=5}",
	    "IP/TCP{src=40015,seq=9,ack=9}/NOP/NOP/TS(3,2)/DSS{ack=5}/RMADDR(1)/MPPRIO",
	};
	static const enum probe_role roles[] = {ROLE_DATA_CAPABLE, ROLE_DATA_ACK, ROLE_SIGNALS};
	bool v6 = c->target.family == 6;
	struct notation n;
	int join;

	trace_resume(t);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (notation_parse(&n, texts[i], NULL))
			abort();
		uint8_t *octets = v6 ? n.octets6 : n.octets4;
		size_t len = v6 ? n.len6 : n.len4;

		field_write_addr(octets, len, v6 ? FIELD_IP6_SRC : FIELD_IP4_SRC, &c->source);
		field_write_addr(octets, len, v6 ? FIELD_IP6_DST : FIELD_IP4_DST, &c->target);
		packet_fix_checksums(octets, len);
		trace_ask_hops(t, trace_hold(t, roles[i], span_of(octets, len)), now_ns);
	}
	join = trace_join(t, ROLE_JOIN_VALID, 7);
	trace_ask_hops(t, join, now_ns);
	trace_ask_target(t, join, 3, now_ns);
}

/* What was silent, once more beside its controls. */
static void hold_again(struct trace *t, int64_t now_ns)
{
	uint8_t by;

	trace_silence(t, series_of(t, ROLE_DATA_CAPABLE), series_of(t, ROLE_DATA_ACK), &by);
	trace_ask_again(t, -1, now_ns);
	trace_ask_silent_target(t, series_of(t, ROLE_JOIN_VALID), 2, now_ns);
	trace_ask_anew(t, series_of(t, ROLE_DATA_ACK), now_ns);
	trace_decided(t);
}

struct fuzz {
	struct cursor in;
	uint8_t kept[16][256];
	size_t kept_len[16], count;
	int64_t now_ns;
};

static bool is_over(const struct trace *t, bool inside)
{
	return inside ? trace_settled(t) : trace_finished(t);
}

static void run(struct fuzz *f, struct trace *t, const struct trace_config *c, bool inside)
{
	struct span out;

	for (int i = 0; i < STEPS_MAX && !is_over(t, inside); i++) {
		while (trace_send(t, f->now_ns, &out)) {
			if (out.len <= sizeof(f->kept[0])) {
				memcpy(f->kept[f->count % 16], out.at, out.len);
				f->kept_len[f->count++ % 16] = out.len;
			}
			f->now_ns += 60 * NS_PER_US;
		}
		if (cursor_left(&f->in)) {
			size_t pick = cursor_u8(&f->in) % 16, len = cursor_u8(&f->in) % 64;

			if (len > cursor_left(&f->in))
				len = cursor_left(&f->in);
			deliver(t, c, f->now_ns, cursor_take(&f->in, len),
				span_of(f->kept[pick], f->kept_len[pick]));
			f->now_ns += 10 * NS_PER_US;
		} else if (trace_expiry_ns(t) > f->now_ns && trace_expiry_ns(t) != TIME_NEVER) {
			f->now_ns = trace_expiry_ns(t);
		} else {
			f->now_ns += NS_PER_MS;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {.in = cursor_over(span_of(data, size))};
	uint8_t first = cursor_u8(&f.in);
	struct trace_config c = fuzz_config(first & 1 ? 6 : 4, first);
	struct trace_inside inside = {.state = INSIDE_TESTED,
				      .mapped = first & 4,
				      .valid = {.answer = first >> 3 & 7},
				      .bogus = {.answer = first >> 5 & 7},
				      .bare_ack = first & 16,
				      .unsent = first & 8,
				      .acked_ttl = first & 3,
				      .gap_asked = first & 6,
				      .gap_kept = first & 32,
				      .data_sent = 3,
				      .note = "A connection was opened."};
	struct trace *t = trace_new(&c, NULL, NULL);
	struct span out;

	run(&f, t, &c, false);
	if (!trace_finished(t))
		trace_stop(t, f.now_ns);
	while (trace_send(t, f.now_ns, &out))
		;
	if (first & 2) {
		hold(t, &c, f.now_ns);
		run(&f, t, &c, true);
		hold_again(t, f.now_ns);
		run(&f, t, &c, true);
		trace_conclude(t, &inside, f.now_ns);
	}
	while (trace_send(t, f.now_ns, &out))
		;
	assert(trace_finished(t));
	check(trace_result(t));
	trace_free(t);
	return 0;
}
