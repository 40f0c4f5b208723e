/* --help and the shell's completion, from the table of options. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "util/buf.h"

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
static void help_default(char *text, size_t cap, const void *options,
			 const struct option_info *info)
{
	int64_t value;

	text[0] = '\0';
	if (info->fallback)
		snprintf(text, cap, " (%s)", info->fallback);
	if (info->type != OPTION_INT)
		return;
	memcpy(&value, (const char *)options + info->offset, sizeof(value));
	if (value > 0)
		snprintf(text, cap, " (%lld)", (long long)value);
}

/* What may be chosen, the default first. */
static void help_choices(struct buf *out, const struct option_info *info)
{
	for (size_t i = 0; info->choice && info->choice(i); i++)
		buf_printf(out, "%s%s", i ? ", " : ": ", info->choice(i));
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

void option_set_help(FILE *out, const struct option_set *set)
{
	void *options = calloc(1, set->size);
	char fallback[64];

	if (!options)
		return;
	set->defaults(options);
	for (const struct option_info *info = set->table; info->letter || info->name; info++) {
		struct buf text = {0};

		if (!info->help)
			continue;
		help_usage(out, info);
		help_default(fallback, sizeof(fallback), options, info);
		buf_printf(&text, "%s%s", info->help, fallback);
		help_choices(&text, info);
		help_wrapped(out, buf_text(&text));
		buf_fini(&text);
	}
	free(options);
}

static void completion_words(FILE *out, const struct option_set *set)
{
	for (const struct option_info *info = set->table; info->letter || info->name; info++) {
		if (info->help && info->letter)
			fprintf(out, " -%c", info->letter);
		if (info->help && info->name)
			fprintf(out, " --%s", info->name);
	}
}

static void completion_offer(FILE *out, const struct option_info *info)
{
	static const char *const offers[] = {
	    [OFFER_NOTHING] = "COMPREPLY=()",
	    [OFFER_FILES] = "COMPREPLY=($(compgen -f -- \"$cur\"))",
	    [OFFER_DEVICES] = "COMPREPLY=($(compgen -W \"$(ls /sys/class/net)\" -- \"$cur\"))",
	};

	if (!info->choice) {
		fprintf(out, "%s", offers[info->offer]);
		return;
	}
	fprintf(out, "COMPREPLY=($(compgen -W '");
	for (size_t i = 0; info->choice(i); i++)
		fprintf(out, "%s%s", i ? " " : "", info->choice(i));
	fprintf(out, "' -- \"$cur\"))");
}

/* One case per option that takes an argument. */
static void completion_argument(FILE *out, const struct option_info *info)
{
	fprintf(out, "\t\t");
	if (info->letter)
		fprintf(out, "-%c%s", info->letter, info->name ? "|" : "");
	if (info->name)
		fprintf(out, "--%s", info->name);
	fprintf(out, ") ");
	completion_offer(out, info);
	fprintf(out, "; return ;;\n");
}

/* One case per command; the first is what is meant where none is named. */
static void completion_command(FILE *out, const struct command *c)
{
	fprintf(out, "\t%s)\n\t\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n",
		c == command_table ? "*" : c->name);
	for (const struct option_info *i = c->options->table; i->letter || i->name; i++) {
		if (i->argument && i->help)
			completion_argument(out, i);
	}
	fprintf(out, "\t\tesac\n\t\twords='");
	completion_words(out, c->options);
	fprintf(out, "' ;;\n");
}

int options_completion(FILE *out, const char *shell, struct error *err)
{
	if (strcmp(shell, "bash"))
		return error_set(err, ERR_USAGE, "--completion '%s': expected bash", shell);
	fprintf(out, "_mboxtrace()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words\n"
		     "\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *c = command_table + 1; c->name; c++) {
		if (c->options)
			completion_command(out, c);
	}
	completion_command(out, command_table);
	fprintf(out, "\tesac\n\t[[ $cur != -* ]] && words=\"");
	for (const struct command *c = command_table; c->name; c++)
		fprintf(out, "%s ", c->name);
	fprintf(out, "$(compgen -A hostname)\"\n"
		     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		     "complete -F _mboxtrace mboxtrace\n");
	return 0;
}
