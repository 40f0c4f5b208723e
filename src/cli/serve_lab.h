/* `serve --lab`: the scenario's target serves, and its client's host is that of all clients, each
 * of which sends its octets, reads to the end and closes. Time is virtual; it ends when all have.
 */
#ifndef MBOXTRACE_CLI_SERVE_LAB_H
#define MBOXTRACE_CLI_SERVE_LAB_H

#include "cli/serve.h"

/* Runs it, once reach_open_lab_server has opened it; events of the server go to `event`. 0, or an
 * error code with its message. */
int serve_lab_run(struct serve *s, void (*event)(void *context, const struct endpoint_event *event),
		  struct error *err);

#endif
