/* The sub-commands: one table that feeds dispatch, help and completion. */
#ifndef MBOXTRACE_CLI_COMMAND_H
#define MBOXTRACE_CLI_COMMAND_H

#include "cli/option.h"

/* RESULTS.md; the verdict's own are in probe/finding.h. */
enum exit_status { EXIT_CLEAN = 0, EXIT_USAGE = 2, EXIT_NOT_MEASURED = 3 };

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv); /* argv[0] is the command; returns the exit status */
	const struct option_set *options;  /* NULL: it has none */
	const char *usage;		   /* a line or more, each ended */
	const char *about;		   /* what it does, for its help */
};

extern const struct command command_table[]; /* ends with a NULL name */

/* Runs the sub-command that argv[1] names, or a trace. */
int command_dispatch(int argc, char **argv);

/* The help of one command: usage, what it does, its options. */
void command_print_help(const struct command *c);
const struct command *command_find(const char *name); /* NULL: there is none */

int command_trace(int argc, char **argv);
int command_connect(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_help(int argc, char **argv);
int command_version(int argc, char **argv);

/* Prints "mboxtrace: …" to standard error and returns the exit status for the error. */
int command_fail(const struct error *err);

#endif
