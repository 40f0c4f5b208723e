/* Where a command's JSON Lines or text go: -o FILE, or standard output. */
#ifndef MBOXTRACE_CLI_SINK_H
#define MBOXTRACE_CLI_SINK_H

#include <stdbool.h>
#include <stdio.h>

#include "util/error.h"

struct sink {
	FILE *out;	  /* NULL: nowhere */
	const char *path; /* NULL: standard output */
	int failed;	  /* an errno; 0: all was written so far */
};

/* `path` NULL or "-": standard output. 0 or ERR_FILE. */
int sink_open(struct sink *s, const char *path, struct error *err);
/* After writing: true once nothing more can be written. */
bool sink_broken(struct sink *s);
/* 0, or ERR_DEVICE if not all could be written. */
int sink_close(struct sink *s, struct error *err);

#endif
