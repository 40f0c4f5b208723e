#include "cli/endpoint_options.h"

#include <string.h>

#include "cli/endpoint_read.h"

#define AT(member) offsetof(struct endpoint_options, member)

static const char *pm_choice(size_t i)
{
	return pm_list()[i] ? pm_list()[i]->name : NULL;
}

static const char *scheduler_choice(size_t i)
{
	return sched_list()[i] ? sched_list()[i]->name : NULL;
}

static const char *cc_choice(size_t i)
{
	return cc_list()[i] ? cc_list()[i]->name : NULL;
}

static const struct {
	const char *name;
	enum mss_policy policy;
} mss_policies[] = {
    {"adaptive", MSS_ADAPTIVE}, {"max", MSS_MAX}, {"min", MSS_MIN}, {NULL, MSS_ADAPTIVE}};

static const char *mss_choice(size_t i)
{
	return mss_policies[i].name;
}

static const struct {
	const char *name;
	uint8_t version;
} versions[] = {{"1", 1}, {"0", 0}, {"none", 255}, {NULL, 0}};

static const char *version_choice(size_t i)
{
	return versions[i].name;
}

static const char *const dsn_octets[] = {"8", "4", NULL};

static const char *dsn_choice(size_t i)
{
	return dsn_octets[i];
}

/* Rows of the tables below. */
#define FLAG(letter, name, member, value, says)                                                    \
	{                                                                                          \
		letter, name, NULL, OPTION_SET, AT(member), value, value, 0, .help = says          \
	}
#define FROM_FILE(letter, name, member, says)                                                      \
	{                                                                                          \
		letter, name, "FILE", OPTION_TEXT, AT(member), 0, 0, OFFER_FILES, .help = says     \
	}
#define CHOICE(name, argument, member, list, says)                                                 \
	{                                                                                          \
		0, name, argument, OPTION_CHOICE, AT(member), 0, 0, 0, .help = says,               \
								       .choice = list              \
	}
#define OWN(letter, name, argument, member, reader, says)                                          \
	{                                                                                          \
		letter, name, argument, OPTION_OWN, AT(member), 0, 0, 0, .help = says,             \
									 .read = reader            \
	}
#define NUMBER(name, member, min, max, says)                                                       \
	{                                                                                          \
		0, name, "N", OPTION_INT, AT(member), min, max, 0, .help = says                    \
	}

/* What both have. */
#define WHERE_ROWS                                                                                 \
	FLAG('4', NULL, family, 4, "use IPv4"), FLAG('6', NULL, family, 6, "use IPv6"),            \
	{                                                                                          \
		'i', "interface", "DEVICE", OPTION_TEXT, AT(device), 0, 0, OFFER_DEVICES,          \
		    .help = "use this interface only"                                              \
	}
#define MPTCP_ROWS                                                                                 \
	CHOICE("mptcp-version", "V", version, version_choice, "version of MPTCP"),                 \
	    FLAG(0, "checksum", checksum, 1, "demand checksums of the stream"),                    \
	    FLAG(0, "no-checksum", no_checksum, 1, "no MPTCP with who demands checksums"),         \
	    CHOICE("dsn", "OCTETS", dsn, dsn_choice, "octets of data sequence numbers"),           \
	    CHOICE("pm", "NAME", pm, pm_choice, "path manager"),                                   \
	    CHOICE("scheduler", "NAME", scheduler, scheduler_choice, "scheduler"),                 \
	    CHOICE("cc", "NAME", cc, cc_choice, "congestion control"),                             \
	    CHOICE("mss-policy", "NAME", mss_policy, mss_choice,                                   \
		   "segment size where that of subflows differs"),                                 \
	    OWN(0, "limits", "SUBFLOWS[,ADDRESSES]", limits, read_limits,                          \
		"further subflows, and addresses accepted from the peer"),                         \
	    FLAG(0, "same-subnet", same_subnet, 1,                                                 \
		 "open subflows between addresses of one subnet only")
#define FILE_ROWS                                                                                  \
	FROM_FILE('o', "output", output, "write events and outcome to FILE, as JSON Lines"),       \
	    FROM_FILE(0, "pcap", pcap, "keep all packets sent and received in FILE")
#define HELP_ROW FLAG('h', "help", help, 1, "print this and exit")

static const struct option_info connect_table[] = {
    WHERE_ROWS,
    {'s', "source", "ADDRESS", OPTION_ADDR, AT(source), 0, 0, 0, .help = "send from this address"},
    FLAG('n', NULL, numeric, 1, "HOST is an address: ask no name server"),
    OWN('w', "wait", "SECONDS", wait_s, read_seconds,
	"give up if nothing is connected, or nothing moves, for so long"),
    OWN(0, "local", "ADDR[/backup]", local, read_local,
	"use this address of the host: the first opens, the others join (repeatable)"),
    FLAG(0, "backup", backup, 1, "open further subflows as backups"),
    OWN(0, "add-addr", "ADDR[:PORT][/backup]", announced, read_announced,
	"announce this further address of the host, for the peer to join (repeatable)"),
    NUMBER("join-port", join_port, 1, 65535,
	   "port of the peer that further subflows go to, unless it announces another"),
    MPTCP_ROWS,
    FLAG(0, "ecn", ecn, 1, "ask for explicit congestion notification"),
    FLAG(0, "check", check, 1,
	 "send a request that suits the port, read the answer, and say what was interfered with"),
    FROM_FILE(0, "data", data, "the request of --check"),
    FLAG(0, "mirror", mirror, 1,
	 "compare, with a 'serve --mirror' at HOST, what was sent with what arrived, both ways"),
    FILE_ROWS,
    FROM_FILE(0, "lab", lab, "connect over the emulated path that FILE describes"),
    NUMBER("seed", seed, 0, INT64_MAX,
	   "of everything random: the same seed repeats a --lab run bit for bit"),
    HELP_ROW,
    {0},
};

static const struct option_info serve_table[] = {
    WHERE_ROWS,
    OWN(0, "addr", "ADDR", local, read_local,
	"serve on this address of the host only (repeatable)"),
    OWN(0, "add-addr", "ADDR[:PORT][/backup]", announced, read_announced,
	"announce this further address of the host to clients (repeatable)"),
    FLAG(0, "join-clients", join_clients, 1, "open subflows to addresses that clients announce"),
    NUMBER("backlog", backlog, 1, 65535,
	   "half-open connections; beyond half of it SYNs are met with cookies"),
    FLAG(0, "cookies", cookies, 1, "meet all SYNs with cookies"),
    FLAG(0, "mirror", mirror, 1,
	 "tell a client that asks for it (connect --mirror) which headers arrived, and were sent"),
    FLAG(0, "trace-back", trace_back, 1,
	 "likewise, and walk the way back to such a client with increasing TTL"),
    MPTCP_ROWS,
    FLAG(0, "json", json, 1, "print JSON Lines"),
    FILE_ROWS,
    FROM_FILE(0, "lab", lab, "serve clients over the emulated path that FILE describes"),
    NUMBER("clients", clients, 1, 200, "how many clients --lab has"),
    NUMBER("octets", octets, 0, 1000000000, "how many octets each of them sends"),
    NUMBER("seed", seed, 0, INT64_MAX, "of everything random in --lab"),
    HELP_ROW,
    {0},
};

static void defaults(void *options)
{
	struct endpoint_options *o = options;
	struct conn_config c;

	conn_config_defaults(&c);
	*o = (struct endpoint_options){
	    .limits.at = c.limits, .backlog = 128, .seed = -1, .clients = 1, .octets = 100000};
}

const struct option_set connect_options = {
    .table = connect_table,
    .size = sizeof(struct endpoint_options),
    .defaults = defaults,
    .help = "mboxtrace connect --help",
};

const struct option_set serve_options = {
    .table = serve_table,
    .size = sizeof(struct endpoint_options),
    .defaults = defaults,
    .help = "mboxtrace serve --help",
};

static int check_family(const struct endpoint_options *o, const struct ip_addr *addr,
			const char *shown, struct error *err)
{
	char text[IP_ADDR_TEXT];

	if (!o->family || !addr->family || addr->family == o->family)
		return 0;
	return error_set(err, ERR_USAGE, "-%d: %s '%s' is not IPv%d", (int)o->family, shown,
			 ip_addr_print(addr, text), (int)o->family);
}

static int check_announced(const struct endpoint_options *o, struct error *err)
{
	char text[IP_ADDR_TEXT];
	int rc = 0;

	if (o->announced.count && o->pm && !strcmp(o->pm, "none"))
		return error_set(err, ERR_USAGE, "--add-addr '%s': --pm none announces nothing",
				 ip_addr_print(&o->announced.at[0].addr, text));
	for (size_t i = 0; i < o->announced.count && !rc; i++)
		rc = check_family(o, &o->announced.at[i].addr, "--add-addr", err);
	return rc;
}

static int check_common(const struct endpoint_options *o, struct error *err)
{
	int rc = check_announced(o, err);

	if (rc)
		return rc;
	if (o->checksum && o->no_checksum)
		return error_set(err, ERR_USAGE, "--no-checksum: it contradicts --checksum");
	return o->family && o->local.count
		   ? check_family(o, &o->local.at[0].addr, "the first address", err)
		   : 0;
}

/* -s is short for a first --local. */
static int check_source(struct endpoint_options *o, struct error *err)
{
	int rc = check_family(o, &o->source, "-s", err);

	if (rc || !o->source.family)
		return rc;
	if (o->local.count)
		return error_set(err, ERR_USAGE, "-s: the first --local says it already");
	o->local.at[o->local.count++] = (struct pm_addr){.addr = o->source};
	return 0;
}

static int check_connect(struct endpoint_options *o, struct error *err)
{
	if (o->data && !o->check)
		return error_set(err, ERR_USAGE, "--data '%s': only --check sends a request",
				 o->data);
	if (o->check && o->mirror)
		return error_set(err, ERR_USAGE, "--mirror: it contradicts --check");
	if (o->output && !strcmp(o->output, "-") && !o->check && !o->mirror)
		return error_set(
		    err, ERR_USAGE,
		    "-o '-': standard output is the peer's, but with --check or --mirror");
	if (o->lab && (o->device || o->local.count))
		return error_set(err, ERR_USAGE,
				 "--lab '%s': the scenario's client sends: no -i, -s, --local",
				 o->lab);
	return check_common(o, err);
}

int connect_options_parse(struct endpoint_options *o, int argc, char **argv, struct error *err)
{
	struct operands operands;
	size_t count;
	int rc = option_set_parse(&connect_options, o, &operands, argc, argv, err);

	if (rc || o->help)
		return rc;
	count = operands.count;
	if (count > 2)
		return error_set(err, ERR_USAGE, "'%s': expected HOST and PORT only",
				 operands.at[2]);
	if (count < 2 && !o->lab)
		return error_set(
		    err, ERR_USAGE,
		    "expected HOST and PORT, as in 'mboxtrace connect example.net 443'");
	o->host = count ? operands.at[0] : NULL;
	if (count == 2)
		rc = read_port(&o->port, "port", operands.at[1], err);
	if (!rc)
		rc = check_source(o, err);
	return rc ? rc : check_connect(o, err);
}

static int serve_operands(struct endpoint_options *o, const struct operands *operands,
			  struct error *err)
{
	size_t wanted = 2;
	const char *mode;

	if (o->trace_back)
		o->mirror = 1;
	mode = operands->count > 1 ? operands->at[1] : o->mirror ? "mirror" : "echo";
	if (!operands->count)
		return error_set(err, ERR_USAGE,
				 "expected PORT, as in 'mboxtrace serve 8080 echo'");
	if (o->mirror && operands->count > 1)
		return error_set(err, ERR_USAGE, "'%s': --mirror is what is served", mode);
	if (!o->mirror && strcmp(mode, "echo") && strcmp(mode, "discard") && strcmp(mode, "send"))
		return error_set(err, ERR_USAGE, "'%s': expected echo, discard or send FILE", mode);
	o->mode = mode;
	if (!strcmp(mode, "send")) {
		wanted = 3;
		o->file = operands->count > 2 ? operands->at[2] : NULL;
		if (!o->file)
			return error_set(err, ERR_USAGE, "send: expected FILE behind it");
	}
	if (operands->count > wanted)
		return error_set(err, ERR_USAGE, "'%s': expected nothing behind %s",
				 operands->at[wanted], operands->at[wanted - 1]);
	return read_port(&o->port, "port", operands->at[0], err);
}

int serve_options_parse(struct endpoint_options *o, int argc, char **argv, struct error *err)
{
	struct operands operands;
	int rc = option_set_parse(&serve_options, o, &operands, argc, argv, err);

	if (rc || o->help)
		return rc;
	rc = serve_operands(o, &operands, err);
	if (!rc && o->lab && (o->device || o->local.count || o->announced.count || o->mirror))
		return error_set(err, ERR_USAGE,
				 "--lab '%s': the scenario's target serves: no -i, --addr, "
				 "--add-addr, --mirror",
				 o->lab);
	return rc ? rc : check_common(o, err);
}

void endpoint_options_conn(const struct endpoint_options *o, struct conn_config *config)
{
	conn_config_defaults(config);
	config->checksum = o->checksum;
	config->tcp.ecn = o->ecn;
	config->refuse_checksum = o->no_checksum;
	config->dsn_octets = o->dsn && !strcmp(o->dsn, "4") ? 4 : 8;
	config->pm = o->pm;
	/* Every subflow is to bear data that can be compared. */
	config->scheduler = o->mirror && !o->scheduler ? "round-robin" : o->scheduler;
	config->cc = o->cc;
	config->limits = o->limits.at;
	config->limits.same_subnet = o->same_subnet;
	config->limits.server_opens = o->join_clients;
	config->join_port = (uint16_t)o->join_port;
	if (o->limits.given)
		config->ndiffports = (uint8_t)(o->limits.at.subflows + 1);
	for (size_t i = 0; o->version && versions[i].name; i++)
		if (!strcmp(versions[i].name, o->version))
			config->version = versions[i].version;
	for (size_t i = 0; o->mss_policy && mss_policies[i].name; i++)
		if (!strcmp(mss_policies[i].name, o->mss_policy))
			config->mss_policy = mss_policies[i].policy;
}
