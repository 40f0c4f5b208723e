#include "cli/trace_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probe/trace.h"

/* A number that is not negative, up to `*text`'s next comma or its end. */
static bool read_part(const char **text, double *out)
{
	char *end;

	if (**text < '.' || **text > '9')
		return false;
	*out = strtod(*text, &end);
	if (end == *text || !isfinite(*out) || (*end && *end != ','))
		return false;
	*text = *end ? end + 1 : end;
	return *end != ',' || end[1];
}

/* A day is more than anybody waits and fits nanoseconds. */
#define WAIT_MAX_S 86400

static int read_wait(void *out, const char *shown, const char *text, struct error *err)
{
	struct option_wait *at = out;
	const char *rest = text;
	struct option_wait w = *at;
	bool good = read_part(&rest, &w.max_s) && w.max_s > 0 && w.max_s <= WAIT_MAX_S;

	if (good && *rest)
		good = read_part(&rest, &w.here);
	if (good && *rest)
		good = read_part(&rest, &w.near);
	if (!good || *rest)
		return error_set(err, ERR_USAGE,
				 "%s '%s': expected MAX[,HERE,NEAR]: seconds over 0, and two "
				 "multiples of a round trip",
				 shown, text);
	*at = w;
	return 0;
}

static int read_local(void *out, const char *shown, const char *text, struct error *err)
{
	struct option_locals *list = out;
	struct ip_addr addr;

	if (!ip_addr_parse(&addr, text))
		return error_set(err, ERR_USAGE, "%s '%s': expected an address of this host", shown,
				 text);
	for (size_t i = 0; i < list->count; i++)
		if (ip_addr_equal(&list->at[i], &addr))
			return error_set(err, ERR_USAGE, "%s '%s': it is there already", shown,
					 text);
	if (list->count > TRACE_FURTHER_MAX)
		return error_set(err, ERR_USAGE, "%s '%s': at most %d addresses", shown, text,
				 1 + TRACE_FURTHER_MAX);
	list->at[list->count++] = addr;
	return 0;
}

#define AT(member) offsetof(struct options, member)

static const struct option_info table[] = {
    {'4', NULL, NULL, OPTION_SET, AT(family), 4, 4, 0, .help = "use IPv4"},
    {'6', NULL, NULL, OPTION_SET, AT(family), 6, 6, 0, .help = "use IPv6"},
    {'f', "first", "TTL", OPTION_INT, AT(first_ttl), 1, 255, 0, .help = "first hop to ask"},
    {'m', "max-hops", "TTL", OPTION_INT, AT(max_ttl), 1, 255, 0, .help = "last hop to ask"},
    {'p', "port", "PORT", OPTION_INT, AT(port), 1, 65535, 0, .help = "the target's TCP port (443)"},
    {'q', "queries", "N", OPTION_INT, AT(queries), 1, 10, 0, .help = "times a silent hop is asked"},
    {'N', "sim-queries", "N", OPTION_INT, AT(in_flight), 1, 255, 0, .help = "hops asked at once"},
    {'w', "wait", "MAX[,HERE,NEAR]", OPTION_OWN, AT(wait), 0, 0, 0,
     .help =
	 "wait for an answer MAX seconds, or HERE times the round trip of the same hop, or NEAR "
	 "times that of its neighbours",
     .read = read_wait, .fallback = "5,3,4"},
    {'n', NULL, NULL, OPTION_SET, AT(numeric), 1, 1, 0, .help = "print addresses only, no names"},
    {'i', "interface", "DEVICE", OPTION_TEXT, AT(device), 0, 0, OFFER_DEVICES,
     .help = "send through this interface"},
    {'s', "source", "ADDRESS", OPTION_ADDR, AT(source), 0, 0, 0, .help = "send from this address"},
    {0, "local", "ADDR", OPTION_OWN, AT(local), 0, 0, 0,
     .help =
	 "send from this address; further ones try to join the connection of --connect from there "
	 "(repeatable)",
     .read = read_local},
    {'P', "probe", "NOTATION", OPTION_TEXT, AT(probe), 0, 0, 0,
     .help = "trace with a probe of your own, e.g. IP/TCP{dst=443}/MSS(1460)/MPCAPABLE{v=1}"},
    {0, "connect", NULL, OPTION_SET, AT(connect), 1, 1, 0,
     .help = "then open a connection and trace from inside it, too"},
    {0, "mirror", NULL, OPTION_SET, AT(mirror), 1, 1, 0,
     .help =
	 "likewise, and compare, with a 'serve --mirror' at the target, what was sent with what "
	 "arrived, both ways"},
    {0, "json", NULL, OPTION_SET, AT(json), 1, 1, 0, .help = "print JSON Lines"},
    {'o', "output", "FILE", OPTION_TEXT, AT(output), 0, 0, OFFER_FILES, .help = "print to FILE"},
    {0, "pcap", "FILE", OPTION_TEXT, AT(pcap), 0, 0, OFFER_FILES,
     .help = "keep all packets sent and received in FILE"},
    {'v', "verbose", NULL, OPTION_SET, AT(verbose), 1, 1, 0,
     .help = "show what was sent and what was quoted"},
    {0, "lab", "FILE", OPTION_TEXT, AT(lab), 0, 0, OFFER_FILES,
     .help = "trace the emulated path that FILE describes; nothing is sent"},
    {0, "seed", "N", OPTION_INT, AT(seed), 0, INT64_MAX, 0,
     .help = "of everything random: the same seed repeats a --lab run bit for bit"},
    {'h', "help", NULL, OPTION_SET, AT(help), 1, 1, 0, .help = "print this and exit"},
    {'V', "version", NULL, OPTION_SET, AT(version), 1, 1, 0, .help = "print the version and exit"},
    {0, "completion", "SHELL", OPTION_TEXT, AT(completion), .help = NULL},
    {0},
};

static void options_defaults(void *options)
{
	struct options *o = options;
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

const struct option_set trace_options = {
    .table = table,
    .size = sizeof(struct options),
    .defaults = options_defaults,
    .help = "mboxtrace --help",
};

static int check_family(const struct options *o, struct error *err)
{
	int family = o->family ? (int)o->family : o->local.at[0].family;
	char text[IP_ADDR_TEXT];

	for (size_t i = 0; i < o->local.count; i++) {
		const struct ip_addr *addr = &o->local.at[i];
		const char *shown = o->source.family && !i ? "-s" : "--local";

		ip_addr_print(addr, text);
		if (addr->family != family && o->family)
			return error_set(err, ERR_USAGE, "-%d: %s '%s' is not IPv%d", family, shown,
					 text, family);
		if (addr->family != family)
			return error_set(err, ERR_USAGE,
					 "%s '%s': expected an IPv%d address, as the first one is",
					 shown, text, family);
	}
	return 0;
}

/* -s is short for a first --local. */
static int check_local(struct options *o, struct error *err)
{
	char text[IP_ADDR_TEXT];

	if (o->source.family && o->local.count)
		return error_set(err, ERR_USAGE, "-s: the first --local says it already");
	if (o->source.family)
		o->local.at[o->local.count++] = o->source;
	if (o->local.count > 1 && !o->connect && !o->mirror)
		return error_set(err, ERR_USAGE,
				 "--local '%s': only --connect makes use of further addresses",
				 ip_addr_print(&o->local.at[1], text));
	return check_family(o, err);
}

static int check(struct options *o, struct error *err)
{
	if (o->first_ttl > o->max_ttl)
		return error_set(err, ERR_USAGE,
				 "-f '%d' -m '%d': the first hop lies behind the last one",
				 (int)o->first_ttl, (int)o->max_ttl);
	if (check_local(o, err))
		return err->code;
	if ((o->connect || o->mirror) && o->probe)
		return error_set(err, ERR_USAGE,
				 "--%s: not with -P '%s', which is not asked for MPTCP",
				 o->mirror ? "mirror" : "connect", o->probe);
	return 0;
}

int options_parse(struct options *o, int argc, char **argv, struct error *err)
{
	struct operands operands;
	int rc = option_set_parse(&trace_options, o, &operands, argc, argv, err);

	if (rc)
		return rc;
	if (operands.count > 1)
		return error_set(err, ERR_USAGE, "'%s': one target at a time, and that is '%s'",
				 operands.at[1], operands.at[0]);
	if (operands.count && !*operands.at[0])
		return error_set(err, ERR_USAGE, "'': expected the name or address of a target");
	o->target = operands.count ? operands.at[0] : NULL;
	return check(o, err);
}
