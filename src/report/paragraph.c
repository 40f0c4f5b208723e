#include "report/paragraph.h"

#include <stdio.h>
#include <string.h>

#include "report/words.h"

#define WIDTH  79
#define INDENT "   "

void paragraph_wrapped(struct buf *out, const char *head, const char *text)
{
	int indent = (int)strlen(head);
	size_t room = WIDTH - strlen(head);

	buf_printf(out, "%s", head);
	while (strlen(text) > room) {
		size_t cut = room;

		while (cut && text[cut] != ' ')
			cut--;
		if (!cut)
			cut = strcspn(text, " ");
		buf_printf(out, "%.*s\n%*s", (int)cut, text, indent, "");
		text += cut + strspn(text + cut, " ");
	}
	buf_printf(out, "%s\n", text);
}

void paragraph_finding(struct buf *out, const struct finding *f, unsigned number)
{
	struct buf line = {0};
	const char *cause = word_cause(f->cause);
	char head[8];

	snprintf(head, sizeof(head), "%u. ", number);
	paragraph_wrapped(out, head, f->explain);
	buf_printf(&line, "%s: %s.", word_confidence(f->confidence), word_basis(f->basis));
	if (cause)
		buf_printf(&line, " Probably %s.", cause);
	paragraph_wrapped(out, INDENT, buf_text(&line));
	buf_fini(&line);
}

void paragraph_note(struct buf *out, const struct finding *f)
{
	struct buf line = {0};

	buf_printf(&line, "Note: %s", f->explain);
	paragraph_wrapped(out, "", buf_text(&line));
	buf_fini(&line);
}
