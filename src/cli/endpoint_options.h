/* The options of `connect` and `serve`, most of which they share. */
#ifndef MBOXTRACE_CLI_ENDPOINT_OPTIONS_H
#define MBOXTRACE_CLI_ENDPOINT_OPTIONS_H

#include "cli/option.h"
#include "mptcp/endpoint.h"

/* An option that may be given several times: ADDR[/backup], ADDR[:PORT]. */
struct option_addrs {
	size_t count;
	struct pm_addr at[PM_ADDRS_MAX];
};

struct endpoint_options {
	const char *host;      /* connect */
	uint16_t port;	       /* an operand of either */
	int64_t family;	       /* 4, 6, or 0: any */
	const char *device;    /* -i */
	struct ip_addr source; /* -s; family 0: not given */
	double wait_s;	       /* -w; 0: for ever */
	int64_t numeric;
	const char *pm, *scheduler, *cc, *mss_policy; /* NULL: the default */
	const char *version;			      /* likewise: "1", "0", "none" */
	int64_t checksum, no_checksum;
	const char *dsn;		      /* "8", "4"; NULL: the default */
	struct option_addrs local, announced; /* --local or --addr; --add-addr */
	int64_t backup;
	struct option_limits {
		struct pm_limits at;
		bool given;
	} limits;
	int64_t same_subnet, join_clients;
	int64_t ecn;	   /* connect; a server agrees to it */
	int64_t join_port; /* 0: the connection's */
	int64_t check;
	int64_t mirror;	    /* either */
	int64_t trace_back; /* serve */
	const char *data;
	const char *mode, *file; /* serve */
	int64_t backlog, cookies;
	int64_t clients, octets; /* serve --lab */
	int64_t json;
	const char *output, *pcap, *lab;
	int64_t seed; /* -1: not given */
	int64_t help;
};

extern const struct option_set connect_options, serve_options;

/* As option_set_parse, and what must fit together does. */
int connect_options_parse(struct endpoint_options *o, int argc, char **argv, struct error *err);
int serve_options_parse(struct endpoint_options *o, int argc, char **argv, struct error *err);

/* What they say of a connection; addresses are left to the caller. */
void endpoint_options_conn(const struct endpoint_options *o, struct conn_config *config);

#endif
