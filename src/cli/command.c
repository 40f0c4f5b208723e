#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/endpoint_options.h"
#include "cli/sink.h"
#include "cli/trace_options.h"

/* The first is meant where none is named. */
const struct command command_table[] = {
    {"trace", "trace a path and say what interferes with MPTCP (the default)", command_trace,
     .options = &trace_options,
     .usage = "mboxtrace [trace] [OPTION]... TARGET\n"
	      "mboxtrace [trace] [OPTION]... --lab FILE [TARGET]\n",
     .about = "Finds out where on the path to TARGET a middlebox interferes with Multipath "
	      "TCP,\nwhat it does, and what that costs.\n"},
    {"connect", "carry standard input and output over an MPTCP connection", command_connect,
     .options = &connect_options,
     .usage = "mboxtrace connect [OPTION]... HOST PORT\n"
	      "mboxtrace connect --check [OPTION]... HOST PORT\n",
     .about = "Opens an MPTCP connection from user space, standard input to the peer and the "
	      "peer to\nstandard output; then says on standard error how it went. With --check "
	      "it asks and\njudges by itself.\n"},
    {"serve", "accept MPTCP connections: echo, discard or send a file", command_serve,
     .options = &serve_options,
     .usage = "mboxtrace serve [OPTION]... PORT [echo | discard | send FILE]\n"
	      "mboxtrace serve --lab FILE [OPTION]... PORT [echo | discard | send FILE]\n",
     .about = "Accepts MPTCP and TCP connections in user space until it is interrupted, and "
	      "prints a\nline for each.\n"},
    {"help", "print the usage and exit", command_help, .options = NULL},
    {"version", "print the version and exit", command_version, .options = NULL},
    {0},
};

static void print_usage(FILE *out, const struct command *c, const char *head)
{
	for (const char *line = c->usage; *line;) {
		int len = (int)strcspn(line, "\n");

		fprintf(out, "%s%.*s\n", head, len, line);
		line += len + 1;
		head = "       ";
	}
}

const struct command *command_find(const char *name)
{
	for (const struct command *c = command_table; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int command_fail(const struct error *err)
{
	fprintf(stderr, "mboxtrace: %s\n", err->text);
	return err->code == ERR_USAGE || err->code == ERR_FILE ? EXIT_USAGE : EXIT_NOT_MEASURED;
}

static const char exits[] =
    "\nExit status: 0 no interference, 1 interference, 2 usage error, 3 could not\n"
    "measure, 4 inconclusive. See ";

void command_print_help(const struct command *c)
{
	print_usage(stdout, c, "Usage: ");
	printf("\n%s\nOptions:\n", c->about);
	option_set_help(stdout, c->options);
	printf("%smboxtrace-%s(1).\n", exits, c->name);
}

int command_help(int argc, char **argv)
{
	const struct command *c = argc > 1 ? command_find(argv[1]) : NULL;
	struct error err;

	if (argc > 1 && !c) {
		error_set(&err, ERR_USAGE, "help '%s': there is no such command", argv[1]);
		return command_fail(&err);
	}
	if (c && c != command_table && c->options) {
		command_print_help(c);
		return EXIT_CLEAN;
	}
	c = command_table;
	print_usage(stdout, c, "Usage: ");
	for (c++; c->name; c++)
		if (c->options)
			print_usage(stdout, c, "       ");
	printf("\n%s\nCommands:\n", command_table->about);
	for (c = command_table; c->name; c++)
		printf("  %-26s%s\n", c->name, c->summary);
	printf("\nOptions of trace; 'mboxtrace help COMMAND' lists those of the others:\n");
	option_set_help(stdout, command_table->options);
	printf("%smboxtrace(1).\n", exits);
	return EXIT_CLEAN;
}

int command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("mboxtrace %s\n", MBOXTRACE_VERSION);
	return EXIT_CLEAN;
}

/* Of what was printed to standard output nobody else asks whether it came out. */
static int check_output(int status)
{
	struct sink out = {.out = stdout};
	struct error err;

	if (status != EXIT_CLEAN)
		return status;
	sink_broken(&out);
	return sink_close(&out, &err) ? command_fail(&err) : status;
}

int command_dispatch(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		print_usage(stderr, command_table, "Usage: ");
		fprintf(stderr, "'mboxtrace --help' says more.\n");
		return EXIT_USAGE;
	}
	c = command_find(argv[1]);
	return check_output(c ? c->run(argc - 1, argv + 1) : command_trace(argc, argv));
}
