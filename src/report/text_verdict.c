/* Behind the hops: the verdict in a sentence, a paragraph a finding, and how much was seen.
 *
 *   MPTCP does not get through; connections over this path fall back to plain TCP.
 *
 *   1. MP_CAPABLE is removed between hop 2 (198.51.100.2) and hop 3 (198.51.100.3);
 *      MPTCP falls back to plain TCP.
 *      Certain: seen in the packets that routers quote back. Probably a firewall or
 *      normaliser that strips TCP options.
 */
#include <string.h>

#include "report/paragraph.h"
#include "report/text.h"

/* The target's own choices are no interference. */
static void put_notes(struct text_report *t, const struct trace_result *result)
{
	for (size_t i = 0; i < result->finding_count; i++) {
		if (result->findings[i].cause != CAUSE_TARGET)
			continue;
		buf_printf(&t->out, "\n");
		paragraph_note(&t->out, &result->findings[i]);
	}
}

/* What a connection was good for, or why there was none to look into. */
static void put_inside(struct text_report *t, const struct trace_result *result)
{
	if (result->inside.state == INSIDE_NOT_ASKED)
		return;
	buf_printf(&t->out, "\n");
	paragraph_wrapped(&t->out, "", result->inside.note);
	for (size_t i = 0; i < result->further_count; i++) {
		const char *note = result->further[i]->inside.note;

		if (*note && strcmp(result->reason, note) != 0)
			paragraph_wrapped(&t->out, "", note);
	}
}

/* How much was compared at both ends, or why nothing was. */
static void put_mirrored(struct text_report *t, const struct trace_result *result)
{
	if (!result->mirrored.asked || !strcmp(result->reason, result->mirrored.note))
		return;
	buf_printf(&t->out, "\n");
	paragraph_wrapped(&t->out, "", result->mirrored.note);
}

static unsigned sent_of(const struct trace_result *result)
{
	unsigned sent = 0;

	for (size_t i = 0; i < result->probe_count; i++)
		sent += result->probes[i].sent;
	return sent;
}

static void put_coverage(struct text_report *t, const struct trace_result *result)
{
	struct hop_coverage c = hop_coverage_of(result);
	unsigned sent = sent_of(result);

	for (size_t i = 0; i < result->further_count; i++)
		sent += sent_of(result->further[i]);
	buf_printf(&t->out, "\n");
	if (c.hops)
		buf_printf(&t->out, "Options seen at %u of %u hops", c.options, c.hops);
	if (c.silent)
		buf_printf(&t->out, "; %u did not answer", c.silent);
	if (c.short_quote)
		buf_printf(&t->out, "; %u quoted too little", c.short_quote);
	buf_printf(&t->out, "%s", c.hops ? ". " : "");
	buf_printf(&t->out, "%u packets sent in %.3f s%s.\n", sent,
		   (double)(result->end_ns - result->start_ns) / NS_PER_S,
		   result->interrupted ? ", then interrupted" : "");
}

static const struct finding *first_finding(const struct trace_result *result)
{
	for (size_t i = 0; i < result->finding_count; i++) {
		if (result->findings[i].cause != CAUSE_TARGET)
			return &result->findings[i];
	}
	return NULL;
}

/* An answer with MPTCP is the only sign that it gets through. */
static bool mptcp_answered(const struct trace_result *result)
{
	for (size_t i = 0; i < result->reply_count; i++)
		if (result->replies[i].kind == REPLY_SYN_ACK &&
		    result->replies[i].mptcp == MPTCP_V1)
			return true;
	return false;
}

/* What befalls the path of a further address alone. */
static void opening_of_further(struct buf *out, const struct finding *f)
{
	const char *probably = f->confidence == CONFIDENCE_CERTAIN ? "" : "probably ";
	char local[IP_ADDR_TEXT];

	ip_addr_print(&f->local, local);
	if (f->impact == IMPACT_NO_SUBFLOW)
		buf_printf(out,
			   "MPTCP gets through, but %scannot use the path from %s as an additional "
			   "one.",
			   probably, local);
	else
		buf_printf(out, "Something on the path from %s %stampers with packets%s.", local,
			   probably,
			   f->impact == IMPACT_NONE ? ", but not so that MPTCP is affected" : "");
}

/* Between the two halves stands "probably" where that is as much as is known. */
static const struct {
	const char *who, *what;
} openings[] = {
    [IMPACT_NONE] = {"Something on this path ",
		     "tampers with packets, but not so that MPTCP is affected."},
    [IMPACT_FALLBACK] = {"MPTCP ", "does not get through; connections over this path "
				   "fall back to plain TCP."},
    [IMPACT_NO_SUBFLOW] = {"MPTCP gets through, but ",
			   "cannot use this path as an additional one."},
    [IMPACT_DEGRADED] = {"MPTCP gets through, but something on this path ", "hampers it."},
    [IMPACT_BROKEN] = {"MPTCP ", "does not get through; connections that ask for it "
				 "fail on this path."},
};

static void opening_of(struct buf *out, const struct trace_result *result, const struct finding *f)
{
	const char *probably = f->confidence == CONFIDENCE_CERTAIN ? "" : "probably ";

	if (f->local.family && mptcp_answered(result))
		opening_of_further(out, f);
	else if (f->change == CHANGE_RESET && !strcmp(f->field, "packet"))
		buf_printf(out, "%s: something on this path %srefuses %s.",
			   result->config.user_probe ? "The probe does not get through"
						     : "Nobody gets through to this port",
			   probably, result->config.user_probe ? "it" : "all TCP connections");
	else if ((f->impact == IMPACT_NO_SUBFLOW || f->impact == IMPACT_DEGRADED) &&
		 !mptcp_answered(result))
		buf_printf(out,
			   "Something on this path %stampers with packets so that MPTCP would be "
			   "hampered; whether it gets through at all was not seen.",
			   probably);
	else
		buf_printf(out, "%s%s%s", openings[f->impact].who, probably,
			   openings[f->impact].what);
}

/* The first line must be understood by who has never read of options. Where the reason is but the
 * first finding, which follows in full, it says what that means instead. */
static void opening(struct buf *out, const struct trace_result *result)
{
	const struct finding *f = first_finding(result);

	if (!f || !strstr(result->reason, f->explain))
		buf_printf(out, "%s", result->reason);
	else if (result->verdict != VERDICT_INTERFERENCE)
		buf_printf(out, "It is not certain what this path does to MPTCP.");
	else
		opening_of(out, result, f);
}

void text_verdict(struct text_report *t, const struct trace_result *result)
{
	static const enum ink inks[] = {
	    [VERDICT_CLEAN] = INK_GOOD,
	    [VERDICT_INTERFERENCE] = INK_BAD,
	    [VERDICT_INCONCLUSIVE] = INK_UNSURE,
	    [VERDICT_UNREACHABLE] = INK_UNSURE,
	};
	struct buf line = {0};
	unsigned number = 0;

	buf_printf(&t->out, "\n");
	opening(&line, result);
	text_ink(t, inks[result->verdict], buf_text(&line));
	buf_fini(&line);
	buf_printf(&t->out, "\n");
	for (size_t i = 0; i < result->finding_count; i++) {
		if (result->findings[i].cause == CAUSE_TARGET)
			continue;
		buf_printf(&t->out, "\n");
		paragraph_finding(&t->out, &result->findings[i], ++number);
	}
	put_notes(t, result);
	put_inside(t, result);
	put_mirrored(t, result);
	put_coverage(t, result);
}
