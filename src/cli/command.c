#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/option.h"

const struct command command_table[] = {
    {"trace", "trace a path and say what interferes with MPTCP (the default)", command_trace},
    {"help", "print the usage and exit", command_help},
    {"version", "print the version and exit", command_version},
    {0},
};

static const char usage[] = "Usage: mboxtrace [trace] [OPTION]... TARGET\n"
			    "       mboxtrace [trace] [OPTION]... --lab FILE [TARGET]\n";

int command_fail(const struct error *err)
{
	fprintf(stderr, "mboxtrace: %s\n", err->text);
	return err->code == ERR_USAGE || err->code == ERR_FILE ? EXIT_USAGE : EXIT_NOT_MEASURED;
}

int command_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("%s\nFinds out where on the path to TARGET a middlebox interferes with Multipath "
	       "TCP,\nwhat it does, and what that costs.\n\nCommands:\n",
	       usage);
	for (const struct command *c = command_table; c->name; c++)
		printf("  %-26s%s\n", c->name, c->summary);
	printf("\nOptions:\n");
	options_help(stdout);
	printf("\nExit status: 0 no interference, 1 interference, 2 usage error, 3 could not\n"
	       "measure, 4 inconclusive. See mboxtrace(1).\n");
	return EXIT_CLEAN;
}

int command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("mboxtrace %s\n", MBOXTRACE_VERSION);
	return EXIT_CLEAN;
}

int command_dispatch(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "%s'mboxtrace --help' says more.\n", usage);
		return EXIT_USAGE;
	}
	for (const struct command *c = command_table; c->name; c++) {
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 1, argv + 1);
	}
	return command_trace(argc, argv);
}
