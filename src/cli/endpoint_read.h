/* Reading the arguments that only connections have. Each is an option_info's `read`. */
#ifndef MBOXTRACE_CLI_ENDPOINT_READ_H
#define MBOXTRACE_CLI_ENDPOINT_READ_H

#include "util/error.h"

int read_seconds(void *out, const char *shown, const char *text, struct error *err); /* double */
int read_limits(void *out, const char *shown, const char *text,
		struct error *err); /* option_limits */
/* Each adds one to a struct option_addrs: ADDR[/backup], ADDR[:PORT]. */
int read_local(void *out, const char *shown, const char *text, struct error *err);
int read_announced(void *out, const char *shown, const char *text, struct error *err);
/* An operand; uint16_t. */
int read_port(void *out, const char *shown, const char *text, struct error *err);

#endif
