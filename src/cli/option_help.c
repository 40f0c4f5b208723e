/* --help and the shell's completion, from the table of options. */
#include <string.h>

#include "cli/command.h"
#include "cli/option.h"

#define HELP_COLUMN 28
#define HELP_WIDTH  79

/* "-m, --max-hops TTL", padded to the column of the help. */
static void help_usage(FILE *out, const struct option_info *info)
{
	char text[64];
	int at = snprintf(text, sizeof(text), "  ");

	if (info->letter)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "-%c%s", info->letter,
			       info->name ? ", " : "");
	if (info->name)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s--%s",
			       info->letter ? "" : "    ", info->name);
	if (info->argument)
		snprintf(text + at, sizeof(text) - (size_t)at, " %s", info->argument);
	fprintf(out, "%-*s", HELP_COLUMN, text);
	if (strlen(text) >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
}

/* The default, where there is one worth knowing. */
static void help_default(char *text, size_t cap, const struct option_info *info)
{
	struct options o;
	int64_t value;

	text[0] = '\0';
	options_defaults(&o);
	if (info->type == OPTION_WAIT)
		snprintf(text, cap, " (%g,%g,%g)", o.wait.max_s, o.wait.here, o.wait.near);
	if (info->type != OPTION_INT)
		return;
	memcpy(&value, (const char *)&o + info->offset, sizeof(value));
	if (value > 0)
		snprintf(text, cap, " (%lld)", (long long)value);
}

static void help_wrapped(FILE *out, const char *text)
{
	const size_t room = HELP_WIDTH - HELP_COLUMN;

	while (strlen(text) > room) {
		size_t cut = room;

		while (cut && text[cut] != ' ')
			cut--;
		fprintf(out, "%.*s\n%*s", (int)cut, text, HELP_COLUMN, "");
		text += cut + 1;
	}
	fprintf(out, "%s\n", text);
}

void options_help(FILE *out)
{
	char text[512], fallback[64];

	for (const struct option_info *info = option_table; info->letter || info->name; info++) {
		if (!info->help)
			continue;
		help_usage(out, info);
		help_default(fallback, sizeof(fallback), info);
		snprintf(text, sizeof(text), "%s%s", info->help, fallback);
		help_wrapped(out, text);
	}
}

static void completion_words(FILE *out)
{
	for (const struct option_info *info = option_table; info->letter || info->name; info++) {
		if (info->help && info->letter)
			fprintf(out, " -%c", info->letter);
		if (info->help && info->name)
			fprintf(out, " --%s", info->name);
	}
}

/* One case per option that takes an argument. */
static void completion_argument(FILE *out, const struct option_info *info)
{
	static const char *const offers[] = {
	    [OFFER_NOTHING] = "COMPREPLY=()",
	    [OFFER_FILES] = "COMPREPLY=($(compgen -f -- \"$cur\"))",
	    [OFFER_DEVICES] = "COMPREPLY=($(compgen -W \"$(ls /sys/class/net)\" -- \"$cur\"))",
	};

	fprintf(out, "\t");
	if (info->letter)
		fprintf(out, "-%c%s", info->letter, info->name ? "|" : "");
	if (info->name)
		fprintf(out, "--%s", info->name);
	fprintf(out, ") %s; return ;;\n", offers[info->offer]);
}

int options_completion(FILE *out, const char *shell, struct error *err)
{
	if (strcmp(shell, "bash"))
		return error_set(err, ERR_USAGE, "--completion '%s': expected bash", shell);
	fprintf(out, "_mboxtrace()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words\n"
		     "\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n");
	for (const struct option_info *info = option_table; info->letter || info->name; info++) {
		if (info->argument && info->help)
			completion_argument(out, info);
	}
	fprintf(out, "\tesac\n\twords='");
	completion_words(out);
	fprintf(out, "'\n\t[[ $cur != -* ]] && words=\"");
	for (const struct command *c = command_table; c->name; c++)
		fprintf(out, "%s ", c->name);
	fprintf(out, "$(compgen -A hostname)\"\n"
		     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		     "complete -F _mboxtrace mboxtrace\n");
	return 0;
}
