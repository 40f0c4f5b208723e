#include "cli/option.h"

#include <getopt.h>
#include <string.h>

#include "probe/trace.h"

#define AT(member) offsetof(struct options, member)

const struct option_info option_table[] = {
    {'4', NULL, NULL, OPTION_SET, AT(family), 4, 4, 0, "use IPv4"},
    {'6', NULL, NULL, OPTION_SET, AT(family), 6, 6, 0, "use IPv6"},
    {'f', "first", "TTL", OPTION_INT, AT(first_ttl), 1, 255, 0, "first hop to ask"},
    {'m', "max-hops", "TTL", OPTION_INT, AT(max_ttl), 1, 255, 0, "last hop to ask"},
    {'p', "port", "PORT", OPTION_INT, AT(port), 1, 65535, 0, "the target's TCP port (443)"},
    {'q', "queries", "N", OPTION_INT, AT(queries), 1, 10, 0, "times a silent hop is asked"},
    {'N', "sim-queries", "N", OPTION_INT, AT(in_flight), 1, 255, 0, "hops asked at once"},
    {'w', "wait", "MAX[,HERE,NEAR]", OPTION_WAIT, AT(wait), 0, 0, 0,
     "wait for an answer MAX seconds, or HERE times the round trip of the same hop, or NEAR "
     "times that of its neighbours"},
    {'n', NULL, NULL, OPTION_SET, AT(numeric), 1, 1, 0, "print addresses only, no names"},
    {'i', "interface", "DEVICE", OPTION_TEXT, AT(device), 0, 0, OFFER_DEVICES,
     "send through this interface"},
    {'s', "source", "ADDRESS", OPTION_ADDR, AT(source), 0, 0, 0, "send from this address"},
    {'P', "probe", "NOTATION", OPTION_TEXT, AT(probe), 0, 0, 0,
     "trace with a probe of your own, e.g. IP/TCP{dst=443}/MSS(1460)/MPCAPABLE{v=1}"},
    {0, "json", NULL, OPTION_SET, AT(json), 1, 1, 0, "print JSON Lines"},
    {'o', "output", "FILE", OPTION_TEXT, AT(output), 0, 0, OFFER_FILES, "print to FILE"},
    {0, "pcap", "FILE", OPTION_TEXT, AT(pcap), 0, 0, OFFER_FILES,
     "keep all packets sent and received in FILE"},
    {'v', "verbose", NULL, OPTION_SET, AT(verbose), 1, 1, 0,
     "show what was sent and what was quoted"},
    {0, "lab", "FILE", OPTION_TEXT, AT(lab), 0, 0, OFFER_FILES,
     "trace the emulated path that FILE describes; nothing is sent"},
    {0, "seed", "N", OPTION_INT, AT(seed), 0, INT64_MAX, 0,
     "of everything random: the same seed repeats a --lab run bit for bit"},
    {'h', "help", NULL, OPTION_SET, AT(help), 1, 1, 0, "print this and exit"},
    {'V', "version", NULL, OPTION_SET, AT(version), 1, 1, 0, "print the version and exit"},
    {0, "completion", "SHELL", OPTION_TEXT, AT(completion), 0, 0, 0, NULL},
    {0},
};

#define OPTIONS_MAX 32

/* getopt's value for the row `i`: out of the way of all letters. */
#define ROW(i) (256 + (int)(i))

void options_defaults(struct options *o)
{
	struct trace_config c = {0};

	trace_config_defaults(&c);
	*o = (struct options){
	    .first_ttl = c.first_ttl,
	    .max_ttl = c.max_ttl,
	    .queries = c.queries,
	    .in_flight = c.in_flight,
	    .wait = {(double)c.wait_max_ns / NS_PER_S, c.wait_here, c.wait_near},
	    .seed = -1,
	};
}

/* The table in getopt's terms. */
static void options_getopt(char letters[3 * OPTIONS_MAX], struct option names[OPTIONS_MAX])
{
	size_t count = 0;

	*letters++ = ':'; /* tells a missing argument from an unknown option */
	for (size_t i = 0; option_table[i].letter || option_table[i].name; i++) {
		const struct option_info *info = &option_table[i];

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

static const struct option_info *find_letter(int letter)
{
	for (const struct option_info *info = option_table; info->letter || info->name; info++) {
		if (info->letter == letter)
			return info;
	}
	return NULL;
}

/* What getopt stumbled over. A long option is told by the argument it stood in. */
static int complain(int got, char **argv, struct error *err)
{
	const char *word = argv[optind - 1];
	const struct option_info *info = find_letter(optopt);

	if (got == ':' && optopt < ROW(0))
		return error_set(err, ERR_USAGE, "-%c: expected %s behind it", optopt,
				 info ? info->argument : "a value");
	if (got == ':')
		return error_set(err, ERR_USAGE, "%s: expected %s behind it", word,
				 option_table[optopt - ROW(0)].argument);
	if (optopt >= ROW(0))
		return error_set(err, ERR_USAGE, "'%s': --%s takes no value", word,
				 option_table[optopt - ROW(0)].name);
	if (optopt)
		return error_set(err, ERR_USAGE,
				 "unknown option '-%c'; 'mboxtrace --help' lists them all", optopt);
	return error_set(err, ERR_USAGE, "unknown option '%s'; 'mboxtrace --help' lists them all",
			 word);
}

static int read_one(struct options *o, int got, struct error *err)
{
	const struct option_info *info =
	    got >= ROW(0) ? &option_table[got - ROW(0)] : find_letter(got);
	char shown[32];

	if (got >= ROW(0))
		snprintf(shown, sizeof(shown), "--%s", info->name);
	else
		snprintf(shown, sizeof(shown), "-%c", info->letter);
	return option_read(o, info, shown, optarg, err);
}

static int check(const struct options *o, struct error *err)
{
	if (o->first_ttl > o->max_ttl)
		return error_set(err, ERR_USAGE,
				 "-f '%d' -m '%d': the first hop lies behind the last one",
				 (int)o->first_ttl, (int)o->max_ttl);
	if (o->source.family && o->family && o->source.family != o->family)
		return error_set(err, ERR_USAGE, "-%d: the address given with -s is not IPv%d",
				 (int)o->family, (int)o->family);
	return 0;
}

int options_parse(struct options *o, int argc, char **argv, struct error *err)
{
	char letters[3 * OPTIONS_MAX];
	struct option names[OPTIONS_MAX];
	int got, rc;

	_Static_assert(sizeof(option_table) / sizeof(*option_table) < OPTIONS_MAX,
		       "more options than getopt is given room for");
	options_defaults(o);
	options_getopt(letters, names);
	optind = 0;
	opterr = 0;
	while ((got = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		rc = got == '?' || got == ':' ? complain(got, argv, err) : read_one(o, got, err);
		if (rc)
			return rc;
	}
	if (argc - optind > 1)
		return error_set(err, ERR_USAGE, "'%s': one target at a time, and that is '%s'",
				 argv[optind + 1], argv[optind]);
	o->target = argv[optind];
	return check(o, err);
}
