/* What a hop's quotes show changed: "MP_CAPABLE removed, MSS 1460 -> 1380". */
#include <string.h>

#include "report/text.h"

/* Of changes that several probes met the first is shown: their values differ by probe. */
static bool is_listed(const struct hop *hop, size_t answer, size_t probe, const struct change *c)
{
	for (size_t a = 0; a <= answer; a++) {
		for (size_t p = 0; p < (a == answer ? probe : TRACE_PROBES_MAX); p++) {
			const struct trace_reply *r = hop->answer[a].reply[p];
			const struct change *other = r ? diff_find(&r->diff, c) : NULL;

			if (other && other->kind == c->kind)
				return true;
		}
	}
	return false;
}

/* Every asking has a value of its own here: it would tell nothing, and differ by hop. */
static bool is_own_value(const struct change *c)
{
	return c->id == FIELD_IP4_ID || c->id == FIELD_TCP_CHECKSUM ||
	       !strcmp(c->field, "tcp.options.timestamp.tsval");
}

static void put_change(struct buf *out, const struct change *c)
{
	static const struct value none;

	if (is_own_value(c))
		word_change(out, c->field, c->kind, &none, &none);
	else
		word_change(out, c->field, c->kind, &c->sent, &c->seen);
}

static void list_changes(struct buf *out, const struct hop *hop)
{
	for (size_t a = 0; a < hop->answer_count; a++) {
		for (size_t p = 0; p < TRACE_PROBES_MAX; p++) {
			const struct trace_reply *r = hop->answer[a].reply[p];

			for (size_t i = 0; r && i < r->diff.count; i++) {
				const struct change *c = &r->diff.changes[i];

				if (is_listed(hop, a, p, c))
					continue;
				buf_printf(out, "%s", out->len ? ", " : "");
				put_change(out, c);
			}
		}
	}
}

/* A path behind a NAT shows the same changes hop after hop: they are spelt out once. */
void text_changes(struct text_report *t, const struct hop *hop)
{
	struct buf changes = {0}, text = {0};

	list_changes(&changes, hop);
	if (!changes.len) {
		buf_fini(&changes);
		return;
	}
	if (t->changes_ttl && !strcmp(buf_text(&changes), buf_text(&t->changes))) {
		buf_printf(&text, "changes as at hop %u", t->changes_ttl);
	} else {
		buf_printf(&text, "%s", buf_text(&changes));
		t->changes_ttl = hop->ttl;
	}
	buf_printf(&t->out, "  ");
	text_ink(t, INK_CHANGE, buf_text(&text));
	buf_fini(&text);
	buf_fini(&t->changes);
	t->changes = changes;
}
