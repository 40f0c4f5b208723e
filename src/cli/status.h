/* The status line of a trace on a terminal: "probing hop 7…", gone before anything is printed. */
#ifndef MBOXTRACE_CLI_STATUS_H
#define MBOXTRACE_CLI_STATUS_H

#include <stdbool.h>
#include <stdint.h>

struct status {
	bool enabled;	/* standard error is a terminal that can erase a line */
	bool shown;	/* it stands there now */
	unsigned hop;	/* being probed */
	unsigned drawn; /* the hop that the line tells of */
	int64_t due_ns; /* not drawn again before */
};

void status_init(struct status *s, bool wanted, unsigned first_hop);
void status_clear(struct status *s);

/* Draws the line if it has news, ten times a second at most. Returns when to be called again. */
int64_t status_update(struct status *s, int64_t now_ns);

#endif
