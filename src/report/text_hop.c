/* One line a hop:
 *  " 5  198.51.100.9  4.010 ms  4.020 ms <MPLS:L=16001,E=0,S=1,T=1>  DSCP 0x0a -> 0x00" */
#include "report/text.h"

#include <string.h>

#define MPLS_CLASS 1

static void put_rtts(struct text_report *t, const struct hop_answer *answer)
{
	for (size_t p = 0; p < TRACE_PROBES_MAX; p++) {
		const struct trace_reply *r = answer->reply[p];

		if (!r)
			continue;
		buf_printf(&t->out, "  %.3f ms", (double)r->rtt_ns / NS_PER_MS);
	}
}

static const struct trace_reply *first_reply(const struct hop_answer *answer)
{
	size_t p = 0;

	while (!answer->reply[p])
		p++;
	return answer->reply[p];
}

static void put_labels(struct text_report *t, const struct trace_reply *r)
{
	for (size_t i = 0; i < r->extension_count; i++) {
		const struct icmp_extension *e = &r->extension[i];

		for (size_t l = 0; e->class_num == MPLS_CLASS && l < mpls_label_count(e); l++) {
			struct mpls_label m = mpls_label_at(e, l);

			buf_printf(&t->out, "%sL=%u,E=%u,S=%u,T=%u", l ? "/" : "  <MPLS:", m.label,
				   m.tc, m.s, m.ttl);
		}
		if (e->class_num == MPLS_CLASS && mpls_label_count(e))
			buf_printf(&t->out, ">");
	}
}

/* What came back, where it is not the expected time-exceeded. */
static void outcome(struct buf *out, const struct trace_reply *r, enum probe_role role)
{
	static const char *const mptcp[] = {
	    [MPTCP_NONE] = ", no MPTCP",
	    [MPTCP_V0] = ", MPTCP v0",
	    [MPTCP_V1] = ", MPTCP v1",
	    [MPTCP_MIRRORED] = ", our MP_CAPABLE mirrored",
	};
	const char *code;

	switch (r->kind) {
	case REPLY_TIME_EXCEEDED: break;
	case REPLY_UNREACHABLE:
		word_unreachable(out, r);
		code = word_unreachable_code(r);
		if (code)
			buf_printf(out, " %s", code);
		break;
	case REPLY_SYN_ACK:
		buf_printf(out, "SYN/ACK%s", role == ROLE_TEST || r->mptcp ? mptcp[r->mptcp] : "");
		break;
	case REPLY_RST: buf_printf(out, "reset"); break;
	case REPLY_ACK: buf_printf(out, "ACK"); break;
	case REPLY_DATA: buf_printf(out, "data"); break;
	case REPLY_ECHO: buf_printf(out, "echo reply"); break;
	}
}

static bool same_outcome(const struct hop_answer *answer)
{
	const struct trace_reply *first = first_reply(answer);

	for (size_t p = 0; p < TRACE_PROBES_MAX; p++) {
		const struct trace_reply *r = answer->reply[p];

		if (r && (r->kind != first->kind || r->icmp_type != first->icmp_type ||
			  r->icmp_code != first->icmp_code))
			return false;
	}
	return true;
}

/* "SYN/ACK, MPTCP v1" if all probes got the same, else "reset (MPTCP SYN); SYN/ACK (plain SYN)". */
static void put_outcomes(struct text_report *t, const struct trace_result *result,
			 const struct hop_answer *answer)
{
	bool same = same_outcome(answer);
	struct buf text = {0};
	const char *between = "  ";

	for (size_t p = 0; p < TRACE_PROBES_MAX; p++) {
		const struct trace_reply *r = answer->reply[p];

		if (!r)
			continue;
		buf_clear(&text);
		outcome(&text, r, result->probes[p].role);
		if (!text.len && !same)
			buf_printf(&text, "time exceeded");
		if (text.len)
			buf_printf(&t->out, "%s%s", between, buf_text(&text));
		if (same)
			break;
		buf_printf(&t->out, " (%s)", word_probe(result->probes[p].role));
		between = "; ";
	}
	buf_fini(&text);
}

static bool is_error(const struct trace_reply *r)
{
	return r->kind == REPLY_TIME_EXCEEDED || r->kind == REPLY_UNREACHABLE;
}

/* The quote that shows most, and whether it shows all options. */
static void put_quote_depth(struct text_report *t, const struct hop_answer *answer)
{
	size_t depth = 0;
	bool any = false;

	for (size_t p = 0; p < TRACE_PROBES_MAX; p++) {
		const struct trace_reply *r = answer->reply[p];

		if (!r || !is_error(r))
			continue;
		if (r->diff.options_complete)
			return;
		any = true;
		if (hop_quoted_octets(r) > depth)
			depth = hop_quoted_octets(r);
	}
	if (any)
		buf_printf(&t->out, "  [quotes %zu octets of TCP: %s options]", depth,
			   depth > 20 ? "not all" : "no");
}

/* Named only where others were answered: silence to all is one star. */
static void put_silence(struct text_report *t, const struct trace_result *result,
			const struct hop *hop)
{
	const char *between = "  no answer to: ";

	for (size_t p = 0; p < result->probe_count; p++) {
		if (!hop->asked[p] || hop->answered[p] || !hop_all_placed(result, p))
			continue;
		buf_printf(&t->out, "%s%s", between, word_probe(result->probes[p].role));
		between = ", ";
	}
}

void text_hop(struct text_report *t, const struct trace_result *result, const struct hop *hop)
{
	buf_printf(&t->out, "%2u", hop->ttl);
	for (size_t i = 0; i < hop->answer_count; i++) {
		const struct hop_answer *answer = &hop->answer[i];

		buf_printf(&t->out, "  ");
		text_addr(t, &t->out, &answer->from);
		put_rtts(t, answer);
		put_outcomes(t, result, answer);
		put_labels(t, first_reply(answer));
		put_quote_depth(t, answer);
	}
	if (hop->answer_count) {
		text_changes(t, hop);
		put_silence(t, result, hop);
	} else {
		buf_printf(&t->out, "  *");
	}
	buf_printf(&t->out, "\n");
}
