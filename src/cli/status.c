#include "cli/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/time.h"

#define REDRAW_NS (100 * NS_PER_MS)

void status_init(struct status *s, bool wanted, unsigned first_hop)
{
	const char *term = getenv("TERM");

	*s = (struct status){.hop = first_hop};
	s->enabled = wanted && isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

void status_clear(struct status *s)
{
	if (!s->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	s->shown = false;
}

int64_t status_update(struct status *s, int64_t now_ns)
{
	if (!s->enabled || (s->shown && s->drawn == s->hop))
		return TIME_NEVER;
	if (!s->due_ns) /* a fast path is done before a line is worth its flicker */
		s->due_ns = now_ns + REDRAW_NS;
	if (now_ns < s->due_ns)
		return s->due_ns;
	fprintf(stderr, "\r\033[K probing hop %u\xe2\x80\xa6", s->hop);
	fflush(stderr);
	s->shown = true;
	s->drawn = s->hop;
	s->due_ns = now_ns + REDRAW_NS;
	return TIME_NEVER;
}
