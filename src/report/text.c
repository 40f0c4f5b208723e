#include "report/text.h"

#include <stdlib.h>
#include <string.h>

#include "report/names.h"

/* How long a line may wait for its names, and how often to look whether they have come. */
#define NAME_WAIT_NS (1 * NS_PER_S)
#define NAME_POLL_NS (20 * NS_PER_MS)

void text_ink(struct text_report *t, enum ink ink, const char *text)
{
	static const char *const codes[] = {
	    [INK_BOLD] = "1",	   [INK_GOOD] = "1;32", [INK_BAD] = "1;31",
	    [INK_UNSURE] = "1;33", [INK_CHANGE] = "33",
	};

	if (t->config.colour)
		buf_printf(&t->out, "\033[%sm%s\033[0m", codes[ink], text);
	else
		buf_printf(&t->out, "%s", text);
}

void text_addr(const struct text_report *t, struct buf *out, const struct ip_addr *addr)
{
	char text[IP_ADDR_TEXT], name[NAME_TEXT];

	ip_addr_print(addr, text);
	if (names_get(t->config.names, addr, name) == NAME_KNOWN)
		buf_printf(out, "%s (%s)", name, text);
	else
		buf_printf(out, "%s", text);
}

static void text_flush(struct text_report *t)
{
	if (t->out.len && t->config.before_write)
		t->config.before_write(t->config.context);
	fwrite(buf_text(&t->out), 1, t->out.len, t->config.out);
	fflush(t->config.out);
	buf_clear(&t->out);
}

static void text_start(struct report *r, const struct trace_result *result)
{
	struct text_report *t = (struct text_report *)r;
	const struct trace_config *c = &result->config;
	char addr[IP_ADDR_TEXT];

	ip_addr_print(&c->target, addr);
	t->next_ttl = c->first_ttl;
	buf_printf(&t->out, "mboxtrace to %s", t->config.target_name);
	if (strcmp(addr, t->config.target_name))
		buf_printf(&t->out, " (%s)", addr);
	ip_addr_print(&c->source, addr);
	buf_printf(&t->out, ", port %u, from %s (%s), %u hops max\n", c->port, addr,
		   t->config.device, c->max_ttl);
	text_flush(t);
}

static void text_print_next(struct text_report *t, const struct trace_result *result)
{
	struct hop hop;

	hop_collect(&hop, result, (uint8_t)t->next_ttl++);
	text_hop(t, result, &hop);
	if (t->config.verbose)
		text_hop_raw(t, result, &hop);
}

/* Asks for all names of a hop at once; true if none is still to come. */
static bool text_named(struct text_report *t, const struct trace_result *result, unsigned ttl)
{
	char name[NAME_TEXT];
	bool named = true;
	struct hop hop;

	hop_collect(&hop, result, (uint8_t)ttl);
	for (size_t i = 0; i < hop.answer_count; i++)
		named &= names_get(t->config.names, &hop.answer[i].from, name) != NAME_PENDING;
	return named;
}

/* The next hop up to `last` that somebody answered; 0 if there is none. Silent hops wait for one:
 * an answer may still turn out to be theirs, and at the end of a path they are told in one line. */
static unsigned text_next_answered(const struct text_report *t, const struct trace_result *result,
				   unsigned last)
{
	struct hop hop;

	for (unsigned ttl = t->next_ttl; ttl <= last; ttl++) {
		hop_collect(&hop, result, (uint8_t)ttl);
		if (hop.answer_count)
			return ttl;
	}
	return 0;
}

static void text_print_to(struct text_report *t, const struct trace_result *result, unsigned last)
{
	while (t->next_ttl <= last)
		text_print_next(t, result);
}

static void text_known(struct report *r, const struct trace_result *result, uint8_t ttl)
{
	struct text_report *t = (struct text_report *)r;

	t->known_ttl = ttl;
	text_named(t, result, ttl);
	if (t->config.names)
		return;
	text_print_to(t, result, text_next_answered(t, result, ttl));
	text_flush(t);
}

static int64_t text_idle(struct report *r, const struct trace_result *result, int64_t now_ns)
{
	struct text_report *t = (struct text_report *)r;
	unsigned ttl;

	for (ttl = t->next_ttl; ttl <= t->known_ttl; ttl++) {
		if (!t->due_ns[ttl])
			t->due_ns[ttl] = now_ns + NAME_WAIT_NS;
	}
	while ((ttl = text_next_answered(t, result, t->known_ttl)) != 0 &&
	       (text_named(t, result, ttl) || now_ns >= t->due_ns[ttl]))
		text_print_to(t, result, ttl);
	text_flush(t);
	return ttl ? now_ns + NAME_POLL_NS : TIME_NEVER;
}

/* The hops behind the last one that answered, as far as they belong to the path. */
static void text_tail(struct text_report *t, const struct trace_result *result)
{
	unsigned last = hop_last(result);

	if (t->next_ttl == last)
		buf_printf(&t->out, "%2u  *\n", last);
	else if (t->next_ttl < last)
		buf_printf(&t->out, "%2u-%u  *\n", t->next_ttl, last);
}

void text_rest(struct text_report *t, const struct trace_result *result)
{
	unsigned ttl;

	while ((ttl = text_next_answered(t, result, result->last_ttl)) != 0)
		text_print_to(t, result, ttl);
	text_tail(t, result);
}

static void text_finish(struct report *r, const struct trace_result *result)
{
	struct text_report *t = (struct text_report *)r;
	unsigned ttl;

	for (ttl = t->next_ttl; ttl <= result->last_ttl; ttl++)
		text_named(t, result, ttl);
	names_settle(t->config.names, NAME_WAIT_NS);
	text_rest(t, result);
	if (t->config.verbose)
		text_inside_raw(t, result);
	text_further(t, result);
	text_verdict(t, result);
	text_flush(t);
}

static void text_free(struct report *r)
{
	struct text_report *t = (struct text_report *)r;

	buf_fini(&t->changes);
	buf_fini(&t->out);
	free(t);
}

static const struct report_ops text_ops = {
    .name = "text",
    .start = text_start,
    .hop = text_known,
    .idle = text_idle,
    .finish = text_finish,
    .free = text_free,
};

struct report *report_text_new(const struct report_config *config)
{
	struct text_report *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->report.ops = &text_ops;
	t->config = *config;
	return &t->report;
}
