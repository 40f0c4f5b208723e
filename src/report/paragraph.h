/* Findings and other sentences as paragraphs of text. */
#ifndef MBOXTRACE_REPORT_PARAGRAPH_H
#define MBOXTRACE_REPORT_PARAGRAPH_H

#include "probe/finding.h"
#include "util/buf.h"

/* Breaks text at spaces into lines: the first behind `head`, the others as far in. */
void paragraph_wrapped(struct buf *out, const char *head, const char *text);

void paragraph_finding(struct buf *out, const struct finding *f, unsigned number);
void paragraph_note(struct buf *out, const struct finding *f);

#endif
