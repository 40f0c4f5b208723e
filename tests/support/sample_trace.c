#include "support/sample_trace.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* IP/TCP{src=40001,dst=443,seq=4096,win=65535}/MSS(1460)/MPCAPABLE{v=1} */
static const uint8_t as_sent[] = {
    0x45, 0x00, 0x00, 0x30, 0x00, 0x01, 0x40, 0x00, 0x01, 0x06, 0x7b, 0x6f, 0xc0, 0x00, 0x02, 0x07,
    0xcb, 0x00, 0x71, 0x50, 0x9c, 0x41, 0x01, 0xbb, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x70, 0x02, 0xff, 0xff, 0xbc, 0x48, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x1e, 0x04, 0x01, 0x81,
};

/* IP{id=3}/TCP{src=40001,dst=443,seq=4096,win=65535}/MSS(1460) */
static const uint8_t stripped[] = {
    0x45, 0x00, 0x00, 0x2c, 0x00, 0x03, 0x40, 0x00, 0x01, 0x06, 0x7b, 0x71, 0xc0, 0x00, 0x02,
    0x07, 0xcb, 0x00, 0x71, 0x50, 0x9c, 0x41, 0x01, 0xbb, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x60, 0x02, 0xff, 0xff, 0xeb, 0xd1, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4,
};

/* MPLS label 16001, traffic class 0, bottom of stack, TTL 1 */
static const uint8_t label[] = {0x03, 0xe8, 0x11, 0x01};

struct ip_addr sample_addr(const char *text)
{
	struct ip_addr addr;
	bool good = ip_addr_parse(&addr, text);

	assert(good);
	(void)good;
	return addr;
}

struct trace_reply *sample_reply(struct sample_trace *s, uint8_t probe, uint8_t ttl,
				 const char *from, enum reply_kind kind, int64_t rtt_us)
{
	struct trace_reply *r = &s->replies[s->result.reply_count++];

	*r = (struct trace_reply){
	    .probe = probe,
	    .ttl = ttl,
	    .from = sample_addr(from),
	    .kind = kind,
	    .rtt_ns = rtt_us * NS_PER_US,
	};
	if (kind == REPLY_TIME_EXCEEDED)
		r->icmp_type = 11;
	return r;
}

static struct trace_reply *add_quote(struct sample_trace *s, uint8_t probe, uint8_t ttl,
				     const char *from, int64_t rtt_us, struct span quote)
{
	struct trace_reply *r = sample_reply(s, probe, ttl, from, REPLY_TIME_EXCEEDED, rtt_us);

	r->quote = quote;
	r->diff.options_complete = quote.len > 40;
	r->diff.complete = quote.len > 40;
	return r;
}

static void add_removal(struct trace_reply *r)
{
	struct change *c = &r->diff.changes[r->diff.count++];

	snprintf(c->field, sizeof(c->field), "tcp.options.mptcp.mp_capable");
	c->kind = CHANGE_REMOVED;
	c->option = 1;
	c->sent = (struct value){.kind = VALUE_OCTETS, .len = 4, .octets = {0x1e, 4, 1, 0x81}};
}

static void add_hops(struct sample_trace *s)
{
	struct span whole = span_of(as_sent, sizeof(as_sent));
	struct span cut = span_of(stripped, sizeof(stripped));
	struct trace_reply *r;

	for (uint8_t probe = 0; probe < 3; probe++)
		add_quote(s, probe, 1, "192.0.2.1", 412 + probe, whole);
	r = add_quote(s, 0, 3, "198.51.100.3", 4010, cut);
	add_removal(r);
	r->extension_count = 1;
	r->extension[0] = (struct icmp_extension){1, 1, span_of(label, sizeof(label))};
	add_quote(s, 1, 3, "198.51.100.3", 4020, whole);
	add_quote(s, 2, 3, "198.51.100.3", 4030, whole);
	add_quote(s, 1, 4, "198.51.100.4", 5001, span_cut(whole, 0, 28));
	add_quote(s, 2, 4, "198.51.100.5", 5002, span_cut(whole, 0, 28));
	for (uint8_t probe = 0; probe < 3; probe++)
		sample_reply(s, probe, 5, "203.0.113.80", REPLY_SYN_ACK, 9001 + probe);
}

static void add_findings(struct sample_trace *s)
{
	s->findings[0] = (struct finding){
	    .field = "tcp.options.mptcp.mp_capable",
	    .change = CHANGE_REMOVED,
	    .sent = {.kind = VALUE_OCTETS, .len = 4, .octets = {0x1e, 4, 1, 0x81}},
	    .direction = DIRECTION_FORWARD,
	    .after = {true, 1, sample_addr("192.0.2.1")},
	    .by = {true, 3, sample_addr("198.51.100.3")},
	    .basis = BASIS_QUOTE,
	    .cause = CAUSE_OPTION_STRIPPER,
	    .confidence = CONFIDENCE_CERTAIN,
	    .impact = IMPACT_FALLBACK,
	    .explain = "Between 192.0.2.1 and 198.51.100.3 the MP_CAPABLE option is taken out "
		       "of SYNs, so that the target never learns that MPTCP was asked for.",
	};
	s->findings[1] = (struct finding){
	    .field = "tcp.options.mptcp.mp_capable",
	    .change = CHANGE_REMOVED,
	    .direction = DIRECTION_END_TO_END,
	    .cause = CAUSE_TARGET,
	    .explain = "The target does not speak MPTCP.",
	};
}

void sample_trace(struct sample_trace *s)
{
	static const struct trace_probe probes[] = {
	    {ROLE_TEST, "syn-mp-capable", "IP/TCP{dst=443}/MSS(1460)/MPCAPABLE{v=1}", 40001, 7, 3,
	     5},
	    {ROLE_CONTROL, "syn-plain", "IP/TCP{dst=443}/MSS(1460)", 40002, 6, 4, 5},
	    {ROLE_SHAM, "syn-unknown-option", "IP/TCP{dst=443}/MSS(1460)/OPT(254,x0181)", 40003, 6,
	     4, 5},
	};

	*s = (struct sample_trace){0};
	s->result = (struct trace_result){
	    .config = {.source = sample_addr("192.0.2.7"),
		       .target = sample_addr("203.0.113.80"),
		       .port = 443,
		       .first_ttl = 1,
		       .max_ttl = 30},
	    .probe_count = 3,
	    .replies = s->replies,
	    .first_ttl = 1,
	    .last_ttl = 5,
	    .reached = true,
	    .path_length = 5,
	    .start_ns = 1000 * NS_PER_US,
	    .end_ns = 42234 * NS_PER_US,
	    .finding_count = 2,
	    .findings = s->findings,
	    .verdict = VERDICT_INTERFERENCE,
	    .reason = "MPTCP does not get through: it is taken out of the connection on the way.",
	};
	memcpy(s->result.probes, probes, sizeof(probes));
	add_hops(s);
	add_findings(s);
}
