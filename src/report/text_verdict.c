/* Behind the hops: the verdict in a sentence, a paragraph a finding, and how much was seen.
 *
 *   Something between hop 2 and hop 3 removes MPTCP from connections on this path.
 *
 *   1. MP_CAPABLE removed, between hop 2 (198.51.100.2) and hop 3 (198.51.100.3)
 *      <the sentence of the finding>
 *      Effect: MPTCP connections fall back to plain TCP.
 *      Certain: seen in the packets that routers quote back.
 *      Probably a firewall or normaliser that strips TCP options.
 */
#include <string.h>

#include "report/text.h"

#define WIDTH  79
#define INDENT "   "

/* Breaks text at spaces into lines of WIDTH, each behind INDENT. */
static void put_wrapped(struct text_report *t, const char *indent, const char *text)
{
	size_t room = WIDTH - strlen(indent);

	while (*text) {
		size_t len = strlen(text), cut = len;

		if (len > room) {
			for (cut = room; cut && text[cut] != ' '; cut--)
				;
			if (!cut)
				cut = strcspn(text, " ");
		}
		buf_printf(&t->out, "%s%.*s\n", indent, (int)cut, text);
		text += cut;
		text += strspn(text, " ");
	}
}

static void put_place(const struct text_report *t, struct buf *out,
		      const struct trace_result *result, const struct place *place)
{
	if (!place->ttl) {
		buf_printf(out, "this machine");
		return;
	}
	if (result->path_length && place->ttl >= result->path_length)
		buf_printf(out, "the target (");
	else
		buf_printf(out, "hop %u (", place->ttl);
	text_addr(t, out, &place->addr);
	buf_printf(out, ")");
}

static void put_where(const struct text_report *t, struct buf *out,
		      const struct trace_result *result, const struct finding *f)
{
	static const char *const ways[] = {
	    [DIRECTION_FORWARD] = "",
	    [DIRECTION_REVERSE] = " on the way back",
	    [DIRECTION_BOTH] = " both ways",
	    [DIRECTION_END_TO_END] = "",
	};

	buf_printf(out, "%s", ways[f->direction]);
	if (f->after.known && f->by.known) {
		buf_printf(out, ", between ");
		put_place(t, out, result, &f->after);
		buf_printf(out, " and ");
		put_place(t, out, result, &f->by);
	} else if (f->after.known) {
		buf_printf(out, ", somewhere behind ");
		put_place(t, out, result, &f->after);
	} else if (f->by.known) {
		buf_printf(out, ", at or before ");
		put_place(t, out, result, &f->by);
	} else {
		buf_printf(out, ", somewhere on the path");
	}
}

/* Most findings are said in full by what and where. */
static bool says_more(const struct finding *f)
{
	return f->direction == DIRECTION_END_TO_END || f->basis == BASIS_CHECKSUM;
}

static void put_finding(struct text_report *t, const struct trace_result *result,
			const struct finding *f, unsigned number)
{
	struct buf line = {0};
	const char *cause = word_cause(f->cause);

	buf_printf(&line, "%u. ", number);
	word_change(&line, f->field, f->change, &f->sent, &f->seen);
	put_where(t, &line, result, f);
	buf_printf(&t->out, "\n");
	text_ink(t, INK_BOLD, buf_text(&line));
	buf_printf(&t->out, "\n");
	if (says_more(f) && strcmp(f->explain, result->reason))
		put_wrapped(t, INDENT, f->explain);
	put_wrapped(t, INDENT, word_impact(f->impact));
	buf_clear(&line);
	buf_printf(&line, "%s: %s.", word_confidence(f->confidence), word_basis(f->basis));
	if (cause)
		buf_printf(&line, " Probably %s.", cause);
	put_wrapped(t, INDENT, buf_text(&line));
	buf_fini(&line);
}

/* The target's own choices are no interference. */
static void put_notes(struct text_report *t, const struct trace_result *result)
{
	struct buf line = {0};

	for (size_t i = 0; i < result->finding_count; i++) {
		if (result->findings[i].cause != CAUSE_TARGET)
			continue;
		buf_clear(&line);
		buf_printf(&line, "Note: %s", result->findings[i].explain);
		buf_printf(&t->out, "\n");
		put_wrapped(t, "", buf_text(&line));
	}
	buf_fini(&line);
}

static void put_coverage(struct text_report *t, const struct trace_result *result)
{
	struct hop_coverage c = hop_coverage_of(result);
	unsigned sent = 0;

	buf_printf(&t->out, "\n");
	if (c.hops)
		buf_printf(&t->out, "Options seen at %u of %u hops", c.options, c.hops);
	if (c.silent)
		buf_printf(&t->out, "; %u did not answer", c.silent);
	if (c.short_quote)
		buf_printf(&t->out, "; %u quoted too little", c.short_quote);
	buf_printf(&t->out, "%s", c.hops ? ". " : "");
	for (size_t i = 0; i < result->probe_count; i++)
		sent += result->probes[i].sent;
	buf_printf(&t->out, "%u packets sent in %.3f s%s.\n", sent,
		   (double)(result->end_ns - result->start_ns) / NS_PER_S,
		   result->interrupted ? ", then interrupted" : "");
}

void text_verdict(struct text_report *t, const struct trace_result *result)
{
	static const enum ink inks[] = {
	    [VERDICT_CLEAN] = INK_GOOD,
	    [VERDICT_INTERFERENCE] = INK_BAD,
	    [VERDICT_INCONCLUSIVE] = INK_UNSURE,
	    [VERDICT_UNREACHABLE] = INK_UNSURE,
	};
	unsigned number = 0;

	buf_printf(&t->out, "\n");
	text_ink(t, inks[result->verdict], result->reason);
	buf_printf(&t->out, "\n");
	for (size_t i = 0; i < result->finding_count; i++) {
		if (result->findings[i].cause != CAUSE_TARGET)
			put_finding(t, result, &result->findings[i], ++number);
	}
	put_notes(t, result);
	put_coverage(t, result);
}
