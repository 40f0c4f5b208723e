#include "cli/option.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#define OPTIONS_MAX 64

/* getopt's value for the row `i`: out of the way of all letters. */
#define ROW(i) (256 + (int)(i))

static size_t option_count(const struct option_info *table)
{
	size_t count = 0;

	while (table[count].letter || table[count].name)
		count++;
	return count;
}

/* The table in getopt's terms. */
static void options_getopt(const struct option_info *table, char letters[3 * OPTIONS_MAX],
			   struct option names[OPTIONS_MAX])
{
	size_t count = 0;

	assert(option_count(table) < OPTIONS_MAX);
	*letters++ = ':'; /* tells a missing argument from an unknown option */
	for (size_t i = 0; table[i].letter || table[i].name; i++) {
		const struct option_info *info = &table[i];

		if (info->letter)
			*letters++ = info->letter;
		if (info->letter && info->argument)
			*letters++ = ':';
		if (info->name)
			names[count++] = (struct option){
			    info->name, info->argument ? required_argument : no_argument, NULL,
			    ROW(i)};
	}
	*letters = '\0';
	names[count] = (struct option){0};
}

static const struct option_info *find_letter(const struct option_info *table, int letter)
{
	for (const struct option_info *info = table; info->letter || info->name; info++) {
		if (info->letter == letter)
			return info;
	}
	return NULL;
}

/* What getopt stumbled over. A long option is told by the argument it stood in. */
static int complain(const struct option_set *set, int got, char **argv, struct error *err)
{
	const char *word = argv[optind - 1];
	const struct option_info *info = find_letter(set->table, optopt);

	if (got == ':' && optopt < ROW(0))
		return error_set(err, ERR_USAGE, "-%c: expected %s behind it", optopt,
				 info ? info->argument : "a value");
	if (got == ':')
		return error_set(err, ERR_USAGE, "%s: expected %s behind it", word,
				 set->table[optopt - ROW(0)].argument);
	if (optopt >= ROW(0))
		return error_set(err, ERR_USAGE, "'%s': --%s takes no value", word,
				 set->table[optopt - ROW(0)].name);
	if (optopt)
		return error_set(err, ERR_USAGE, "unknown option '-%c'; '%s' lists them all",
				 optopt, set->help);
	return error_set(err, ERR_USAGE, "unknown option '%s'; '%s' lists them all", word,
			 set->help);
}

static int read_one(const struct option_set *set, void *o, int got, struct error *err)
{
	const struct option_info *info =
	    got >= ROW(0) ? &set->table[got - ROW(0)] : find_letter(set->table, got);
	char shown[32];

	if (got >= ROW(0))
		snprintf(shown, sizeof(shown), "--%s", info->name);
	else
		snprintf(shown, sizeof(shown), "-%c", info->letter);
	return option_read(o, info, shown, optarg, err);
}

int option_set_parse(const struct option_set *set, void *options, struct operands *operands,
		     int argc, char **argv, struct error *err)
{
	char letters[3 * OPTIONS_MAX];
	struct option names[OPTIONS_MAX];
	int got, rc;

	set->defaults(options);
	options_getopt(set->table, letters, names);
	optind = 0;
	opterr = 0;
	while ((got = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		rc = got == '?' || got == ':' ? complain(set, got, argv, err)
					      : read_one(set, options, got, err);
		if (rc)
			return rc;
	}
	*operands = (struct operands){.count = (size_t)(argc - optind)};
	for (size_t i = 0; i < operands->count && i < OPERANDS_MAX; i++)
		operands->at[i] = argv[optind + (int)i];
	return 0;
}
